// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The least that a program on the hook can cost. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/inet_sock_set_state")
int empty(void *ctx)
{
	(void)ctx;
	return 0;
}

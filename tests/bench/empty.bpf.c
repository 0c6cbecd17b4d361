// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A program that does nothing: the least that one on this tracepoint costs. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/inet_sock_set_state")
int empty(void *ctx)
{
	(void)ctx;
	return 0;
}

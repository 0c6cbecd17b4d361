// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * For each end of a connection creates a hash entry, looks it up once and deletes it: the least that a
 * program costs which keeps something of a connection from its begin to its end.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* include/net/tcp_states.h */
enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT, TCP_SYN_RECV, TCP_CLOSE = 7 };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, __u64);
} ends SEC(".maps");

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/inet_sock_set_state")
int hash(__u64 *ctx)
{
	__u64 sk = ctx[0], *found;
	int from = ctx[1], to = ctx[2];

	if (to == TCP_SYN_SENT || to == TCP_SYN_RECV) {
		bpf_map_update_elem(&ends, &sk, &sk, BPF_ANY);
	} else if (to == TCP_CLOSE) {
		bpf_map_delete_elem(&ends, &sk);
	} else if (from == TCP_ESTABLISHED) {
		found = bpf_map_lookup_elem(&ends, &sk);
		if (found)
			*found = to;
	}
	return 0;
}

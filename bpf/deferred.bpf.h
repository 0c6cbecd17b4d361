/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * TCP_DEFER_ACCEPT: the kernel drops the ACK that ends the handshake, and makes the child of what
 * comes next.  Only the request knows of that ACK, so each segment is seen before the request's
 * check takes it.  One that the check throws away does not mark the request as acknowledged: the
 * time is that of the last segment that came before the mark.
 */
#ifndef DEFERRED_BPF_H
#define DEFERRED_BPF_H

#include "common.bpf.h"
#include "segment.bpf.h"

/* Both initial sequence numbers, and so no addresses. */
struct deferred_key {
	__u32 netns;
	__u32 iss;
	__u32 irs;
	__u16 local_port;
	__u16 remote_port;
};

struct deferred {
	/* the first SYN,ACK */
	__u64 sent_ns;
	__u64 acked_ns;
	/* more came since: the child is not made of that segment */
	bool dropped;
};

/* LRU: a request may end without a child */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	/* DEFERRED when it is used */
	__uint(max_entries, 1);
	__type(key, struct deferred_key);
	__type(value, struct deferred);
} deferred SEC(".maps");

static __always_inline void request_segment(const struct sk_buff *skb,
					    const struct request_sock *req)
{
	const struct tcp_request_sock *treq = (const void *)req;
	struct deferred_key key = {
		.netns = BPF_CORE_READ(req, __req_common.skc_net.net, ns.inum),
		.iss = BPF_CORE_READ(treq, snt_isn),
		.irs = BPF_CORE_READ(treq, rcv_isn),
		.local_port = BPF_CORE_READ(req, __req_common.skc_num),
		.remote_port = bpf_ntohs(BPF_CORE_READ(req, __req_common.skc_dport)),
	};
	struct deferred new = {}, *d;

	if ((tcp_flags_of(skb) & (TCP_ACK | TCP_SYN | TCP_RST)) != TCP_ACK)
		return;
	if (BPF_CORE_READ_BITFIELD_PROBED((const struct inet_request_sock *)req, acked)) {
		d = bpf_map_lookup_elem(&deferred, &key);
		if (d)
			d->dropped = true;
		return;
	}
	new.sent_ns = BPF_CORE_READ(treq, snt_synack) * NS_PER_US;
	new.acked_ns = bpf_ktime_get_ns();
	bpf_map_update_elem(&deferred, &key, &new, BPF_ANY);
}

/*
 * fastopen: it is the child's already.  Of a bool, 5.10 gives a program the lowest byte, and what
 * was on the stack in the others.
 */
static __always_inline void on_request_segment(const struct sock *listener,
					       const struct sk_buff *skb,
					       const struct request_sock *req, __u64 fastopen)
{
	if (PEEK(inet_connection_sock, listener, icsk_accept_queue.rskq_defer_accept) &&
	    !(__u8)fastopen)
		request_segment(skb, req);
}

SEC("?fentry/tcp_check_req")
int BPF_PROG(deferred_fentry, struct sock *listener, struct sk_buff *skb, struct request_sock *req,
	     __u64 fastopen)
{
	on_request_segment(listener, skb, req, fastopen);
	return 0;
}

SEC("?kprobe/tcp_check_req")
int BPF_KPROBE(deferred_kprobe, struct sock *listener, struct sk_buff *skb,
	       struct request_sock *req, __u64 fastopen)
{
	on_request_segment(listener, skb, req, fastopen);
	return 0;
}

/* The child of a listener that waits for data, after facts_established(): when the first ACK came. */
static __always_inline void deferred_take(struct handshake_part *h)
{
	struct deferred_key key = {
		.netns = h->netns,
		.iss = h->iss,
		.irs = h->irs,
		.local_port = h->local_port,
		.remote_port = h->remote_port,
	};
	struct deferred *d;

	h->flags |= HANDSHAKE_ACK_DEFERRED;
	d = cfg.deferred_seen ? bpf_map_lookup_elem(&deferred, &key) : NULL;
	if (!d)
		return;
	h->flags &= ~HANDSHAKE_ACK_DEFERRED;
	if (d->dropped) {
		h->sent_ns = d->sent_ns;
		h->rtt_us = (d->acked_ns - d->sent_ns) / NS_PER_US;
		h->flags |= HANDSHAKE_ACK_DROPPED;
	}
	bpf_map_delete_elem(&deferred, &key);
}

#endif

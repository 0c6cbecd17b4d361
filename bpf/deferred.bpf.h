/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The ACK that ends the handshake, where the kernel drops it: at a listener with TCP_DEFER_ACCEPT, which makes the
 * child of what comes next, or at one whose accept queue is full.  Only the request knows of that ACK.  Where the
 * request's check is a hook, each segment is seen before the check takes it.  One that the check throws away does not
 * mark the request as acknowledged: the time is that of the last segment that came before the mark.  Else the dropped
 * segment is seen when it is freed.
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
	/* the first SYN,ACK; 0: not known */
	__u64 sent_ns;
	__u64 acked_ns;
	/* more came since: the child is not made of that segment */
	bool dropped;
	/* the accept queue was full, and the listener does not wait for data */
	bool queue_full;
};

/* LRU: a request may end without a child */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	/* DEFERRED when it is used */
	__uint(max_entries, 1);
	__type(key, struct deferred_key);
	__type(value, struct deferred);
} deferred SEC(".maps");

/* When a full queue last dropped one, whichever listener's. */
__u64 last_ack_dropped_ns = 0;

/* more than a request lives: with 5 retransmissions of the SYN,ACK, 63 s */
#define REQUEST_LIVES_NS (130ULL * 1000000000)

/* May there be a request whose ACK was dropped by a full queue? */
static __always_inline bool acks_dropped_lately(void)
{
	return last_ack_dropped_ns && bpf_ktime_get_ns() - last_ack_dropped_ns < REQUEST_LIVES_NS;
}

static __always_inline bool is_acked(const struct request_sock *req)
{
	return BPF_CORE_READ_BITFIELD_PROBED((const struct inet_request_sock *)req, acked);
}

static __always_inline void request_segment(const struct sk_buff *skb,
					    const struct request_sock *req, bool queue_full)
{
	const struct tcp_request_sock *treq = (const void *)req;
	struct deferred_key key = {
		.netns = BPF_CORE_READ(req, __req_common.skc_net.net, ns.inum),
		.iss = BPF_CORE_READ(treq, snt_isn),
		.irs = BPF_CORE_READ(treq, rcv_isn),
		.local_port = BPF_CORE_READ(req, __req_common.skc_num),
		.remote_port = bpf_ntohs(BPF_CORE_READ(req, __req_common.skc_dport)),
	};
	struct deferred new = { .queue_full = queue_full }, *d;

	if ((tcp_flags_of(skb) & (TCP_ACK | TCP_SYN | TCP_RST)) != TCP_ACK)
		return;
	if (is_acked(req)) {
		d = bpf_map_lookup_elem(&deferred, &key);
		if (d)
			d->dropped = true;
		return;
	}
	new.sent_ns = BPF_CORE_READ(treq, snt_synack) * NS_PER_US;
	new.acked_ns = bpf_ktime_get_ns();
	if (queue_full)
		last_ack_dropped_ns = new.acked_ns;
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
	bool full = PEEK(sock, listener, sk_ack_backlog) > PEEK(sock, listener, sk_max_ack_backlog);

	if ((__u8)fastopen)
		return;
	if (PEEK(inet_connection_sock, listener, icsk_accept_queue.rskq_defer_accept))
		request_segment(skb, req, false);
	else if (full || (acks_dropped_lately() && is_acked(req)))
		request_segment(skb, req, full);
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

/* A listener's segment was freed, and no child made of it: the last ACK, or data behind it. */
static __always_inline void on_ack_freed(const struct sk_buff *skb, const struct sock *listener)
{
	const struct tcp_skb_cb *cb = (const void *)skb->cb;
	const __u8 *tcp = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, transport_header);
	struct deferred_key key = {
		.netns = BPF_CORE_READ(listener, __sk_common.skc_net.net, ns.inum),
		.iss = BPF_CORE_READ(cb, ack_seq) - 1,
		.irs = BPF_CORE_READ(cb, seq) - 1,
		.local_port = BPF_CORE_READ(listener, __sk_common.skc_num),
	};
	struct deferred new = {
		.acked_ns = bpf_ktime_get_ns(),
		.dropped = true,
		.queue_full = !PEEK(inet_connection_sock, listener,
				    icsk_accept_queue.rskq_defer_accept),
	};
	__u8 port[2];

	bpf_probe_read_kernel(port, sizeof(port), tcp + TCP_SOURCE_AT);
	key.remote_port = read_be16(port);
	/* the first one counts */
	bpf_map_update_elem(&deferred, &key, &new, BPF_NOEXIST);
	if (new.queue_full)
		last_ack_dropped_ns = new.acked_ns;
}

/* d: the ACK was dropped, and something else makes the child at t_ns. */
static __always_inline void take_dropped(struct handshake_part *h, const struct deferred *d,
					 __u64 t_ns)
{
	if (d->sent_ns)
		h->sent_ns = d->sent_ns;
	else if (!h->sent_ns && !h->retransmits)
		h->sent_ns = t_ns - (__u64)h->rtt_us * NS_PER_US;
	if (!h->sent_ns || h->sent_ns > d->acked_ns) {
		h->flags |= HANDSHAKE_ACK_DEFERRED;
		return;
	}
	h->rtt_us = (d->acked_ns - h->sent_ns) / NS_PER_US;
	h->flags |= HANDSHAKE_ACK_DROPPED;
	if (d->queue_full)
		h->flags |= HANDSHAKE_ACK_QUEUE_FULL;
}

/*
 * After facts_established(): when the first ACK came.  defers: the listener waits for data, so that that ACK may
 * have been dropped.
 */
static __always_inline void deferred_take(struct handshake_part *h, bool defers, __u64 t_ns)
{
	struct deferred_key key = {
		.netns = h->netns,
		.iss = h->iss,
		.irs = h->irs,
		.local_port = h->local_port,
		.remote_port = h->remote_port,
	};
	struct deferred *d = cfg.deferred_seen ? bpf_map_lookup_elem(&deferred, &key) : NULL;

	if (!d) {
		if (defers && !cfg.deferred_by_free)
			h->flags |= HANDSHAKE_ACK_DEFERRED;
		return;
	}
	if (d->dropped)
		take_dropped(h, d, t_ns);
	bpf_map_delete_elem(&deferred, &key);
}

#endif

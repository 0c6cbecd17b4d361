/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The segments that come to a minisocket: the hooks, and which of them end it. */
#ifndef TIMEWAIT_BPF_H
#define TIMEWAIT_BPF_H

#include "common.bpf.h"
#include "minisocket.bpf.h"
#include "request.bpf.h"
#include "retransmit.bpf.h"
#include "segment.bpf.h"

/*
 * The kernel has processed a segment to a minisocket.  A FIN that it accepted has made FIN_WAIT2
 * TIME_WAIT, an RST has taken the minisocket out of its table.
 */
static __always_inline void minisocket_segment(struct sk_buff *skb, const struct sock_common *tw)
{
	struct minisocket_id id = {};
	struct arrival s = {};
	__u8 flags;

	if (minisocket_never_recorded(tw))
		return;
	flags = tcp_flags_of(skb);
	s.end_seq = PEEK(tcp_skb_cb, skb->cb, end_seq);
	if (flags & TCP_RST && !PEEK(sock_common, tw, skc_node.pprev))
		s.kind = ARRIVAL_RST;
	else if (flags & TCP_FIN && s.end_seq == PEEK(sock_common, tw, skc_tw_rcv_nxt) &&
		 PEEK(inet_timewait_sock, tw, tw_substate) == BPF_TCP_TIME_WAIT)
		s.kind = ARRIVAL_FIN;
	else
		return;
	minisocket_known(&id, &s, tw);
	minisocket_event(&id, &s, 0);
}

/*
 * An RST answered a segment.  A minisocket sent it, and is gone when the segment is freed; or a
 * socket did that has just closed, and would have got a minisocket (data after close(),
 * tcp_rcv_state_process).
 */
static __always_inline void minisocket_refused(const struct sock *sk, __u8 state,
					       const struct sk_buff *skb)
{
	struct arrival s = { .kind = ARRIVAL_REFUSED };
	struct minisocket_id id = {};

	if (minisocket_never_recorded(&sk->__sk_common))
		return;
	s.flags = tcp_flags_of(skb);
	minisocket_known(&id, &s, &sk->__sk_common);
	if (!id.tuple.local_port && state == BPF_TCP_CLOSE)
		id.tuple.local_port = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	minisocket_event(&id, &s, (__u64)sk);
}

/* include/net/tcp.h: enum tcp_tw_status */
#define TCP_TW_RST 1

static __always_inline void minisocket_judged(struct sk_buff *skb, const struct sock *tw,
					      int verdict)
{
	if (verdict == TCP_TW_RST)
		minisocket_refused(tw, BPF_TCP_TIME_WAIT, skb);
	else
		minisocket_segment(skb, &tw->__sk_common);
}

SEC("?raw_tp/kfree_skb")
int BPF_PROG(segment_freed, struct sk_buff *skb, void *location, int reason, struct sock *rx_sk)
{
	__u8 state;

	if ((cfg.unsent_seen && on_unsent(skb)) || !rx_sk)
		return 0;
	state = PEEK(sock_common, rx_sk, skc_state);
	if (state == BPF_TCP_TIME_WAIT)
		minisocket_segment(skb, &rx_sk->__sk_common);
	else if ((cfg.request_by_free || cfg.deferred_by_free) && state == BPF_TCP_LISTEN)
		on_listener_freed(skb, reason, rx_sk);
	return 0;
}

/*
 * Before 6.11 kfree_skb does not say which socket the segment came to: commit c53795d48ee8 ("net:
 * add rx_sk to trace_kfree_skb").  A fourth argument came in 6.10, commit 41eecbd712b7 ("tcp:
 * replace TCP_SKB_CB(skb)->tcp_tw_isn with a per-cpu field"), a fifth in 6.15, commit 04271411121a
 * ("tcp: add TCP_RFC7323_TW_PAWS drop reason").
 */
SEC("?fexit/tcp_timewait_state_process")
int BPF_PROG(segment_judged, struct sock *tw, struct sk_buff *skb, void *th, int verdict)
{
	minisocket_judged(skb, tw, verdict);
	return 0;
}

SEC("?fexit/tcp_timewait_state_process")
int BPF_PROG(segment_judged_4args, struct sock *tw, struct sk_buff *skb, void *th, void *isn,
	     int verdict)
{
	minisocket_judged(skb, tw, verdict);
	return 0;
}

SEC("?fexit/tcp_timewait_state_process")
int BPF_PROG(segment_judged_5args, struct sock *tw, struct sk_buff *skb, void *th, void *isn,
	     void *reason, int verdict)
{
	minisocket_judged(skb, tw, verdict);
	return 0;
}

/* Where neither hook exists: what TCP frees, by its headers. */
SEC("?raw_tp/kfree_skb")
int BPF_PROG(segment_dropped, struct sk_buff *skb)
{
	struct arrival s = { .kind = ARRIVAL_BY_HEADERS };
	struct minisocket_id id = {};

	if (cfg.unsent_seen && on_unsent(skb))
		return 0;
	if (segment_read(skb, &id.tuple, &s))
		minisocket_event(&id, &s, 0);
	return 0;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Half-open handshakes: a listener's request, which is no socket and has no state changes.  What is
 * known of one is in `synacks` from the first retransmission on.  A peer's RST ends it here; when
 * the kernel gives it up, user space finds it gone.
 */
#ifndef REQUEST_BPF_H
#define REQUEST_BPF_H

#include "common.bpf.h"
#include "attempt.bpf.h"
#include "deferred.bpf.h"
#include "for_each.bpf.h"
#include "listener.bpf.h"
#include "segment.bpf.h"
#include "synack.bpf.h"

/* Number of the check; user space raises it. */
__u32 requests_number = 0;

/* Is the request still in the kernel's table?  Its memory may be another one's by now. */
static __always_inline bool request_lives(const struct synacks *s, const struct tuple *key)
{
	const struct tcp_request_sock *treq = (const void *)s->request;
	const struct sock_common *skc = (const void *)s->request;

	return BPF_CORE_READ(skc, skc_state) == BPF_TCP_NEW_SYN_RECV &&
	       BPF_CORE_READ(skc, skc_node.pprev) &&
	       bpf_ntohs(BPF_CORE_READ(skc, skc_dport)) == key->remote_port &&
	       BPF_CORE_READ(treq, snt_synack) * NS_PER_US == s->first_ns;
}

/* The last ACK came, and was dropped: the accept queue is full, or the listener waits for data. */
static __always_inline bool request_acked(const struct synacks *s)
{
	const struct inet_request_sock *ireq = (const void *)s->request;
	const struct inet_connection_sock *listener = (const void *)s->listener;

	return BPF_CORE_READ_BITFIELD_PROBED(ireq, acked) &&
	       !BPF_CORE_READ(listener, icsk_accept_queue.rskq_defer_accept);
}

/* When the kernel sends the SYN,ACK again, or gives the request up. */
static __always_inline __u64 request_due_ns(const struct synacks *s)
{
	const struct request_sock *req = (const void *)s->request;
	__s32 ticks = (__u32)BPF_CORE_READ(req, rsk_timer.expires) - (__u32)bpf_jiffies64();

	return bpf_ktime_get_ns() + (ticks > 0 ? ticks * cfg.tick_ns : 0);
}

/* Run once a second while there are any, and when open connections are reported. */
static __always_inline void check_requests_one(const struct tuple *at, struct synacks *s)
{
	struct tuple key = *at;

	if (request_lives(s, &key)) {
		s->due_ns = request_due_ns(s);
		s->acked = request_acked(s);
	} else if (!s->gone_ns) {
		s->gone_ns = bpf_ktime_get_ns();
	}
	s->seen = requests_number;
}

FOR_EACH(check_requests, synacks, struct tuple, struct synacks)

/* The owner of a listening socket.  False: it is not selected. */
static __always_inline bool request_owner(struct owner *o, __u64 listener)
{
	const struct listening *l = bpf_map_lookup_elem(&listening, &listener);

	if (l)
		*o = l->owner;
	return listener_selected(l);
}

/* A peer's RST has ended the request; request: 0, if the hook does not show it. */
static __always_inline void request_end(struct record *r, const struct tuple *key,
					const struct arrival *a, __u64 request, __u64 listener)
{
	struct tcp_request_sock *treq = (void *)request;
	struct synacks *s = bpf_map_lookup_elem(&synacks, key);
	__u64 t_ns = bpf_ktime_get_ns();

	/* one out of sequence is answered by an ACK, and freed without a reason too: RFC 5961, 3.2 */
	if (!request && s && a->seq != s->irs + 1)
		return;
	read_syn(&r->h, key, a);
	r->h.early_received = 0;
	r->h.flags &= ~HANDSHAKE_IRS;
	r->h.interface.index = key->ifindex;
	if (s) {
		diary_synacks(r, s);
		r->h.conn = s->conn;
		r->h.retransmits = s->n;
		r->h.iss = s->iss;
		r->h.irs = s->irs;
		r->h.interface = s->interface;
		r->h.flags |= HANDSHAKE_ISS | HANDSHAKE_IRS;
		bpf_map_delete_elem(&synacks, key);
	} else if (request) {
		r->h.sent_ns = BPF_CORE_READ(treq, snt_synack) * NS_PER_US;
		r->h.iss = BPF_CORE_READ(treq, snt_isn);
		r->h.irs = BPF_CORE_READ(treq, rcv_isn);
		r->h.flags |= HANDSHAKE_ISS | HANDSHAKE_IRS;
	}
	diary_handshake_step(r, t_ns, BPF_TCP_NEW_SYN_RECV, BPF_TCP_CLOSE, STEP_RST_RECEIVED);
	r->h.state = BPF_TCP_CLOSE;
	if (select_remote(&r->h) && select_local_port(&r->h) &&
	    request_owner(&r->h.owner, listener))
		post_attempt(r, ATTEMPT_RESET, t_ns);
}

static __noinline void on_request_reset(struct sk_buff *skb, __u64 request, __u64 listener)
{
	struct arrival a = {};
	struct tuple key = {};
	struct record *r;
	struct work w;

	if (cfg.role == ROLE_CLIENT || !segment_read(skb, &key, &a) || !(a.flags & TCP_RST))
		return;
	if (listener)
		key.ifindex = BPF_CORE_READ((struct sock *)listener, __sk_common.skc_bound_dev_if);
	r = work_begin(&w);
	if (r)
		request_end(r, &key, &a, request, listener);
	work_end(&w);
}

/* The request's check is over: an RST that it has taken has removed it from the kernel's table. */
static __always_inline void request_checked(struct sock *listener, struct sk_buff *skb,
					    struct request_sock *req, const struct sock *child)
{
	if (child)
		return;
	listener_discards((__u64)listener);
	if (tcp_flags_of(skb) & TCP_RST && !BPF_CORE_READ(req, __req_common.skc_node.pprev))
		on_request_reset(skb, (__u64)req, (__u64)listener);
}

SEC("?fexit/tcp_check_req")
int BPF_PROG(request_checked_5args, struct sock *listener, struct sk_buff *skb,
	     struct request_sock *req, bool fastopen, void *lost_race, struct sock *child)
{
	request_checked(listener, skb, req, child);
	return 0;
}

/* Since 6.14 it says why it drops a segment. */
SEC("?fexit/tcp_check_req")
int BPF_PROG(request_checked_6args, struct sock *listener, struct sk_buff *skb,
	     struct request_sock *req, bool fastopen, void *lost_race, void *reason,
	     struct sock *child)
{
	request_checked(listener, skb, req, child);
	return 0;
}

/* Was it the request's check that dropped it?  A full accept queue has a reason of its own since 6.15. */
static __always_inline bool freed_by_check(int reason)
{
	__u32 none = bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_NOT_SPECIFIED);

	if ((__u32)reason == none)
		return true;
	return bpf_core_enum_value_exists(enum skb_drop_reason,
					  SKB_DROP_REASON_TCP_LISTEN_OVERFLOW) &&
	       (__u32)reason == bpf_core_enum_value(enum skb_drop_reason,
						    SKB_DROP_REASON_TCP_LISTEN_OVERFLOW);
}

/*
 * Where that function says why, an RST that came to a listener and was freed without a reason has
 * ended a request: one without a request has a reason too.  A SYN without a request is not freed so, nor an ACK.
 */
static __always_inline void on_listener_freed(struct sk_buff *skb, int reason, struct sock *sk)
{
	__u8 flags;

	if (!freed_by_check(reason))
		return;
	flags = tcp_flags_of(skb);
	if (cfg.request_by_free)
		listener_discards((__u64)sk);
	if (cfg.request_by_free && flags & TCP_RST)
		on_request_reset(skb, 0, (__u64)sk);
	else if (cfg.deferred_by_free && (flags & (TCP_ACK | TCP_SYN | TCP_RST)) == TCP_ACK)
		on_ack_freed(skb, sk);
}

#endif

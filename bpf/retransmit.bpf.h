/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Our SYN or FIN is retransmitted; or it is freed before it has left this host, by the packet
 * filter, a queue, or for want of a neighbour.
 */
#ifndef RETRANSMIT_BPF_H
#define RETRANSMIT_BPF_H

#include "common.bpf.h"
#include "reset.bpf.h"
#include "segment.bpf.h"
#include "table.bpf.h"

/* These can be retransmitted: our SYN, or our FIN. */
static __always_inline bool has_syn_or_fin_to_send(__u8 state)
{
	return state == BPF_TCP_SYN_SENT || state == BPF_TCP_FIN_WAIT1 ||
	       state == BPF_TCP_LAST_ACK || state == BPF_TCP_CLOSING;
}

/*
 * The record has counted this many of the socket's retransmissions.  The socket counts one before
 * it is transmitted, so while it is the record has one less.
 */
static __always_inline __u32 retransmits_counted(const struct record *r, __u8 state)
{
	return state == BPF_TCP_SYN_SENT ? r->h.retransmits : r->c.retransmits;
}

static __always_inline void count_retransmits(struct record *r, __u8 state, __u32 total)
{
	if (state == BPF_TCP_SYN_SENT)
		r->h.retransmits = total;
	else
		r->c.retransmits = total;
}

/*
 * Was our FIN, queued behind data, sent by close() itself?  It was if nothing has arrived since:
 * what did not leave at once waits for an acknowledgement, or is paced.
 */
static __always_inline bool fin_left_at_once(const struct close_part *c, struct tcp_sock *tp)
{
	return c->flags & CLOSE_FIN_BEHIND_DATA && c->fin_queued_us &&
	       BPF_CORE_READ(tp, segs_in) == c->segs_in;
}

/* The kernel keeps only the last time at which a segment was sent: here is the first of our FIN. */
static __always_inline void note_first_fin(struct close_part *c, struct tcp_sock *tp, __u64 t_ns)
{
	if (c->fin_retransmits || c->flags & CLOSE_FIN_TIME)
		return;
	if (c->flags & CLOSE_FIN_UNSENT)
		c->fin_sent_us = t_ns / NS_PER_US;
	else if (fin_left_at_once(c, tp))
		c->fin_sent_us = c->fin_queued_us;
	else
		return;
	c->flags |= CLOSE_FIN_TIME;
}

SEC("raw_tp/tcp_retransmit_skb")
int BPF_PROG(retransmitted, struct sock *sk, struct sk_buff *skb)
{
	__u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);
	struct tcp_skb_cb *cb = (void *)skb->cb;
	struct tcp_sock *tp = (void *)sk;
	__u64 t_ns = bpf_ktime_get_ns();
	bool ours, failed;
	struct record *r;
	__u32 total;

	if (!has_syn_or_fin_to_send(state))
		return 0;
	r = table_find((__u64)sk);
	if (!r || r->h.state != state)
		return 0;
	total = BPF_CORE_READ(tp, total_retrans);
	ours = state == BPF_TCP_SYN_SENT ||
	       BPF_CORE_READ(cb, end_seq) == BPF_CORE_READ(tp, write_seq);
	/*
	 * Since 6.17 a retransmission that failed on this host is reported too: commit ad892e912b84
	 * ("tcp: trace retransmit failures in tcp_retransmit_skb").  The socket counts it, unless
	 * it was not tried; but if the segment was freed, on_unsent() has.
	 */
	failed = cfg.retransmit_err && (int)ctx[2];
	if (failed && ours && total != retransmits_counted(r, state)) {
		diary_unsent(r, t_ns, state, true);
	} else if (!failed && ours) {
		if (state == BPF_TCP_SYN_SENT && r->h.unsent && r->h.unsent == total)
			r->h.sent_ns = t_ns;
		if (state != BPF_TCP_SYN_SENT)
			note_first_fin(&r->c, tp, t_ns);
		diary_retransmit(r, t_ns, state);
	}
	count_retransmits(r, state, total);
	return 0;
}

/* 1 or 0, as nonzero() */
static __always_inline __u64 is_same(__u64 a, __u64 b)
{
	return 1 - nonzero(a ^ b);
}

/* 1: this step may have sent the segment that was freed, at the change to one of these states, or again. */
static __always_inline __u64 is_sending(__u64 step, __u8 to, __u8 or_to)
{
	__u64 kind = step_kind(step), state = step_to(step);

	return is_same(kind, STEP_RETRANSMIT) |
	       (is_same(kind, STEP_STATE) & (is_same(state, to) | is_same(state, or_to)));
}

/*
 * Which of these steps has sent, nearest to `sent_ns`, what was freed?  `max`: none has.  t0_ns: what the times of
 * the steps begin at.  Those that are not used yet are 0.  Without branches, see nonzero().
 */
static __always_inline __u32 nearest_step(const __u64 *steps, __u32 max, __u64 t0_ns, __u64 sent_ns,
					  __u8 to, __u8 or_to)
{
	const __u64 far = ~0ULL >> 1;
	__u64 nearest = far, at = max;

	for (__u32 i = 0; i < max; i++) {
		__u64 step = steps[i];
		__u64 distance = t0_ns + step_t_ns(step) - sent_ns, behind = distance >> 63;
		__u64 nearer;

		barrier_var(behind);
		distance = (distance ^ -behind) + behind;
		distance |= far & (is_sending(step, to, or_to) - 1);
		nearer = (distance - nearest) >> 63;
		barrier_var(nearer);
		nearer = -nearer;
		nearest ^= (nearest ^ distance) & nearer;
		at ^= (at ^ i) & nearer;
	}
	barrier_var(at);
	return at;
}

static __always_inline void syn_unsent(struct record *r, __u64 sent_ns)
{
	__u32 at = nearest_step(r->h.steps, HANDSHAKE_STEPS, r->h.t0_ns, sent_ns, BPF_TCP_SYN_SENT,
				BPF_TCP_SYN_SENT);

	if (at < HANDSHAKE_STEPS) {
		r->h.steps[at] = step_unsent(r->h.steps[at]);
		r->h.unsent++;
	}
}

/*
 * Our FIN could not be sent: it stays in the queue of what is still to be sent (tcp_write_xmit), and
 * the probe timer tries again.
 */
static __always_inline bool fin_held(const struct record *r, struct tcp_sock *tp)
{
	return (__s32)(BPF_CORE_READ(tp, snd_nxt) - r->c.local_fin_seq) <= 0;
}

static __always_inline void fin_unsent(struct record *r, __u64 sent_ns, bool held)
{
	__u32 at = nearest_step(r->c.steps, CLOSE_STEPS, r->c.t0_ns, sent_ns, BPF_TCP_FIN_WAIT1,
				BPF_TCP_LAST_ACK);

	if (at >= CLOSE_STEPS)
		return;
	if (step_kind(r->c.steps[at]) == STEP_RETRANSMIT) {
		if (r->c.fin_retransmits)
			r->c.fin_retransmits--;
		if (r->c.fins_unsent < FINS_UNSENT_MAX)
			r->c.fins_unsent++;
	} else {
		r->c.flags |= held ? CLOSE_FIN_HELD : CLOSE_FIN_UNSENT;
	}
	r->c.steps[at] = step_unsent(r->c.steps[at]);
}

/* The same of a connection that is over: what it may still send is an RST. */
static __always_inline bool held_unsent(const struct sock *sk, __u8 flags)
{
	struct record *r = reset_held_of(sk);

	if (r && flags & TCP_RST && diary_established(r))
		r->c.flags |= CLOSE_RST_UNSENT;
	return r;
}

/*
 * A segment is freed: is it a SYN, FIN or RST of ours on its way out?  It still has its socket then, and
 * no interface that it came in by.  Most are freed within the call that transmits them.  What a
 * queue drops later is found by the time when it was transmitted.  False: it was not on its way out.
 */
static __always_inline bool on_unsent(struct sk_buff *skb)
{
	struct sock *sk = PEEK(sk_buff, skb, sk);
	__u64 t_ns, sent_ns;
	struct record *r;
	__u8 state, flags;
	__u32 total;
	bool held;

	if (!sk || PEEK(sk_buff, skb, skb_iif))
		return false;
	flags = tcp_flags_of(skb);
	r = table_find((__u64)sk);
	if (!r)
		return held_unsent(sk, flags);
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (flags & TCP_RST && diary_established(r))
		r->c.flags |= CLOSE_RST_UNSENT;
	if (!has_syn_or_fin_to_send(state) || r->h.state != state ||
	    !(flags & (state == BPF_TCP_SYN_SENT ? TCP_SYN : TCP_FIN)))
		return true;
	total = BPF_CORE_READ((struct tcp_sock *)sk, total_retrans);
	t_ns = bpf_ktime_get_ns();
	held = state != BPF_TCP_SYN_SENT && fin_held(r, (struct tcp_sock *)sk);
	if (total != retransmits_counted(r, state) || (held && r->c.flags & CLOSE_FIN_HELD)) {
		diary_unsent(r, t_ns, state, total != retransmits_counted(r, state));
		count_retransmits(r, state, total);
		return true;
	}
	/* with the time of transmission, on CLOCK_MONOTONIC, since 4.20 */
	sent_ns = BPF_CORE_READ(skb, tstamp);
	if (!sent_ns || sent_ns > t_ns)
		sent_ns = t_ns;
	if (state == BPF_TCP_SYN_SENT)
		syn_unsent(r, sent_ns);
	else
		fin_unsent(r, sent_ns, held);
	return true;
}

/* Where no program of timewait.bpf.h is on this hook. */
SEC("?raw_tp/kfree_skb")
int BPF_PROG(segment_unsent, struct sk_buff *skb)
{
	on_unsent(skb);
	return 0;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Which times a record yields, and what it says of a connection.  Pure, as diary.h. */
#ifndef DIARY_READ_H
#define DIARY_READ_H

#include "diary.h"

/* Time of the last step kept of the handshake; 0: there is none. */
static __always_inline __u64 diary_handshake_end_ns(const struct handshake_part *h)
{
	__u32 last = h->n_steps - 1U;

	/* before 6.8 the verifier learns nothing from "not 0" */
	barrier_var(last);
	if (last >= HANDSHAKE_STEPS)
		return 0;
	return h->t0_ns + step_t_ns(h->steps[last]);
}

/* The same of the close. */
static __always_inline __u64 diary_close_end_ns(const struct record *r)
{
	__u32 last = r->c.n_steps - 1U;

	/* before 6.8 the verifier learns nothing from "not 0" */
	barrier_var(last);
	if (last >= CLOSE_STEPS)
		return 0;
	return r->c.t0_ns + step_t_ns(r->c.steps[last]);
}

/* Was each retransmission that the socket counts seen, as far as there is room for its step? */
static __always_inline bool diary_retransmits_seen(const struct handshake_part *h)
{
	__u32 seen = HANDSHAKE_STEPS;
	__u32 most = h->role == ROLE_SERVER ? SYNACK_TIMES : HANDSHAKE_STEPS;

	if (!h->retransmits)
		return true;
	/* unused steps are 0 */
	for (__u32 i = 0; i < HANDSHAKE_STEPS; i++)
		seen -= nonzero(h->steps[i] >> STEP_KIND_SHIFT ^ STEP_RETRANSMIT) &
			nonzero(h->steps[i] >> STEP_KIND_SHIFT ^ STEP_RETRANSMIT_UNSENT);
	return seen >= h->retransmits || seen >= most || h->n_steps >= HANDSHAKE_STEPS ||
	       h->flags & HANDSHAKE_MAYBE_UNSENT;
}

/*
 * The same of our FIN; total: what the socket counts now.  Where data may be among it, nothing says
 * that one was missed.
 */
static __always_inline bool diary_fins_seen(const struct close_part *c, __u32 total)
{
	return !(c->flags & CLOSE_FIN_ALONE) ||
	       total - c->retransmits_at_local_fin <= (__u32)c->fin_retransmits + c->fins_unsent;
}

/*
 * The kernel's round trip sample of the handshake in microseconds; 0: there is none to trust.  After
 * a retransmission it may be of either segment.  A whole number of milliseconds, with timestamps,
 * may be from the echo of a SYN cookie (resolution 1 ms, up to 64 ms wrong).  With
 * HANDSHAKE_ACK_DROPPED it is no sample of the kernel's: it was measured.
 */
static __always_inline __u32 diary_rtt_us(const struct handshake_part *h)
{
	if (h->retransmits || h->flags & (HANDSHAKE_ACK_DEFERRED | HANDSHAKE_SYNCOOKIE))
		return 0;
	if (h->role == ROLE_SERVER &&
	    !(h->flags & (HANDSHAKE_SYNCOOKIE_KNOWN | HANDSHAKE_ACK_DROPPED)) &&
	    h->options & OPTION_TIMESTAMPS && h->rtt_us % US_PER_MS == 0)
		return 0;
	return h->rtt_us;
}

/* When the SYN (client) or the SYN,ACK (server) was sent; 0: not known. */
static __always_inline __u64 diary_handshake_begin_ns(const struct handshake_part *h, __u64 end_ns)
{
	if (h->flags & (HANDSHAKE_EVENTS_LOST | HANDSHAKE_BEFORE_TRACE))
		return 0;
	if (h->role == ROLE_CLIENT) {
		if (h->sent_ns >= h->t0_ns && h->sent_ns <= end_ns)
			return h->sent_ns;
		/* after an unsent SYN it is not known when the first one left */
		if (h->unsent && h->flags & HANDSHAKE_ESTABLISHED)
			return 0;
		return h->flags & HANDSHAKE_SYN_AT_WRITE ? 0 : h->t0_ns;
	}
	if (h->role != ROLE_SERVER || h->flags & HANDSHAKE_ACK_DEFERRED)
		return 0;
	if (h->sent_ns && h->sent_ns <= end_ns)
		return h->sent_ns;
	return diary_rtt_us(h) ? end_ns - (__u64)diary_rtt_us(h) * NS_PER_US : 0;
}

/* When a handshake that ends with this last step was over for the peer: the last ACK came. */
static __always_inline __u64 diary_acked_ns(const struct handshake_part *h, __u64 end_ns)
{
	return h->flags & HANDSHAKE_ACK_DROPPED ? h->sent_ns + (__u64)h->rtt_us * NS_PER_US
						: end_ns;
}

/* How long the handshake took, also a failed one; 0: not known. */
static __always_inline __u64 diary_handshake_ns(const struct handshake_part *h)
{
	__u64 end = diary_handshake_end_ns(h), begin;

	if (!end)
		return 0;
	begin = diary_handshake_begin_ns(h, end);
	return begin ? diary_acked_ns(h, end) - begin : 0;
}

/*
 * The last of n steps that changes the state, CLOCK_MONOTONIC; 0: there is none.  Without a branch and
 * with indexes that the verifier knows: an iterator's record may be read at no others.
 */
static __always_inline __u64 diary_last_change_ns(const __u64 *steps, __u32 n, __u64 t0_ns)
{
	__u64 last = 0;

	for (__u32 i = 0; i < n; i++) {
		/* all bits or none; unused steps change nothing */
		__u64 change = -nonzero(step_from(steps[i]) ^ step_to(steps[i]));

		last = (last & ~change) | ((t0_ns + step_t_ns(steps[i])) & change);
	}
	return last;
}

/* When it came into its state, as far as the steps are kept; 0: not known. */
static __always_inline __u64 diary_since_ns(const struct record *r)
{
	__u64 since = diary_last_change_ns(r->c.steps, CLOSE_STEPS, r->c.t0_ns);

	return since ?: diary_last_change_ns(r->h.steps, HANDSHAKE_STEPS, r->h.t0_ns);
}

/* Did the connection end with a FIN from both sides, ours acknowledged? */
static __always_inline bool diary_graceful(const struct record *r)
{
	const __u32 both = CLOSE_LOCAL_FIN_ACKED | CLOSE_REMOTE_FIN;

	return (r->c.flags & both) == both &&
	       !(r->c.flags & (CLOSE_RST_RECEIVED | CLOSE_RST_SENT | CLOSE_EXPIRED)) && !r->c.err;
}

/*
 * When our FIN was sent, by the kernel's retransmit queue.  FIN_WAIT1 begins when close() is called;
 * the FIN is sent later if unsent data is queued before it.  0: it was not sent, or not known.
 */
static __always_inline __u64 diary_fin_left_ns(const struct record *r, __u64 queued_ns)
{
	/* of a retransmitted FIN the queue has the last time */
	if (r->c.fin_sent_us && (!r->c.fin_retransmits || r->c.flags & CLOSE_FIN_TIME))
		return r->c.fin_sent_us * NS_PER_US > queued_ns ? r->c.fin_sent_us * NS_PER_US
								: queued_ns;
	if (r->c.flags & (CLOSE_FIN_BEHIND_DATA | CLOSE_REMOTE_FIN_FIRST | CLOSE_FIN_HELD) ||
	    (r->c.flags & CLOSE_OVER && !(r->c.flags & CLOSE_LOCAL_FIN_LEFT)) ||
	    r->c.flags & CLOSE_FIN_UNSENT)
		return 0;
	return queued_ns;
}

/* How long the close took, from the first FIN on the wire or the fatal segment; 0: not known. */
static __always_inline __u64 diary_close_ns(const struct record *r)
{
	__u64 end = diary_close_end_ns(r), begin = r->c.t0_ns;
	__u32 before;

	if (!end || r->c.flags & CLOSE_EVENTS_LOST)
		return 0;
	before = r->c.n_steps - 2U;
	barrier_var(before);
	/* both steps are of one segment: the close ended with the first */
	if (before < CLOSE_STEPS - 1 && step_kind(r->c.steps[before + 1]) == STEP_SAME_SEGMENT)
		end = r->c.t0_ns + step_t_ns(r->c.steps[before]);
	if (step_to(r->c.steps[0]) == BPF_TCP_FIN_WAIT1) {
		begin = r->c.flags & CLOSE_REMOTE_FIN_FIRST ? begin + step_t_ns(r->c.steps[1])
							    : diary_fin_left_ns(r, begin);
		if (!begin)
			return 0;
	}
	return end > begin ? end - begin : 0;
}

#endif

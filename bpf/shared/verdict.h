/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * How a handshake and a close ended, in the words of the manual page.  Pure: the BPF side counts by
 * it (row.h), and user space makes chapters by it.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include <linux/errno.h>

#include "diary_read.h"

enum outcome {
	OUTCOME_UNKNOWN, /* reported while open */
	OUTCOME_ESTABLISHED,
	OUTCOME_REFUSED,
	OUTCOME_RESET,
	OUTCOME_TIMED_OUT,
	OUTCOME_UNREACHABLE,
	OUTCOME_ABANDONED,
	OUTCOME_NO_PORT,
	OUTCOME_NO_ROUTE,
	OUTCOME_DROPPED,
	OUTCOME_FAILED,
	OUTCOMES
};

enum ending {
	ENDING_UNKNOWN, /* reported while open, or nothing shows how it ended */
	ENDING_GRACEFUL,
	ENDING_RESET_SENT,
	ENDING_RESET_RECEIVED,
	ENDING_TIMED_OUT,
	ENDING_ABORTED,
	ENDING_HALF_OPEN,
	ENDINGS
};

/* Of an attempt that made no socket, by its last step. */
static __always_inline enum outcome verdict_attempt(const struct handshake_part *h)
{
	__u32 last = h->n_steps - 1U;

	/* as in diary_close_end_ns() */
	barrier_var(last);
	if (last >= HANDSHAKE_STEPS)
		return OUTCOME_UNKNOWN;
	switch (step_kind(h->steps[last])) {
	case STEP_RST_SENT:
		return OUTCOME_REFUSED;
	case STEP_RST_RECEIVED:
		return OUTCOME_RESET;
	case STEP_EXPIRED:
		return OUTCOME_TIMED_OUT;
	case STEP_DROPPED:
		return OUTCOME_DROPPED;
	default:
		return OUTCOME_UNKNOWN;
	}
}

static __always_inline bool verdict_is_unreachable(int err)
{
	return err == EHOSTUNREACH || err == ENETUNREACH || err == EHOSTDOWN || err == ENETDOWN ||
	       err == ENOPROTOOPT || err == ENONET || err == EACCES;
}

/*
 * Of a handshake that ended in CLOSE, from the socket's error at that moment.  An error that ICMP
 * reported is in sk_err_soft too (tcp_v4_err(), tcp_write_err()).
 */
static __always_inline enum outcome verdict_failure(const struct handshake_part *h)
{
	bool icmp = h->err && h->err == h->err_soft;

	if (h->flags & HANDSHAKE_NO_SOCKET)
		return verdict_attempt(h);
	if (h->flags & HANDSHAKE_NO_SYN)
		return h->err == ENETUNREACH || h->err == EHOSTUNREACH ? OUTCOME_NO_ROUTE
								       : OUTCOME_FAILED;
	if (h->flags & HANDSHAKE_NO_PORT && !h->err)
		return OUTCOME_NO_PORT;
	if (verdict_is_unreachable(h->err) || (h->err == ECONNREFUSED && icmp))
		return OUTCOME_UNREACHABLE;
	switch (h->err) {
	case 0:
		return OUTCOME_ABANDONED;
	case ECONNREFUSED:
		return OUTCOME_REFUSED;
	case ECONNRESET:
	case EPIPE:
		return OUTCOME_RESET;
	case ETIMEDOUT:
		return OUTCOME_TIMED_OUT;
	default:
		return OUTCOME_FAILED;
	}
}

/* OUTCOME_UNKNOWN: it is not over. */
static __always_inline enum outcome verdict_outcome(const struct handshake_part *h)
{
	if (h->flags & HANDSHAKE_ESTABLISHED)
		return OUTCOME_ESTABLISHED;
	return h->state == BPF_TCP_CLOSE ? verdict_failure(h) : OUTCOME_UNKNOWN;
}

/*
 * close() or disconnect() of a connection with a direction still open sends an RST
 * (tcp_need_reset()); in LAST_ACK and CLOSING it may, and the record says so.
 */
static __always_inline enum ending verdict_silent_end(const struct record *r)
{
	__u32 last = r->c.n_steps - 1U;
	__u8 from;

	if (r->c.flags & CLOSE_RST_RECEIVED)
		return ENDING_RESET_RECEIVED;
	if (r->c.flags & CLOSE_RST_SENT)
		return ENDING_RESET_SENT;
	/* as in diary_close_end_ns() */
	barrier_var(last);
	from = last < CLOSE_STEPS ? step_from(r->c.steps[last]) : 0;
	if (r->c.flags & CLOSE_MINISOCKET || from == BPF_TCP_LAST_ACK || from == BPF_TCP_CLOSING)
		return ENDING_UNKNOWN;
	return ENDING_RESET_SENT;
}

/* ENDING_UNKNOWN: it has not ended, or nothing shows how. */
static __always_inline enum ending verdict_ending(const struct record *r)
{
	if (!(r->c.flags & CLOSE_OVER))
		return ENDING_UNKNOWN;
	if (r->c.flags & CLOSE_EXPIRED)
		return ENDING_HALF_OPEN;
	if (diary_graceful(r))
		return ENDING_GRACEFUL;
	switch (r->c.err) {
	case 0:
		return verdict_silent_end(r);
	case ECONNABORTED:
		return ENDING_ABORTED;
	case ECONNRESET:
	case EPIPE:
		return r->c.flags & CLOSE_RST_SENT ? ENDING_RESET_SENT : ENDING_RESET_RECEIVED;
	default:
		/*
		 * ETIMEDOUT, or the ICMP error pending when the retries ran out (tcp_write_err())
		 */
		return ENDING_TIMED_OUT;
	}
}

#endif

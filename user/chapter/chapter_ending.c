// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Who closed a connection first, why it was reset, and what of it was seen. */
#include <errno.h>
#include <linux/bpf.h>

#include "chapter_parts.h"
#include "shared/verdict.h"

bool chapter_reset_answers(const struct record *r)
{
	return r->c.flags & (CLOSE_RST_ANSWERS | CLOSE_MINISOCKET);
}

enum reset_reason chapter_reset_reason(const struct record *r, enum ending ending)
{
	if (ending != ENDING_RESET_SENT && !(r->c.flags & CLOSE_RST_SENT))
		return RESET_UNKNOWN;
	if (r->c.reset_reason && r->c.reset_reason < RESET_REASONS)
		return (enum reset_reason)r->c.reset_reason;
	switch (r->c.err) {
	case ECONNABORTED:
		return RESET_KILLED;
	case ETIMEDOUT:
		return RESET_KEEPALIVE;
	default:
		return r->c.flags & CLOSE_RST_ANSWERS ? RESET_DATA_AFTER_CLOSE : RESET_UNKNOWN;
	}
}

/* Who closed first, as one state shows, even if nothing else was seen. */
static enum first_closer closer_by_state(uint8_t state)
{
	switch (state) {
	case BPF_TCP_CLOSING:
		return CLOSER_BOTH;
	case BPF_TCP_CLOSE_WAIT:
	case BPF_TCP_LAST_ACK:
		return CLOSER_REMOTE;
	case BPF_TCP_FIN_WAIT1:
	case BPF_TCP_FIN_WAIT2:
	case BPF_TCP_TIME_WAIT:
		return CLOSER_LOCAL;
	default:
		return CLOSER_UNKNOWN;
	}
}

/* CLOSING, CLOSE_WAIT and LAST_ACK overrule the FIN_WAIT1 before them. */
enum first_closer chapter_first_closer(const struct record *r)
{
	enum first_closer first = closer_by_state(r->h.state), by;

	for (unsigned int i = 0; i < r->c.n_steps && i < CLOSE_STEPS; i++) {
		for (int after = 0; after < 2; after++) {
			by = closer_by_state(after ? step_to(r->c.steps[i])
						   : step_from(r->c.steps[i]));
			if (by == CLOSER_BOTH && r->c.flags & CLOSE_REMOTE_FIN_FIRST)
				return CLOSER_REMOTE;
			if (by == CLOSER_BOTH || by == CLOSER_REMOTE)
				return by;
			if (by != CLOSER_UNKNOWN)
				first = by;
		}
	}
	/* our FIN never left, so it closed nothing */
	if (first == CLOSER_LOCAL && r->c.flags & CLOSE_LOCAL_FIN && r->c.flags & CLOSE_OVER &&
	    !(r->c.flags & CLOSE_LOCAL_FIN_LEFT))
		return CLOSER_NONE;
	if (first == CLOSER_UNKNOWN && r->c.flags & CLOSE_OVER && !(r->c.flags & CLOSE_EVENTS_LOST))
		return CLOSER_NONE;
	return first;
}

/*
 * Was there payload?  Where the counters do not say, from the distance of a FIN's number to the
 * SYN's.
 */
static bool had_data(const struct record *r)
{
	const struct handshake_part *h = &r->h;
	const struct close_part *c = &r->c;

	if (c->bytes_sent || c->bytes_received || c->flags & CLOSE_DATA_RECEIVED)
		return true;
	if (!(h->options & OPTION_KNOWN))
		return false;
	if (c->flags & CLOSE_REMOTE_FIN && c->remote_fin_seq != h->irs + 1)
		return true;
	if (c->flags & CLOSE_LOCAL_FIN)
		return c->local_fin_seq != h->iss + 1;
	return c->flags & CLOSE_REMOTE_FIN && c->remote_fin_ack != h->iss + 1;
}

uint8_t chapter_close_completeness(const struct record *r, bool fin_left, enum ending ending)
{
	uint8_t mask = 0;

	if (r->h.role != ROLE_UNKNOWN && !(r->h.flags & HANDSHAKE_BEFORE_TRACE))
		mask |= COMPLETE_SYN | COMPLETE_SYNACK | COMPLETE_ACK;
	if (had_data(r))
		mask |= COMPLETE_DATA;
	if (fin_left || r->c.flags & (CLOSE_LOCAL_FIN_LEFT | CLOSE_REMOTE_FIN))
		mask |= COMPLETE_FIN;
	if (r->h.flags & HANDSHAKE_RST_SENT)
		mask |= COMPLETE_RST;
	if (r->c.flags & CLOSE_RST_RECEIVED || ending == ENDING_RESET_RECEIVED ||
	    (!(r->c.flags & CLOSE_RST_UNSENT) &&
	     (r->c.flags & CLOSE_RST_SENT || ending == ENDING_RESET_SENT)))
		mask |= COMPLETE_RST | COMPLETE_ACK;
	return mask;
}

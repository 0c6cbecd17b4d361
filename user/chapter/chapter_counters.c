// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "chapter_parts.h"

/* The first FIN that leaves this host is no retransmission. */
uint32_t chapter_fin_retransmits(const struct close_part *c)
{
	return c->flags & CLOSE_FIN_UNSENT && c->fin_retransmits ? c->fin_retransmits - 1U
								 : c->fin_retransmits;
}

/* The socket's count, without those that were retransmitted in vain or were the first to leave. */
static int64_t retransmits(const struct record *r)
{
	uint32_t syns = r->h.unsent < r->h.retransmits ? r->h.unsent : r->h.retransmits;
	uint32_t fins = r->c.fins_unsent + r->c.fin_retransmits - chapter_fin_retransmits(&r->c);

	return r->c.retransmits > syns + fins ? (int64_t)r->c.retransmits - syns - fins : 0;
}

/*
 * The record has the socket's counters (have_counters) once it is over, or a minisocket took
 * over.
 */
void chapter_read_totals(struct close *cl, const struct record *r, bool have_counters)
{
	const struct close_part *c = &r->c;

	cl->bytes_sent = known_if(have_counters && c->bytes_sent <= INT64_MAX,
				  (int64_t)c->bytes_sent);
	cl->bytes_received = known_if(have_counters && c->bytes_received <= INT64_MAX,
				      (int64_t)c->bytes_received);
	cl->segs_out = known_if(have_counters, c->segs_out);
	cl->segs_in = known_if(have_counters, c->segs_in);
	cl->retransmits = known_if(have_counters, retransmits(r));
	cl->fin_retransmits = known_if(c->flags & CLOSE_LOCAL_FIN &&
					       !(c->flags & CLOSE_RETRANSMIT_UNSEEN),
				       chapter_fin_retransmits(c));
	cl->srtt_ns = known_unless_0((uint64_t)c->srtt_us * 1000);
	/* ~0 is the kernel's "no sample" (tcp_init_sock()) */
	cl->min_rtt_ns = known_if(have_counters && c->min_rtt_us && c->min_rtt_us != UINT32_MAX,
				  (int64_t)c->min_rtt_us * 1000);
	cl->local_fin_seq = known_if(c->flags & CLOSE_LOCAL_FIN &&
					     (c->flags & CLOSE_LOCAL_FIN_LEFT ||
					      !(c->flags & CLOSE_OVER)),
				     c->local_fin_seq);
	cl->remote_fin_seq = known_if(c->flags & CLOSE_REMOTE_FIN, c->remote_fin_seq);
}

/* Of one that is open, where its socket was read for this report. */
void chapter_read_unacked(struct close *cl, const struct close_part *c, bool open)
{
	bool read = open && c->unacked_flags & UNACKED_KNOWN;

	cl->unacked = known_if(read, c->unacked);
	cl->unacked_ns = known_if(read && c->unacked_flags & UNACKED_TIME && c->unacked,
				  (int64_t)c->unacked_ms * NS_PER_US * US_PER_MS);
	cl->unacked_retransmits = known_if(read, c->unacked_retransmits);
	cl->zero_window = !read					   ? TRISTATE_UNKNOWN
			  : c->unacked_flags & UNACKED_ZERO_WINDOW ? TRISTATE_YES
								   : TRISTATE_NO;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The close chapter: from the first FIN, or the fatal segment, to the end of both directions. */
#include <linux/bpf.h>

#include "chapter_parts.h"
#include "shared/diary.h"

/* Times (CLOCK_MONOTONIC ns, 0: did not happen or not known) of what the verdict speaks of. */
struct moments {
	uint64_t queued; /* our close() or shutdown() */
	uint64_t fin_left;
	uint64_t fin_acked;
	uint64_t fin_received;
	uint64_t end;
};

static enum missing close_missing(const struct record *r)
{
	if (r->h.flags & HANDSHAKE_BEFORE_TRACE)
		return MISSING_BEFORE_TRACE;
	if (r->h.flags & HANDSHAKE_TABLE_FULL)
		return MISSING_TABLE_FULL;
	if (r->c.flags & CLOSE_EVENTS_LOST || r->h.role == ROLE_UNKNOWN)
		return MISSING_EVENTS_LOST;
	return MISSING_NOTHING;
}

static void read_moments(struct moments *m, const struct record *r)
{
	for (unsigned int i = 0; i < r->c.n_steps && i < CLOSE_STEPS; i++) {
		uint64_t step = r->c.steps[i], t_ns = step_moment_ns(r->c.t0_ns, step);
		uint8_t from = step_from(step), to = step_to(step);

		if (from == to)
			continue;
		/* one segment, one moment */
		if (step_kind(step) == STEP_SAME_SEGMENT && m->fin_acked)
			t_ns = m->fin_acked;
		if (to == BPF_TCP_FIN_WAIT1 || to == BPF_TCP_LAST_ACK) {
			m->queued = t_ns;
			m->fin_left = diary_fin_left_ns(r, t_ns);
		}
		/* closed with unread data: an RST instead of a FIN */
		if (from == BPF_TCP_CLOSE_WAIT && to == BPF_TCP_CLOSE && !r->c.err)
			m->queued = t_ns;
		if (to == BPF_TCP_CLOSE_WAIT || to == BPF_TCP_CLOSING ||
		    (from == BPF_TCP_FIN_WAIT2 && to == BPF_TCP_TIME_WAIT))
			m->fin_received = t_ns;
		if (to == BPF_TCP_FIN_WAIT2 ||
		    (from == BPF_TCP_CLOSING && to == BPF_TCP_TIME_WAIT) ||
		    (from == BPF_TCP_LAST_ACK && r->c.flags & CLOSE_LOCAL_FIN_ACKED))
			m->fin_acked = t_ns;
		m->end = t_ns;
	}
	/* which the kernel has in whole microseconds */
	if (r->c.flags & CLOSE_REMOTE_FIN_FIRST && m->fin_left && m->fin_left < m->fin_received)
		m->fin_left = m->fin_received;
}

/* The segment that made this state change, and the answer to it that follows at once. */
static void state_step(struct chapter *ch, struct step *s, const struct record *r,
		       const struct moments *m, uint64_t begin_ns)
{
	const struct close_part *c = &r->c;
	const struct maybe none = { 0 };
	struct maybe fin = known_if(c->flags & CLOSE_LOCAL_FIN, c->local_fin_seq);
	struct maybe fin_next = known_if(fin.known, (uint32_t)(c->local_fin_seq + 1));
	struct maybe peer_fin = known_if(c->flags & CLOSE_REMOTE_FIN, c->remote_fin_seq);
	struct maybe peer_next = known_if(peer_fin.known, (uint32_t)(c->remote_fin_seq + 1));
	bool left = c->flags & CLOSE_LOCAL_FIN_LEFT || m->fin_left || c->fin_retransmits;
	bool late = c->flags & CLOSE_REMOTE_FIN_FIRST;
	uint8_t from = s->from, to = s->to;
	struct step *answer;

	if (to == BPF_TCP_FIN_WAIT1 || to == BPF_TCP_LAST_ACK) {
		uint8_t with_ack = to == BPF_TCP_LAST_ACK && c->flags & CLOSE_ACK_PENDING
					   ? SEGMENT_ACK
					   : 0;

		if (!left || late)
			return;
		s->derived = c->flags & CLOSE_FIN_BEHIND_DATA;
		s->t_ns = known_span(begin_ns, m->fin_left);
		step_segment(s, true, SEGMENT_FIN | with_ack, fin,
			     known_if(!(c->flags & CLOSE_FIN_BEHIND_DATA), c->local_fin_ack));
	} else if (to == BPF_TCP_FIN_WAIT2) {
		step_segment(s, false, SEGMENT_ACK, none, fin_next);
	} else if (to == BPF_TCP_CLOSE_WAIT) {
		step_segment(s, false, SEGMENT_FIN, peer_fin,
			     known_if(peer_fin.known, c->remote_fin_ack));
	} else if (to == BPF_TCP_CLOSING ||
		   (from == BPF_TCP_FIN_WAIT2 && to == BPF_TCP_TIME_WAIT)) {
		/* our FIN is acknowledged in FIN_WAIT2 and not yet when the FINs cross */
		step_segment(s, false, SEGMENT_FIN, peer_fin,
			     to == BPF_TCP_CLOSING ? known_if(peer_fin.known, c->remote_fin_ack)
						   : fin_next);
		answer = chapter_step(ch, s->t_ns, to, to);
		answer->derived = true;
		step_segment(answer, true, SEGMENT_ACK, late ? none : fin_next, peer_next);
		if (late && left) {
			answer = chapter_step(ch, known_span(begin_ns, m->fin_left), to, to);
			answer->derived = true;
			step_segment(answer, true, SEGMENT_FIN, fin, peer_next);
		}
	} else if ((from == BPF_TCP_LAST_ACK || from == BPF_TCP_CLOSING) &&
		   c->flags & CLOSE_LOCAL_FIN_ACKED) {
		step_segment(s, false, SEGMENT_ACK, peer_next, fin_next);
	} else if (to == BPF_TCP_CLOSE) {
		enum ending ending = ch->close.ending;

		if (ending == ENDING_RESET_RECEIVED)
			step_segment(s, false, SEGMENT_RST, none, none);
		else if (ending == ENDING_RESET_SENT || c->flags & CLOSE_RST_SENT)
			step_segment(s, true, SEGMENT_RST, none, none);
	}
}

/*
 * CLOSE_WAIT is over.  Unless our FIN or RST carried it, an ACK of the peer's FIN had left before; if
 * other segments left meanwhile nothing tells when.
 */
static void unseen_ack(struct chapter *ch, const struct record *r)
{
	struct step *s;

	if (r->c.flags & CLOSE_ACK_PENDING ||
	    (ch->n_steps && ch->steps[ch->n_steps - 1].from == ch->steps[ch->n_steps - 1].to))
		return;
	s = chapter_step(ch, (struct maybe){ 0 }, BPF_TCP_CLOSE_WAIT, BPF_TCP_CLOSE_WAIT);
	s->derived = true;
	step_segment(s, true, SEGMENT_ACK, (struct maybe){ 0 },
		     known_if(r->c.flags & CLOSE_REMOTE_FIN, (uint32_t)(r->c.remote_fin_seq + 1)));
}

static void read_steps(struct chapter *ch, const struct record *r, const struct moments *m,
		       uint64_t begin_ns)
{
	unsigned int n = r->c.n_steps < CLOSE_STEPS ? r->c.n_steps : CLOSE_STEPS;
	uint8_t fins = 1;

	for (unsigned int i = 0; i < n; i++) {
		uint64_t step = r->c.steps[i], t_ns = step_moment_ns(r->c.t0_ns, step);
		struct maybe t = known_delay(begin_ns, t_ns);
		uint8_t from = step_from(step), to = step_to(step);
		struct step *s;

		if (from == BPF_TCP_CLOSE_WAIT && to != from)
			unseen_ack(ch, r);
		if (step_kind(step) == STEP_SAME_SEGMENT && to == BPF_TCP_TIME_WAIT &&
		    ch->n_steps && ch->steps[ch->n_steps - 1].to == from) {
			/* FIN and ACK in one segment: FIN_WAIT2 was passed through, not stayed in */
			s = &ch->steps[ch->n_steps - 1];
			s->to = to;
			from = s->from;
			state_step(ch,
				   &(struct step){
					   .t_ns = s->t_ns, .from = BPF_TCP_FIN_WAIT2, .to = to },
				   r, m, begin_ns);
			s->seq = known_if(r->c.flags & CLOSE_REMOTE_FIN, r->c.remote_fin_seq);
			s->segment.flags = SEGMENT_FIN | SEGMENT_ACK;
			continue;
		}
		s = chapter_step(ch, t, from, to);
		switch (step_kind(step)) {
		case STEP_RETRANSMIT:
			step_segment(s, true, SEGMENT_FIN,
				     known_if(r->c.flags & CLOSE_LOCAL_FIN, r->c.local_fin_seq),
				     (struct maybe){ 0 });
			s->segment.number = ++fins;
			break;
		case STEP_ACK_SENT:
			s->derived = true;
			step_segment(s, true, SEGMENT_ACK, (struct maybe){ 0 },
				     known_if(r->c.flags & CLOSE_REMOTE_FIN,
					      (uint32_t)(r->c.remote_fin_seq + 1)));
			break;
		case STEP_RST_RECEIVED:
			step_segment(s, false, SEGMENT_RST, (struct maybe){ 0 },
				     (struct maybe){ 0 });
			break;
		case STEP_RST_SENT:
			step_segment(s, true, SEGMENT_RST, (struct maybe){ 0 },
				     (struct maybe){ 0 });
			break;
		case STEP_EXPIRED:
			s->derived = true;
			break;
		default:
			state_step(ch, s, r, m, begin_ns);
			break;
		}
	}
}

static void read_totals(struct close *cl, const struct record *r, bool have)
{
	const struct close_part *c = &r->c;

	cl->bytes_sent = known_if(have && c->bytes_sent <= INT64_MAX, (int64_t)c->bytes_sent);
	cl->bytes_received = known_if(have && c->bytes_received <= INT64_MAX,
				      (int64_t)c->bytes_received);
	cl->segs_out = known_if(have, c->segs_out);
	cl->segs_in = known_if(have, c->segs_in);
	cl->retransmits = known_if(have, c->retransmits);
	cl->fin_retransmits = known_if(c->flags & CLOSE_LOCAL_FIN &&
					       !(c->flags & CLOSE_DATA_OUTSTANDING),
				       c->fin_retransmits);
	cl->srtt_ns = known_unless_0((uint64_t)c->srtt_us * 1000);
	cl->min_rtt_ns = known_if(have && c->min_rtt_us && c->min_rtt_us != UINT32_MAX,
				  (int64_t)c->min_rtt_us * 1000);
	cl->local_fin_seq = known_if(c->flags & CLOSE_LOCAL_FIN &&
					     (c->flags & CLOSE_LOCAL_FIN_LEFT ||
					      !(c->flags & CLOSE_OVER)),
				     c->local_fin_seq);
	cl->remote_fin_seq = known_if(c->flags & CLOSE_REMOTE_FIN, c->remote_fin_seq);
}

/* The first FIN on the wire, or the fatal segment; 0 when it is not known. */
static uint64_t wire_begin_ns(const struct record *r, const struct moments *m)
{
	if (r->c.flags & CLOSE_REMOTE_FIN_FIRST)
		return m->fin_received;
	if (r->c.n_steps && step_to(r->c.steps[0]) == BPF_TCP_FIN_WAIT1)
		return m->fin_left;
	return r->c.t0_ns;
}

void chapter_close(struct chapter *ch, const struct record *r, uint64_t now_ns)
{
	struct close *cl = &ch->close;
	struct moments m = { 0 };
	bool over = r->c.flags & CLOSE_OVER, whole;
	uint64_t begin_ns, wire_ns, established_ns = diary_handshake_end_ns(&r->h);

	chapter_identity(ch, &r->h);
	ch->type = CHAPTER_CLOSE;
	ch->missing = close_missing(r);
	ch->open = now_ns && !over;
	ch->err = over && r->c.err > 0 ? r->c.err : 0;
	whole = !(r->c.flags & CLOSE_EVENTS_LOST);

	cl->ending = chapter_ending(r);
	cl->first_closer = chapter_first_closer(r);
	person_set(&cl->closer, &r->c.closer, true);
	read_moments(&m, r);
	wire_ns = wire_begin_ns(r, &m);
	/* the chapter begins with its first event on the wire, or close() where nothing left with it */
	begin_ns = r->c.t0_ns;
	if (wire_ns && !(r->c.flags & CLOSE_REMOTE_FIN_FIRST))
		begin_ns = wire_ns;
	ch->t_ns = known_unless_0(begin_ns);
	read_steps(ch, r, &m, begin_ns);
	ch->completeness = chapter_close_completeness(r, m.fin_left, cl->ending);

	if (over && whole)
		cl->close_ns = known_span(wire_ns, m.end);
	cl->fin_rtt_ns = known_span(m.fin_left, m.fin_acked);
	if (cl->first_closer == CLOSER_LOCAL)
		cl->peer_fin_ns = known_span(m.fin_acked, m.fin_received);
	if (cl->first_closer == CLOSER_REMOTE)
		cl->app_close_ns = known_span(m.fin_received, m.queued);
	cl->fin_queued_ns = known_span(m.queued, m.fin_left);
	if (r->h.accept_fate == ACCEPT_LATE && r->h.accept_ns)
		cl->accept_ns = known_span(established_ns, r->h.accept_ns);
	cl->time_wait = TRISTATE_UNKNOWN;
	if (over && !(r->c.flags & CLOSE_TIMEWAIT_FULL))
		cl->time_wait = r->c.flags & CLOSE_TIME_WAIT ? TRISTATE_YES : TRISTATE_NO;
	if (over && ch->role != ROLE_UNKNOWN &&
	    !(r->h.flags & (HANDSHAKE_BEFORE_TRACE | HANDSHAKE_EVENTS_LOST)))
		cl->lifetime_ns = known_span(established_ns, m.end);
	read_totals(cl, r, over || r->c.flags & CLOSE_MINISOCKET);
	if (ch->open) {
		ch->state = r->h.state;
		ch->state_ns = known_span(m.end, now_ns);
	}
}

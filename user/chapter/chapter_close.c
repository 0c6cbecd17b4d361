// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The close chapter: from the first FIN, or the segment that killed the connection, to its end. */
#include <linux/bpf.h>

#include "chapter_parts.h"
#include "shared/verdict.h"

/* When the events of a close happened, CLOCK_MONOTONIC ns; 0: not at all, or not known when. */
struct moments {
	uint64_t queued;       /* our close() or shutdown() */
	uint64_t fin_left;     /* our FIN */
	uint64_t fin_acked;    /* our FIN */
	uint64_t fin_received; /* the peer's */
	uint64_t end;	       /* the last state change */
};

static enum missing close_missing(const struct record *r)
{
	if (r->h.flags & HANDSHAKE_BEFORE_TRACE)
		return MISSING_BEFORE_TRACE;
	if (r->h.flags & HANDSHAKE_NOT_SELECTED)
		return MISSING_NOT_SELECTED;
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
		/* an ACK and a FIN in one segment came at one time */
		if (step_kind(step) == STEP_SAME_SEGMENT && m->fin_acked)
			t_ns = m->fin_acked;
		if (to == BPF_TCP_FIN_WAIT1 || to == BPF_TCP_LAST_ACK) {
			m->queued = t_ns;
			m->fin_left = diary_fin_left_ns(r, t_ns);
		}
		/* close() with unread data sends an RST instead of a FIN (RFC 2525, 2.17) */
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
	/*
	 * fin_left is the kernel's, in whole microseconds: rounded down it may precede the peer's
	 * FIN
	 */
	if (r->c.flags & CLOSE_REMOTE_FIN_FIRST && m->fin_left && m->fin_left < m->fin_received)
		m->fin_left = m->fin_received;
}

static void set_our_rst(struct step *s, const struct close_part *c)
{
	const struct maybe none = { 0 };

	if (c->flags & CLOSE_RST_UNSENT)
		step_set_unsent(s, SEGMENT_RST, none);
	else
		step_set_segment(s, true, SEGMENT_RST, none, none);
}

/*
 * Gives a state change the segment that caused it, and adds a step for the answer that follows at
 * once.
 */
static void set_state_segment(struct chapter *ch, struct step *s, const struct record *r,
			      const struct moments *m, uint64_t begin_ns)
{
	const struct close_part *c = &r->c;
	const struct maybe none = { 0 };
	struct maybe fin = known_if(c->flags & CLOSE_LOCAL_FIN, c->local_fin_seq);
	struct maybe after_fin = known_if(fin.known, (uint32_t)(c->local_fin_seq + 1));
	struct maybe peer_fin = known_if(c->flags & CLOSE_REMOTE_FIN, c->remote_fin_seq);
	struct maybe after_peer_fin = known_if(peer_fin.known, (uint32_t)(c->remote_fin_seq + 1));
	bool fin_left = c->flags & CLOSE_LOCAL_FIN_LEFT || m->fin_left || c->fin_retransmits;
	bool peer_fin_first = c->flags & CLOSE_REMOTE_FIN_FIRST;
	uint8_t from = s->from, to = s->to;
	struct step *answer;

	if (to == BPF_TCP_FIN_WAIT1 || to == BPF_TCP_LAST_ACK) {
		uint8_t with_ack = to == BPF_TCP_LAST_ACK && c->flags & CLOSE_ACK_PENDING
					   ? SEGMENT_ACK
					   : 0;

		if (!fin_left || peer_fin_first)
			return;
		s->derived = c->flags & CLOSE_FIN_BEHIND_DATA;
		s->t_ns = known_span(begin_ns, m->fin_left);
		step_set_segment(s, true, SEGMENT_FIN | with_ack, fin,
				 known_if(!(c->flags & CLOSE_FIN_BEHIND_DATA), c->local_fin_ack));
	} else if (to == BPF_TCP_FIN_WAIT2) {
		step_set_segment(s, false, SEGMENT_ACK, none, after_fin);
	} else if (to == BPF_TCP_CLOSE_WAIT) {
		step_set_segment(s, false, SEGMENT_FIN, peer_fin,
				 known_if(peer_fin.known, c->remote_fin_ack));
	} else if (to == BPF_TCP_CLOSING ||
		   (from == BPF_TCP_FIN_WAIT2 && to == BPF_TCP_TIME_WAIT)) {
		/* in FIN_WAIT2 our FIN is acknowledged; when the FINs cross it is not yet */
		step_set_segment(s, false, SEGMENT_FIN, peer_fin,
				 to == BPF_TCP_CLOSING ? known_if(peer_fin.known, c->remote_fin_ack)
						       : after_fin);
		answer = chapter_add_step(ch, s->t_ns, to, to);
		answer->derived = true;
		step_set_segment(answer, true, SEGMENT_ACK, peer_fin_first ? none : after_fin,
				 after_peer_fin);
		if (peer_fin_first && fin_left) {
			answer = chapter_add_step(ch, known_span(begin_ns, m->fin_left), to, to);
			answer->derived = true;
			step_set_segment(answer, true, SEGMENT_FIN, fin, after_peer_fin);
		}
	} else if ((from == BPF_TCP_LAST_ACK || from == BPF_TCP_CLOSING) &&
		   c->flags & CLOSE_LOCAL_FIN_ACKED) {
		step_set_segment(s, false, SEGMENT_ACK, after_peer_fin, after_fin);
	} else if (to == BPF_TCP_CLOSE) {
		enum ending ending = ch->close.ending;

		if (ending == ENDING_RESET_RECEIVED)
			step_set_segment(s, false, SEGMENT_RST, none, none);
		else if (ending == ENDING_RESET_SENT || c->flags & CLOSE_RST_SENT)
			set_our_rst(s, c);
	}
}

/*
 * At the end of CLOSE_WAIT: unless our FIN or RST carries the ACK of the peer's FIN, that ACK
 * left before.  When other segments left in between, its time is not known.
 */
static void add_unseen_ack(struct chapter *ch, const struct record *r)
{
	struct step *s;

	if (r->c.flags & CLOSE_ACK_PENDING ||
	    (ch->n_steps && ch->steps[ch->n_steps - 1].from == ch->steps[ch->n_steps - 1].to))
		return;
	s = chapter_add_step(ch, (struct maybe){ 0 }, BPF_TCP_CLOSE_WAIT, BPF_TCP_CLOSE_WAIT);
	s->derived = true;
	step_set_segment(s, true, SEGMENT_ACK, (struct maybe){ 0 },
			 known_if(r->c.flags & CLOSE_REMOTE_FIN,
				  (uint32_t)(r->c.remote_fin_seq + 1)));
}

/*
 * Our FIN could not be sent at once: the step for when it was, after those of its failures.  No hook
 * sees it leave; the time is that of the kernel's queue.
 */
static void add_held_fin(struct chapter *ch, const struct record *r, const struct moments *m,
			 uint64_t begin_ns)
{
	uint8_t state = ch->steps[ch->n_steps - 1].to;
	struct step *s = chapter_add_step(ch, known_span(begin_ns, m->fin_left), state, state);

	s->derived = true;
	step_set_segment(s, true, SEGMENT_FIN, known_if(true, r->c.local_fin_seq),
			 (struct maybe){ 0 });
}

static bool is_unsent(const struct chapter *ch)
{
	return ch->n_steps && ch->steps[ch->n_steps - 1].segment.unsent;
}

static void read_steps(struct chapter *ch, const struct record *r, const struct moments *m,
		       uint64_t begin_ns)
{
	unsigned int n = r->c.n_steps < CLOSE_STEPS ? r->c.n_steps : CLOSE_STEPS;
	/* of our FINs those count that left */
	uint8_t fins_sent = r->c.flags & CLOSE_FIN_UNSENT ? 0 : 1;
	const struct maybe fin = known_if(r->c.flags & CLOSE_LOCAL_FIN, r->c.local_fin_seq);

	for (unsigned int i = 0; i < n; i++) {
		uint64_t step = r->c.steps[i], t_ns = step_moment_ns(r->c.t0_ns, step);
		struct maybe t = known_delay(begin_ns, t_ns);
		uint8_t from = step_from(step), to = step_to(step);
		struct step *s;

		if (from == BPF_TCP_CLOSE_WAIT && to != from)
			add_unseen_ack(ch, r);
		if (r->c.flags & CLOSE_FIN_HELD && r->c.flags & CLOSE_LOCAL_FIN_LEFT &&
		    is_unsent(ch) && step_kind(step) != STEP_RETRANSMIT_UNSENT)
			add_held_fin(ch, r, m, begin_ns);
		if (step_kind(step) == STEP_SAME_SEGMENT && to == BPF_TCP_TIME_WAIT &&
		    ch->n_steps && ch->steps[ch->n_steps - 1].to == from) {
			/* the FIN has the ACK in it: FIN_WAIT2 is only passed through */
			s = &ch->steps[ch->n_steps - 1];
			s->to = to;
			set_state_segment(ch,
					  &(struct step){ .t_ns = s->t_ns,
							  .from = BPF_TCP_FIN_WAIT2,
							  .to = to },
					  r, m, begin_ns);
			s->seq = known_if(r->c.flags & CLOSE_REMOTE_FIN, r->c.remote_fin_seq);
			s->segment.flags = SEGMENT_FIN | SEGMENT_ACK;
			continue;
		}
		s = chapter_add_step(ch, t, from, to);
		switch (step_kind(step)) {
		case STEP_RETRANSMIT:
			step_set_segment(s, true, SEGMENT_FIN, fin, (struct maybe){ 0 });
			s->segment.number = ++fins_sent;
			break;
		case STEP_UNSENT:
		case STEP_RETRANSMIT_UNSENT:
			step_set_unsent(s, SEGMENT_FIN, fin);
			break;
		case STEP_ACK_SENT:
			s->derived = true;
			step_set_segment(s, true, SEGMENT_ACK, (struct maybe){ 0 },
					 known_if(r->c.flags & CLOSE_REMOTE_FIN,
						  (uint32_t)(r->c.remote_fin_seq + 1)));
			break;
		case STEP_RST_RECEIVED:
			step_set_segment(s, false, SEGMENT_RST, (struct maybe){ 0 },
					 (struct maybe){ 0 });
			break;
		case STEP_RST_SENT:
			set_our_rst(s, &r->c);
			break;
		case STEP_EXPIRED:
			s->derived = true;
			break;
		default:
			set_state_segment(ch, s, r, m, begin_ns);
			break;
		}
	}
}

/* When the first FIN, or the segment that killed the connection, was on the wire; 0: not known. */
static uint64_t wire_begin_ns(const struct record *r, const struct moments *m)
{
	if (r->c.flags & CLOSE_REMOTE_FIN_FIRST)
		return m->fin_received;
	if (r->c.n_steps && step_to(r->c.steps[0]) == BPF_TCP_FIN_WAIT1)
		return m->fin_left;
	return r->c.t0_ns;
}

static uint64_t since_ns(const struct record *r, const struct moments *m)
{
	if (m->end)
		return m->end;
	return r->c.n_steps ? 0 : diary_handshake_end_ns(&r->h);
}

uint64_t chapter_close_since_ns(const struct record *r)
{
	struct moments m = { 0 };

	read_moments(&m, r);
	return since_ns(r, &m);
}

void chapter_close(struct chapter *ch, const struct record *r, uint64_t now_ns)
{
	struct close *cl = &ch->close;
	struct moments m = { 0 };
	bool over = r->c.flags & CLOSE_OVER, all_seen;
	uint64_t begin_ns, wire_ns, established_ns = diary_handshake_end_ns(&r->h);

	chapter_begin(ch, &r->h);
	ch->type = CHAPTER_CLOSE;
	ch->missing = close_missing(r);
	ch->open = now_ns && !over;
	ch->err = over && r->c.err > 0 ? r->c.err : 0;
	all_seen = !(r->c.flags & CLOSE_EVENTS_LOST);

	cl->ending = verdict_ending(r);
	cl->first_closer = chapter_first_closer(r);
	cl->reset_reason = chapter_reset_reason(r, cl->ending);
	cl->unread = known_if(cl->reset_reason == RESET_UNREAD_DATA && r->c.unread, r->c.unread);
	person_set(&cl->closer, &r->c.closer);
	if (cl->closer.pid.known && r->c.closer_exit <= CLOSER_EXITED)
		cl->closer_exit = r->c.closer_exit;
	read_moments(&m, r);
	wire_ns = wire_begin_ns(r, &m);
	/* the chapter begins with its first segment, or with close() when that sent none */
	begin_ns = r->c.t0_ns;
	if (wire_ns && !(r->c.flags & (CLOSE_REMOTE_FIN_FIRST | CLOSE_FIN_UNSENT | CLOSE_FIN_HELD)))
		begin_ns = wire_ns;
	ch->t_ns = known_unless_0(begin_ns);
	read_steps(ch, r, &m, begin_ns);
	ch->completeness = chapter_close_completeness(r, m.fin_left, cl->ending);

	if (over && all_seen)
		cl->close_ns = known_span(wire_ns, m.end);
	cl->fin_rtt_ns = known_span(m.fin_left, m.fin_acked);
	if (cl->first_closer == CLOSER_LOCAL)
		cl->peer_fin_ns = known_span(m.fin_acked, m.fin_received);
	if (cl->first_closer == CLOSER_REMOTE)
		cl->app_close_ns = known_span(m.fin_received, m.queued);
	cl->fin_queued_ns = known_span(m.queued, m.fin_left);
	cl->fin_behind_data = r->c.flags & CLOSE_FIN_BEHIND_DATA;
	if (accept_fate_of(&r->h) == ACCEPT_LATE && r->h.accept_ns)
		cl->accept_ns = known_span(established_ns, r->h.accept_ns);
	cl->time_wait = TRISTATE_UNKNOWN;
	if (over && !(r->c.flags & CLOSE_TIMEWAIT_FULL))
		cl->time_wait = r->c.flags & CLOSE_TIME_WAIT ? TRISTATE_YES : TRISTATE_NO;
	if (over && ch->role != ROLE_UNKNOWN &&
	    !(r->h.flags & (HANDSHAKE_BEFORE_TRACE | HANDSHAKE_EVENTS_LOST)))
		cl->lifetime_ns = known_span(established_ns, m.end);
	if (ch->accepted == TRISTATE_NO)
		cl->queued_ns = ch->open ? known_span(established_ns, now_ns) : cl->lifetime_ns;
	chapter_read_totals(cl, r, over || r->c.flags & CLOSE_MINISOCKET);
	cl->sent_last = r->c.flags & CLOSE_SENT_LAST;
	cl->idle_ns = known_if(r->c.flags & CLOSE_IDLE,
			       (int64_t)r->c.idle_ms * NS_PER_US * US_PER_MS);
	cl->silent_ns = known_if(r->c.flags & CLOSE_SILENT,
				 (int64_t)r->c.silent_ms * NS_PER_US * US_PER_MS);
	chapter_read_unacked(cl, &r->c, ch->open);
	if (ch->open) {
		ch->state = r->h.state;
		ch->state_ns = known_span(since_ns(r, &m), now_ns);
		/* stuck while it is established: it begins now */
		if (!ch->t_ns.known && r->h.state == BPF_TCP_ESTABLISHED)
			ch->t_ns = known((int64_t)now_ns);
	}
}

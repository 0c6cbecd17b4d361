// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What became of each segment, and whether the times of both ends agree. */
#include "conversation_parts.h"

#include "base/clock.h"

/* By so much the time of a hook may be later than that of the other end's, on one clock. */
#define BACK_NS 50000
/* And by so much one that was computed. */
#define CORRECTED_NS NS_PER_MS

/* Was another transmission of this segment matched, a later or an earlier one? */
static bool other_matched(const struct conversation *c, enum side from, size_t at, bool later)
{
	const struct event *e = &c->events[from][at];

	for (size_t i = later ? at + 1 : 0; i < (later ? c->n_events[from] : at); i++)
		if (event_is_sent(&c->events[from][i]) && c->events[from][i].other >= 0 &&
		    event_has_kind(&c->events[from][i], event_segment_kind(e), e->closing))
			return true;
	return false;
}

/* Was the other end there to see it, and would it have said so? */
static bool was_there(const struct conversation *c, enum side to, const struct event *sent)
{
	const struct chapter *ch = sent->closing ? &c->close[to] : &c->handshake[to];
	const struct event *last;

	if (!(sent->closing ? c->has_close[to] : c->has_handshake[to]) || ch->missing)
		return false;
	if (ch->open || !c->n_events[to])
		return true;
	last = &c->events[to][c->n_events[to] - 1];
	return !last->step.t_ns.known || !sent->step.t_ns.known ||
	       last->step.t_ns.value > sent->step.t_ns.value;
}

static enum fate fate_of(const struct conversation *c, enum side from, size_t i)
{
	const struct event *e = &c->events[from][i];

	if (e->step.segment.unsent)
		return FATE_UNSENT;
	if (!event_is_sent(e) || e->other >= 0 || e->fate != FATE_UNKNOWN ||
	    event_segment_kind(e) == KIND_ACK)
		return e->fate;
	if (other_matched(c, from, i, true))
		return FATE_LOST;
	/* who has it already does not record it again */
	if (other_matched(c, from, i, false))
		return FATE_UNKNOWN;
	return was_there(c, conversation_other(from), e) ? FATE_LOST : FATE_UNKNOWN;
}

static void count(struct lost *lost, const struct event *e)
{
	lost->dropped += e->fate == FATE_DROPPED;
	if (e->fate != FATE_LOST)
		return;
	switch (event_segment_kind(e)) {
	case KIND_SYN:
		lost->syn++;
		break;
	case KIND_SYNACK:
		lost->synack++;
		break;
	case KIND_FIN:
		lost->fin++;
		break;
	case KIND_RST:
		lost->rst++;
		break;
	default:
		lost->ack++;
		break;
	}
}

/* The SYN whose arrival was computed: it comes when the SYN,ACK leaves. */
static void move_syn(struct conversation *c, int64_t from_ns, struct maybe to)
{
	for (size_t i = 0; i < c->n_events[SERVER]; i++) {
		struct event *syn = &c->events[SERVER][i];

		if (event_segment_kind(syn) == KIND_SYN && syn->step.derived &&
		    syn->step.t_ns.known && syn->step.t_ns.value == from_ns)
			syn->step.t_ns = to;
	}
}

/*
 * A time that was computed is not more certain than what the other end saw: no segment arrives before it leaves.  If it
 * is more than the computed one may be wrong by, it is the clock that is.
 */
static void correct(struct conversation *c, enum side from, struct event *e)
{
	struct event *received;
	int64_t back_ns;

	if (!event_is_sent(e) || e->other < 0)
		return;
	received = &c->events[conversation_other(from)][e->other];
	if (!e->step.t_ns.known || !received->step.t_ns.known ||
	    __builtin_sub_overflow(e->step.t_ns.value, received->step.t_ns.value, &back_ns) ||
	    back_ns <= 0 || back_ns >= CORRECTED_NS)
		return;
	if (e->step.derived) {
		if (event_segment_kind(e) == KIND_SYNACK)
			move_syn(c, e->step.t_ns.value, received->step.t_ns);
		e->step.t_ns = received->step.t_ns;
	} else if (received->step.derived) {
		received->step.t_ns = e->step.t_ns;
	}
}

static void check_times(struct conversation *c, enum side from, const struct event *e)
{
	const struct event *received;

	if (!event_is_sent(e) || e->other < 0)
		return;
	received = &c->events[conversation_other(from)][e->other];
	c->back_in_time |= e->step.t_ns.known && received->step.t_ns.known &&
			   received->step.t_ns.value + BACK_NS < e->step.t_ns.value;
}

void conversation_judge(struct conversation *c)
{
	for (unsigned int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < c->n_events[side]; i++) {
			c->events[side][i].fate = fate_of(c, side, i);
			count(&c->lost[side], &c->events[side][i]);
			correct(c, side, &c->events[side][i]);
			check_times(c, side, &c->events[side][i]);
		}
}

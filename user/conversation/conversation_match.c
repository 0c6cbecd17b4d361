// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Which segment of the one end is which of the other.  A SYN, a SYN,ACK or a FIN that was sent several times is
 * recorded once by who receives it: what came is the last one that had left by then.
 */
#include "conversation_parts.h"

#include "base/clock.h"

/*
 * The hook on a retransmission runs after the segment has left, on the same host maybe after it has come; the kernel
 * retransmits after 200 ms at the earliest (TCP_RTO_MIN).
 */
#define TOLERANCE_NS NS_PER_MS

/* And half of that is more than what a delay varies by. */
#define PROMPT_NS (100 * NS_PER_MS)

struct matching {
	struct conversation *c;
	int64_t tolerance_ns;
	/* the shortest time of a segment from this side to the other; 0: not known */
	int64_t delay_ns[SIDES];
};

static bool has_kind(const struct event *e, enum segment_kind kind, bool closing)
{
	return event_segment_kind(e) == kind && (kind == KIND_RST || e->closing == closing);
}

static void join(struct matching *m, enum side from, int sent, int received)
{
	struct event *a = &m->c->events[from][sent];
	struct event *b = &m->c->events[conversation_other(from)][received];

	a->other = received;
	b->other = sent;
	a->fate = b->kind == EVENT_DROP ? FATE_DROPPED : FATE_ARRIVED;
}

/* How long it took then, where both times are known. */
static struct maybe delay_of(struct maybe sent, struct maybe received)
{
	return known_if(sent.known && received.known, received.value - sent.value);
}

/* May it have come by then?  Delays vary, but hardly by a quarter of the shortest one of the others. */
static bool may_have_come(const struct matching *m, enum side from, struct maybe delay)
{
	return !delay.known ||
	       delay.value + m->tolerance_ns >= m->delay_ns[from] - m->delay_ns[from] / 4;
}

/*
 * Is it as quick as the others, more or less?  A segment that is sent again leaves 200 ms (TCP_RTO_MIN) and a round trip
 * after the one before, or more.
 */
static bool is_prompt(const struct matching *m, enum side from, struct maybe delay)
{
	return delay.known && delay.value <= 2 * m->delay_ns[from] + PROMPT_NS;
}

/*
 * Of the segments that may be what was received: the first one that took no longer than the others did, for who has it
 * does not record a later one; without such a one, the last that had left.  The first if none may be; -1: there is none.
 */
static int find_sent(const struct matching *m, enum side from, const struct event *received,
		     enum segment_kind kind)
{
	const struct event *all = m->c->events[from];
	int first = -1, best = -1;

	for (int i = 0; i < (int)m->c->n_events[from]; i++) {
		struct maybe delay = delay_of(all[i].step.t_ns, received->step.t_ns);

		if (!event_is_sent(&all[i]) || all[i].other >= 0 ||
		    !has_kind(&all[i], kind, received->closing))
			continue;
		if (first < 0)
			first = i;
		if (!delay.known || !may_have_come(m, from, delay))
			continue;
		best = i;
		if (is_prompt(m, from, delay))
			break;
	}
	return best >= 0 ? best : first;
}

static void match_kind(struct matching *m, enum side from, enum segment_kind kind)
{
	enum side to = conversation_other(from);

	for (int i = 0; i < (int)m->c->n_events[to]; i++) {
		const struct event *e = &m->c->events[to][i];
		bool drop = e->kind == EVENT_DROP && kind == KIND_SYN;
		int sent;

		if (e->other >= 0 ||
		    (!drop && !(event_is_received(e) && has_kind(e, kind, e->closing))))
			continue;
		sent = find_sent(m, from, e, kind);
		if (sent >= 0)
			join(m, from, sent, i);
	}
}

/* The shortest delay of what was matched; what was sent once only cannot have been taken for another. */
static void measure(struct matching *m, enum side from)
{
	const struct conversation *c = m->c;

	m->delay_ns[from] = 0;
	for (size_t i = 0; i < c->n_events[from]; i++) {
		const struct event *a = &c->events[from][i], *b;
		int64_t delay;

		if (!event_is_sent(a) || a->other < 0 || a->step.segment.number > 1)
			continue;
		b = &c->events[conversation_other(from)][a->other];
		if (!a->step.t_ns.known || !b->step.t_ns.known || a->step.derived ||
		    b->step.derived)
			continue;
		delay = b->step.t_ns.value - a->step.t_ns.value;
		if (delay > 0 && (!m->delay_ns[from] || delay < m->delay_ns[from]))
			m->delay_ns[from] = delay;
	}
}

static void forget(struct conversation *c)
{
	for (unsigned int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < c->n_events[side]; i++) {
			c->events[side][i].other = -1;
			c->events[side][i].fate = FATE_UNKNOWN;
		}
}

static void match_all(struct matching *m)
{
	static const enum segment_kind kinds[] = { KIND_SYN, KIND_SYNACK, KIND_FIN, KIND_RST };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		match_kind(m, CLIENT, kinds[i]);
		match_kind(m, SERVER, kinds[i]);
	}
}

/*
 * Does an ACK that came then answer a later SYN,ACK or FIN of its receiver than the one that this ACK of the other end
 * answers?  Then that one was lost: it left before, and the later one had the time to go there and back.
 */
static bool answers_later(const struct matching *m, enum side from, const struct event *ack,
			  const struct event *received)
{
	enum side to = conversation_other(from);
	int64_t round_trip_ns = m->delay_ns[CLIENT] + m->delay_ns[SERVER];

	if (!ack->step.t_ns.known || !received->step.t_ns.known)
		return false;
	for (size_t i = 0; i < m->c->n_events[to]; i++) {
		const struct event *e = &m->c->events[to][i];

		if (event_is_sent(e) && e->step.segment.number > 1 && e->step.t_ns.known &&
		    has_kind(e, received->closing ? KIND_FIN : KIND_SYNACK, received->closing) &&
		    e->step.t_ns.value > ack->step.t_ns.value &&
		    e->step.t_ns.value + round_trip_ns / 2 <= received->step.t_ns.value)
			return true;
	}
	return false;
}

static bool same_number(struct maybe a, struct maybe b)
{
	return !a.known || !b.known || a.value == b.value;
}

static void match_ack(struct matching *m, enum side from, int received)
{
	struct event *e = &m->c->events[conversation_other(from)][received];
	struct event *all = m->c->events[from];

	for (int i = 0; i < (int)m->c->n_events[from]; i++) {
		if (!event_is_sent(&all[i]) || all[i].other >= 0 || all[i].fate == FATE_LOST ||
		    !has_kind(&all[i], KIND_ACK, e->closing) ||
		    !same_number(all[i].step.ack, e->step.ack) ||
		    !may_have_come(m, from, delay_of(all[i].step.t_ns, e->step.t_ns)))
			continue;
		if (answers_later(m, from, &all[i], e)) {
			all[i].fate = FATE_LOST;
			continue;
		}
		join(m, from, i, received);
		return;
	}
}

static void match_acks(struct matching *m, enum side from)
{
	enum side to = conversation_other(from);

	for (int i = 0; i < (int)m->c->n_events[to]; i++) {
		const struct event *e = &m->c->events[to][i];

		if (event_is_received(e) && has_kind(e, KIND_ACK, e->closing) && e->other < 0)
			match_ack(m, from, i);
	}
}

/* Was another transmission of this segment matched, from `at` on or before? */
static bool other_matched(const struct conversation *c, enum side from, size_t at, bool later)
{
	const struct event *e = &c->events[from][at];

	for (size_t i = later ? at + 1 : 0; i < (later ? c->n_events[from] : at); i++)
		if (event_is_sent(&c->events[from][i]) && c->events[from][i].other >= 0 &&
		    has_kind(&c->events[from][i], event_segment_kind(e), e->closing))
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

static void check_times(struct conversation *c, enum side from, const struct event *e)
{
	const struct event *received;

	if (!event_is_sent(e) || e->other < 0)
		return;
	received = &c->events[conversation_other(from)][e->other];
	c->back_in_time |= e->step.t_ns.known && received->step.t_ns.known &&
			   received->step.t_ns.value + TOLERANCE_NS < e->step.t_ns.value;
}

void conversation_match(struct conversation *c)
{
	struct matching m = { .c = c, .tolerance_ns = c->clock.uncertainty_ns + TOLERANCE_NS };

	/* without delays at first: they come of the segments that were sent once */
	forget(c);
	match_all(&m);
	measure(&m, CLIENT);
	measure(&m, SERVER);
	forget(c);
	match_all(&m);
	match_acks(&m, CLIENT);
	match_acks(&m, SERVER);
	for (unsigned int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < c->n_events[side]; i++) {
			c->events[side][i].fate = fate_of(c, side, i);
			count(&c->lost[side], &c->events[side][i]);
			check_times(c, side, &c->events[side][i]);
		}
}

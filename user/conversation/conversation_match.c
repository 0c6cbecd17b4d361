// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Which segment of the one end is which of the other.  A SYN, a SYN,ACK or a FIN that was sent several times is
 * recorded once by who receives it: find_sent() says which one came.
 */
#include "conversation_parts.h"

#include "base/clock.h"

/*
 * The hook on a retransmission runs after the segment has left, on the same host maybe after it has come; the kernel
 * retransmits after 200 ms at the earliest (TCP_RTO_MIN).
 */
#define TOLERANCE_NS NS_PER_MS

/* What a delay varies by, beside what is in proportion to it. */
#define JITTER_NS (2 * NS_PER_MS)

struct matching {
	struct conversation *c;
	int64_t tolerance_ns;
	/* the shortest time of a segment from this side to the other; 0: not known */
	int64_t delay_ns[SIDES];
};

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
 * Is it as quick as the others, more or less?  What is sent again leaves two round trips after the one before (a tail
 * loss probe), or later.
 */
static bool is_prompt(const struct matching *m, enum side from, struct maybe delay)
{
	return delay.known && delay.value <= 3 * m->delay_ns[from] + JITTER_NS;
}

/*
 * Of the segments that may be what was received: the first one that took no longer than the others did, for who has it
 * does not record a later one; without such a one, the last that had left, or may have; or the last of all.  -1: there
 * is none.
 */
static int find_sent(const struct matching *m, enum side from, const struct event *received,
		     enum segment_kind kind)
{
	const struct event *all = m->c->events[from];
	int last = -1, left = -1;

	for (int i = 0; i < (int)m->c->n_events[from]; i++) {
		struct maybe delay = delay_of(all[i].step.t_ns, received->step.t_ns);

		if (!event_is_sent(&all[i]) || all[i].other >= 0 ||
		    !event_has_kind(&all[i], kind, received->closing))
			continue;
		last = i;
		if (!may_have_come(m, from, delay))
			continue;
		left = i;
		if (is_prompt(m, from, delay))
			break;
	}
	return left >= 0 ? left : last;
}

/* An RST is not sent again: a later one answers something else. */
static bool is_same_rst(const struct matching *m, enum side from, int sent,
			const struct event *received)
{
	struct maybe delay = delay_of(m->c->events[from][sent].step.t_ns, received->step.t_ns);

	return !delay.known || delay.value <= NS_PER_S || is_prompt(m, from, delay);
}

static void match_kind(struct matching *m, enum side from, enum segment_kind kind)
{
	enum side to = conversation_other(from);

	for (int i = 0; i < (int)m->c->n_events[to]; i++) {
		const struct event *e = &m->c->events[to][i];
		bool drop = e->kind == EVENT_DROP && kind == KIND_SYN;
		int sent;

		if (e->other >= 0 ||
		    (!drop && !(event_is_received(e) && event_has_kind(e, kind, e->closing))))
			continue;
		sent = find_sent(m, from, e, kind);
		if (sent >= 0 && (kind != KIND_RST || is_same_rst(m, from, sent, e)))
			join(m, from, sent, i);
	}
}

static bool sent_once(const struct conversation *c, enum side side, enum segment_kind kind,
		      bool closing)
{
	unsigned int n = 0;

	for (size_t i = 0; i < c->n_events[side]; i++)
		n += event_is_sent(&c->events[side][i]) &&
		     event_has_kind(&c->events[side][i], kind, closing);
	return n == 1;
}

/* Was there no other that it can have been taken for?  An ACK also tells by what it answers. */
static bool is_certain(const struct conversation *c, enum side from, const struct event *sent)
{
	enum segment_kind kind = event_segment_kind(sent);

	return sent_once(c, from, kind, sent->closing) &&
	       (kind != KIND_ACK ||
		sent_once(c, conversation_other(from), sent->closing ? KIND_FIN : KIND_SYNACK,
			  sent->closing));
}

/* The shortest delay of what was matched and is certain. */
static void measure(struct matching *m, enum side from)
{
	const struct conversation *c = m->c;

	m->delay_ns[from] = 0;
	for (size_t i = 0; i < c->n_events[from]; i++) {
		const struct event *a = &c->events[from][i];
		struct maybe delay;

		if (!event_is_sent(a) || a->other < 0 || event_segment_kind(a) == KIND_RST ||
		    !is_certain(c, from, a))
			continue;
		delay = delay_of(a->step.t_ns,
				 c->events[conversation_other(from)][a->other].step.t_ns);
		if (delay.known && delay.value > 0 &&
		    (!m->delay_ns[from] || delay.value < m->delay_ns[from]))
			m->delay_ns[from] = delay.value;
	}
}

/* Where one way has nothing certain, the other one is the best guess. */
static void measure_both(struct matching *m)
{
	measure(m, CLIENT);
	measure(m, SERVER);
	for (unsigned int side = 0; side < SIDES; side++)
		if (!m->delay_ns[side])
			m->delay_ns[side] = m->delay_ns[!side];
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

	if (!ack->step.t_ns.known || !received->step.t_ns.known ||
	    is_prompt(m, from, delay_of(ack->step.t_ns, received->step.t_ns)))
		return false;
	for (size_t i = 0; i < m->c->n_events[to]; i++) {
		const struct event *e = &m->c->events[to][i];

		if (event_is_sent(e) && e->step.segment.number > 1 && e->step.t_ns.known &&
		    event_has_kind(e, received->closing ? KIND_FIN : KIND_SYNACK,
				   received->closing) &&
		    e->step.t_ns.value > ack->step.t_ns.value &&
		    e->step.t_ns.value + round_trip_ns - round_trip_ns / 4 <=
			    received->step.t_ns.value)
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
		    !event_has_kind(&all[i], KIND_ACK, e->closing) ||
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

		if (event_is_received(e) && event_has_kind(e, KIND_ACK, e->closing) && e->other < 0)
			match_ack(m, from, i);
	}
}

static void match_everything(struct matching *m)
{
	forget(m->c);
	match_all(m);
	match_acks(m, CLIENT);
	match_acks(m, SERVER);
}

void conversation_match(struct conversation *c)
{
	struct matching m = { .c = c, .tolerance_ns = c->clock.uncertainty_ns + TOLERANCE_NS };

	/* without delays at first: they come of the segments that were sent once */
	match_everything(&m);
	measure_both(&m);
	match_everything(&m);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Whose time it was: from event to event along the way on which the connection was opened or closed, each span belongs
 * to one part.  A part that would end before it begins, by the inaccuracy of the clocks, is 0.
 */
#include "conversation_parts.h"

struct way {
	const struct conversation *c;
	struct parts *parts;
	struct maybe begin, now;
	bool broken;
};

/* Goes on to a later moment, and adds the time until then to a part. */
static void go(struct way *w, struct maybe to, int64_t *part)
{
	if (!to.known || !w->now.known) {
		w->broken = true;
		return;
	}
	if (to.value > w->now.value) {
		*part += to.value - w->now.value;
		w->now = to;
	}
}

static void start(struct way *w, struct maybe at)
{
	w->parts->split = true;
	w->begin = w->now = at;
	w->broken = !at.known;
}

static void finish(struct way *w)
{
	if (w->broken)
		*w->parts = (struct parts){ 0 };
	else
		w->parts->total_ns = known(w->now.value - w->begin.value);
}

/* The first segment of a kind that this side sends, or gets; NULL: there is none. */
static const struct event *find(const struct conversation *c, enum side side, bool sent,
				enum segment_kind kind, bool closing)
{
	for (size_t i = 0; i < c->n_events[side]; i++) {
		const struct event *e = &c->events[side][i];

		if ((sent ? event_is_sent(e) : event_is_received(e)) && e->closing == closing &&
		    event_segment_kind(e) == kind)
			return e;
	}
	return NULL;
}

/* When it left: of a segment that this side got. */
static struct maybe left_at(const struct conversation *c, enum side side,
			    const struct event *received)
{
	if (received->other < 0)
		return (struct maybe){ 0 };
	return c->events[conversation_other(side)][received->other].step.t_ns;
}

/* The way of a segment of `from`, from its first transmission to its arrival, which may be of a later one. */
static bool cross(struct way *w, enum side from, enum segment_kind kind, bool closing)
{
	enum side to = conversation_other(from);
	const struct event *first = find(w->c, from, true, kind, closing);
	const struct event *received = find(w->c, to, false, kind, closing);

	if (!first || !received)
		return false;
	/* the first one is sent after what the sender got last: that was its own time */
	go(w, left_at(w->c, to, received), &w->parts->retransmission_ns);
	go(w, received->step.t_ns, from == CLIENT ? &w->parts->there_ns : &w->parts->back_ns);
	return true;
}

static const struct event *find_accept(const struct conversation *c)
{
	for (size_t i = 0; i < c->n_events[SERVER]; i++)
		if (c->events[SERVER][i].kind == EVENT_ACCEPT)
			return &c->events[SERVER][i];
	return NULL;
}

/*
 * The ACK that came answers a later SYN,ACK or FIN if the one that was recorded was lost: that took the time between.
 * Of one that came and whose sender is not known to have sent it then, nobody can tell.
 */
static void cross_ack(struct way *w, enum side from, bool closing)
{
	enum side to = conversation_other(from);
	const struct event *received = find(w->c, to, false, KIND_ACK, closing);
	const struct event *sent = find(w->c, from, true, KIND_ACK, closing);
	int64_t *network = from == CLIENT ? &w->parts->there_ns : &w->parts->back_ns;

	if (received && sent && sent->fate == FATE_LOST)
		go(w, received->step.t_ns, &w->parts->retransmission_ns);
	else if (received && received->other >= 0)
		go(w, received->step.t_ns, network);
	else
		w->broken = true;
}

static void split_opening(struct conversation *c)
{
	struct way w = { .c = c, .parts = &c->open };
	const struct event *syn = find(c, CLIENT, true, KIND_SYN, false), *accept = find_accept(c);

	if (!syn)
		return;
	start(&w, syn->step.t_ns);
	if (!cross(&w, CLIENT, KIND_SYN, false) || !cross(&w, SERVER, KIND_SYNACK, false))
		return;
	cross_ack(&w, CLIENT, false);
	if (accept)
		go(&w, accept->step.t_ns, &c->open.accept_queue_ns);
	finish(&w);
}

/* Who sent the first FIN, if both ends agree on it or only one knows it; SIDES: nobody, or both at once. */
static enum side first_closer(const struct conversation *c)
{
	const enum first_closer by_client = c->has_close[CLIENT]
						    ? c->close[CLIENT].close.first_closer
						    : CLOSER_UNKNOWN;
	const enum first_closer by_server = c->has_close[SERVER]
						    ? c->close[SERVER].close.first_closer
						    : CLOSER_UNKNOWN;

	if (by_client == CLOSER_LOCAL && by_server == CLOSER_REMOTE)
		return CLIENT;
	if (by_server == CLOSER_LOCAL && by_client == CLOSER_REMOTE)
		return SERVER;
	return SIDES;
}

/* Both close at once: from the first FIN to the last segment of them. */
static void span_of_both(struct conversation *c)
{
	struct maybe begin = { 0 }, end = { 0 };

	for (unsigned int side = 0; side < SIDES; side++) {
		if (!c->has_close[side] || c->close[side].close.first_closer != CLOSER_BOTH ||
		    c->close[side].open)
			return;
		for (size_t i = 0; i < c->n_events[side]; i++) {
			struct maybe t = c->events[side][i].step.t_ns;

			if (!c->events[side][i].closing)
				continue;
			/* it may be the first one */
			if (!t.known)
				return;
			if (!begin.known || t.value < begin.value)
				begin = t;
			if (!end.known || t.value > end.value)
				end = t;
		}
	}
	c->finish.total_ns = known_if(begin.known && end.known, end.value - begin.value);
}

static void split_close(struct conversation *c)
{
	enum side first = first_closer(c), second;
	struct way w = { .c = c, .parts = &c->finish };
	const struct event *fin, *answer;

	if (first == SIDES) {
		span_of_both(c);
		return;
	}
	second = conversation_other(first);
	fin = find(c, first, true, KIND_FIN, true);
	answer = find(c, second, true, KIND_FIN, true);
	if (!fin || !answer)
		return;
	start(&w, fin->step.t_ns);
	if (!cross(&w, first, KIND_FIN, true))
		return;
	go(&w, answer->step.t_ns, second == SERVER ? &c->finish.server_ns : &c->finish.client_ns);
	if (!cross(&w, second, KIND_FIN, true)) {
		c->finish = (struct parts){ 0 };
		return;
	}
	cross_ack(&w, first, true);
	finish(&w);
}

void conversation_split(struct conversation *c)
{
	split_opening(c);
	split_close(c);
}

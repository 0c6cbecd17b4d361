// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "conversation_parts.h"

#include <linux/bpf.h>
#include <string.h>

#include "base/number.h"
#include "chapter/cause.h"
#include "shared/diary_read.h"

static int64_t minus(int64_t a, int64_t b)
{
	return number_add(a, b == INT64_MIN ? INT64_MAX : -b);
}

static void set_chapters(struct conversation *c, enum side side, const struct end *end,
			 const struct slow_limits *slow)
{
	const struct record *r = &end->record;

	c->has_handshake[side] = chapter_handshake_seen(r);
	if (c->has_handshake[side]) {
		chapter_handshake(&c->handshake[side], &r->h, end->has_close ? 0 : end->now_ns);
		chapter_set_cause(&c->handshake[side], slow);
	}
	c->has_close[side] = end->has_close;
	if (c->has_close[side]) {
		chapter_close(&c->close[side], r, end->now_ns);
		person_set(&c->close[side].holder, &end->holder);
		chapter_set_cause(&c->close[side], slow);
	}
	/* where neither is known, the handshake has the addresses and the owner at least */
	if (!c->has_handshake[side] && !c->has_close[side])
		chapter_handshake(&c->handshake[side], &r->h, 0);
}

const struct chapter *conversation_end(const struct conversation *c, enum side side)
{
	return c->has_handshake[side] || !c->has_close[side] ? &c->handshake[side]
							     : &c->close[side];
}

static struct event *add_event(struct conversation *c, enum side side)
{
	size_t n = c->n_events[side];
	struct event *e = &c->events[side][n < EVENTS_MAX ? n : EVENTS_MAX - 1];

	if (n < EVENTS_MAX)
		c->n_events[side]++;
	*e = (struct event){ .other = -1 };
	return e;
}

/* Steps with their times by the clock of the client, not yet counted from the beginning. */
static void add_steps(struct conversation *c, enum side side, const struct chapter *ch,
		      int64_t add_ns)
{
	for (size_t i = 0; i < chapter_step_count(ch); i++) {
		struct event *e = add_event(c, side);
		struct maybe *t = &e->step.t_ns;

		e->step = ch->steps[i];
		e->closing = ch->type == CHAPTER_CLOSE;
		t->known = t->known && ch->t_ns.known;
		if (t->known)
			t->value = number_add(number_add(ch->t_ns.value, t->value), add_ns);
	}
}

/*
 * A SYN whose arrival no hook shows came when it was answered: both are done by one run of the softirq
 * (tcp_conn_request() in net/ipv4/tcp_input.c).
 */
static void set_arrival_of_syn(struct conversation *c)
{
	struct event *e = c->events[SERVER];

	if (c->n_events[SERVER] < 2 || e[0].step.t_ns.known || !event_is_received(&e[0]) ||
	    event_segment_kind(&e[0]) != KIND_SYN || event_segment_kind(&e[1]) != KIND_SYNACK)
		return;
	e[0].step.t_ns = e[1].step.t_ns;
	e[0].step.derived = true;
}

/* Puts an event behind the last one that is not later, and into its state. */
static struct event *insert_event(struct conversation *c, enum side side, int64_t t_ns)
{
	struct event *all = c->events[side];
	size_t at = 0, n;
	uint8_t state;

	add_event(c, side);
	n = c->n_events[side] - 1;
	for (size_t i = 0; i < n; i++)
		if (all[i].step.t_ns.known && all[i].step.t_ns.value <= t_ns)
			at = i + 1;
	state = at ? all[at - 1].step.to : BPF_TCP_LISTEN;
	memmove(&all[at + 1], &all[at], (n - at) * sizeof(*all));
	all[at] = (struct event){ .other = -1,
				  .step = { .t_ns = known(t_ns), .from = state, .to = state } };
	return &all[at];
}

static void add_accept(struct conversation *c, const struct end *server, int64_t add_ns)
{
	const struct handshake_part *h = &server->record.h;
	uint64_t end_ns = diary_handshake_end_ns(h), t_ns = h->accept_ns;
	struct event *e;

	if (!t_ns || !(h->flags & HANDSHAKE_ESTABLISHED) || t_ns > INT64_MAX || end_ns > INT64_MAX)
		return;
	/* the clocks of two processors may differ by some ns */
	if (t_ns < end_ns)
		t_ns = end_ns;
	e = insert_event(c, SERVER, number_add((int64_t)t_ns, add_ns));
	e->kind = EVENT_ACCEPT;
}

static void add_drops(struct conversation *c, const struct end *server, int64_t add_ns)
{
	for (unsigned int i = 0; i < server->n_drops && i < END_DROPS; i++) {
		struct event *e;

		if (server->drop_ns[i] > INT64_MAX)
			continue;
		e = insert_event(c, SERVER, number_add((int64_t)server->drop_ns[i], add_ns));
		e->kind = EVENT_DROP;
		e->step.segment = (struct segment){ .flags = SEGMENT_SYN };
	}
}

/* Later times are of a damaged recording, and sums of them may not fit: they are not known. */
#define SPAN_MAX (INT64_MAX / 16)

/* The times count from the first one. */
static void set_begin(struct conversation *c)
{
	struct maybe first = { 0 };

	for (unsigned int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < c->n_events[side]; i++) {
			struct maybe t = c->events[side][i].step.t_ns;

			if (t.known && (!first.known || t.value < first.value))
				first = t;
		}
	c->begin_ns = first.value;
	for (unsigned int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < c->n_events[side]; i++) {
			struct maybe *t = &c->events[side][i].step.t_ns;

			if (t->known)
				t->value = minus(t->value, c->begin_ns);
			if (t->value > SPAN_MAX || t->value < -SPAN_MAX)
				*t = (struct maybe){ 0 };
		}
}

/*
 * "The peer sent an RST": the other end says why it did.  i: in the order of set_cause(), of which the last two are the
 * closes of the server and of the client.
 */
static bool says_other(const struct conversation *c, size_t i, const bool has[4])
{
	const struct chapter *closes[] = { &c->close[SERVER], &c->close[CLIENT] };

	return i >= 2 && closes[i - 2]->cause == CAUSE_PEER_RESET && has[5 - i] &&
	       closes[3 - i]->cause != CAUSE_NONE && closes[3 - i]->cause != CAUSE_PEER_RESET;
}

/* What was seen at both ends is more certain than what one of them tells by itself. */
static void set_cause(struct conversation *c)
{
	const struct lost *there = &c->lost[CLIENT], *back = &c->lost[SERVER];
	const struct chapter *in_order[] = { &c->handshake[CLIENT], &c->handshake[SERVER],
					     &c->close[SERVER], &c->close[CLIENT] };
	const bool has[] = { c->has_handshake[CLIENT], c->has_handshake[SERVER],
			     c->has_close[SERVER], c->has_close[CLIENT] };

	c->cause = there->dropped ? CAUSE_QUEUE_FULL
		   : there->syn	  ? CAUSE_SYN_LOST
		   : back->synack ? CAUSE_SYNACK_LOST
				  : CAUSE_NONE;
	for (size_t i = 0; i < 4 && c->cause == CAUSE_NONE; i++) {
		if (!has[i] || in_order[i]->cause == CAUSE_NONE || says_other(c, i, has))
			continue;
		c->cause = in_order[i]->cause;
		c->why = in_order[i];
	}
	if (c->cause == CAUSE_NONE && (there->fin || back->fin))
		c->cause = CAUSE_FIN_LOST;
	if (c->cause == CAUSE_FIN_LOST && (there->fin || back->fin))
		c->why = NULL;
}

void conversation_set(struct conversation *c, const struct end *client, const struct end *server,
		      const struct conversation_context *with)
{
	int64_t add_ns = 0;

	memset(c, 0, sizeof(*c));
	c->matched = with->matched;
	c->clock = clocks_offset(with->clocks, client->host, server->host);
	c->drops_seen = clocks_host_sees_drops(with->clocks, server->host);
	c->one_host = client->host == server->host;
	c->host_name[CLIENT] = clocks_host_name(with->clocks, client->host);
	c->host_name[SERVER] = clocks_host_name(with->clocks, server->host);
	if (!c->one_host)
		add_ns = minus(minus(server->clock_offset_ns, client->clock_offset_ns),
			       c->clock.ns);
	set_chapters(c, CLIENT, client, with->slow);
	set_chapters(c, SERVER, server, with->slow);
	for (unsigned int side = 0; side < SIDES; side++) {
		int64_t add = side == SERVER ? add_ns : 0;

		if (c->has_handshake[side])
			add_steps(c, side, &c->handshake[side], add);
		if (c->has_close[side])
			add_steps(c, side, &c->close[side], add);
	}
	set_arrival_of_syn(c);
	add_accept(c, server, add_ns);
	add_drops(c, server, add_ns);
	set_begin(c);
	conversation_match(c);
	conversation_judge(c);
	if (!c->clock.unknown)
		conversation_split(c);
	set_cause(c);
}

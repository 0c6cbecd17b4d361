// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "top_conns.h"

#include <stdlib.h>
#include <string.h>

/* NULL: there is no memory, or nothing to pack. */
static struct top_packed *pack(const struct chapter *ch)
{
	struct top_packed *to;
	size_t size;

	if (!ch)
		return NULL;
	size = offsetof(struct chapter, steps) + chapter_step_count(ch) * sizeof(ch->steps[0]);
	to = malloc(sizeof(*to) + size);
	if (!to)
		return NULL;
	to->size = size;
	memcpy(to->bytes, ch, size);
	return to;
}

bool top_unpack(struct chapter *to, const struct top_packed *from)
{
	*to = (struct chapter){ 0 };
	if (from)
		memcpy(to, from->bytes, from->size);
	return from;
}

static void forget(struct top_conn *conn)
{
	free(conn->handshake);
	free(conn->close);
	*conn = (struct top_conn){ 0 };
}

static void set(struct top_conn *to, const struct chapter *handshake, const struct chapter *ch)
{
	bool close = ch->type == CHAPTER_CLOSE;

	forget(to);
	to->conn = ch->conn;
	to->handshake = pack(close ? handshake : ch);
	to->close = close ? pack(ch) : NULL;
}

static bool is_trouble(const struct chapter *ch)
{
	if (ch->cause != CAUSE_NONE)
		return true;
	return ch->type == CHAPTER_CLOSE ? ch->close.ending != ENDING_GRACEFUL
					 : ch->handshake.outcome != OUTCOME_ESTABLISHED;
}

static bool has_room(struct top_conns *c, const struct chapter *ch)
{
	int64_t pid = ch->holder.pid.known ? ch->holder.pid.value : ch->owner.pid.value;
	uint16_t *counter = &c->counters[(uint64_t)pid % TOP_COUNTERS];

	if (c->n_open >= TOP_OPEN_MAX || *counter >= TOP_OPEN_EACH)
		return false;
	++*counter;
	return true;
}

void top_conns_add(struct top_conns *c, const struct chapter *handshake, const struct chapter *ch)
{
	struct top_conn *recent = &c->recent[ch->conn % TOP_RECENT];

	if (ch->open) {
		if (has_room(c, ch))
			set(&c->open[c->n_open++], handshake, ch);
		return;
	}
	if (!is_trouble(ch)) {
		set(recent, handshake, ch);
		return;
	}
	if (recent->conn == ch->conn)
		forget(recent);
	set(&c->troubles[c->next_trouble++ % TOP_TROUBLES], handshake, ch);
}

void top_conns_open_begin(struct top_conns *c)
{
	for (size_t i = 0; i < c->n_open; i++)
		forget(&c->open[i]);
	c->n_open = 0;
	memset(c->counters, 0, sizeof(c->counters));
}

void top_conns_free(struct top_conns *c)
{
	top_conns_open_begin(c);
	for (size_t i = 0; i < TOP_RECENT; i++)
		forget(&c->recent[i]);
	for (size_t i = 0; i < TOP_TROUBLES; i++)
		forget(&c->troubles[i]);
}

static bool is_any(const struct top_conn *conn)
{
	return conn->handshake || conn->close;
}

static const struct top_conn *find_in(const struct top_conn *conns, size_t n, uint64_t conn)
{
	for (size_t i = n; i--;)
		if (conns[i].conn == conn && is_any(&conns[i]))
			return &conns[i];
	return NULL;
}

const struct top_conn *top_conns_find(const struct top_conns *c, uint64_t conn)
{
	return find_in(c->open, c->n_open, conn)
		       ?: find_in(c->troubles, TOP_TROUBLES, conn)
				  ?: find_in(&c->recent[conn % TOP_RECENT], 1, conn);
}

static void each_of(const struct top_conns *c, const struct top_conn *conns, size_t n,
		    void (*each)(void *ctx, const struct top_conn *conn), void *ctx)
{
	for (size_t i = 0; i < n; i++)
		if (is_any(&conns[i]) && top_conns_find(c, conns[i].conn) == &conns[i])
			each(ctx, &conns[i]);
}

void top_conns_each(const struct top_conns *c, void (*each)(void *ctx, const struct top_conn *conn),
		    void *ctx)
{
	each_of(c, c->open, c->n_open, each, ctx);
	each_of(c, c->troubles, TOP_TROUBLES, each, ctx);
	each_of(c, c->recent, TOP_RECENT, each, ctx);
}

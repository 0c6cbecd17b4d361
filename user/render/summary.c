// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "summary.h"

#include <stdlib.h>
#include <string.h>

#include "chapter/attempt.h"
#include "summary_by.h"

/* An open hash table: a power of two, at most half full. */
#define SLOTS (2 * SUMMARY_ROWS)

struct summary {
	struct totals totals;
	struct summary_by *by;	   /* NULL: without --by */
	size_t width;		   /* of the text with --by */
	uint64_t open_connections; /* those of totals.connections that are open */
	uint64_t open_before;	   /* in the traces before this one */
	bool has_established;
	size_t n_rows;
	struct summary_row *slots[SLOTS];
	struct summary_row other;
};

struct summary *summary_create(void)
{
	struct summary *s = calloc(1, sizeof(*s));

	if (s)
		s->other.other = true;
	return s;
}

bool summary_group(struct summary *s, const struct by *by)
{
	s->by = summary_by_create(by);
	return s->by;
}

void summary_set_width(struct summary *s, size_t width)
{
	s->width = width;
}

size_t summary_width(const struct summary *s)
{
	return s->width;
}

void summary_set_paths(struct summary *s, const struct summary_paths *paths)
{
	if (s->by)
		summary_by_set_paths(s->by, paths);
}

static void free_latencies(struct summary_row *row)
{
	histogram_free(&row->connect);
	histogram_free(&row->close);
}

void summary_reset(struct summary *s)
{
	struct summary_by *by = s->by;
	size_t width = s->width;

	for (size_t i = 0; i < SLOTS; i++) {
		if (s->slots[i])
			free_latencies(s->slots[i]);
		free(s->slots[i]);
	}
	free_latencies(&s->other);
	memset(s, 0, sizeof(*s));
	s->other.other = true;
	s->by = by;
	s->width = width;
	if (by)
		summary_by_reset(by);
}

void summary_destroy(struct summary *s)
{
	if (!s)
		return;
	summary_reset(s);
	summary_by_destroy(s->by);
	free(s);
}

static bool same_port(struct maybe a, struct maybe b)
{
	return a.known == b.known && (!a.known || a.value == b.value);
}

static struct summary_row *find_row_of(struct summary *s, enum role role, struct maybe port)
{
	uint32_t key = port.known ? (uint32_t)port.value : UINT32_MAX;
	/* Fibonacci hashing: neighbouring ports spread over the table */
	uint32_t at = ((key * 4 + (uint32_t)role) * 2654435769U) >> 16;
	struct summary_row *row;

	while ((row = s->slots[at % SLOTS])) {
		if (row->role == role && same_port(row->port, port))
			return row;
		at++;
	}
	if (s->n_rows >= SUMMARY_ROWS)
		return &s->other;
	row = calloc(1, sizeof(*row));
	if (!row)
		return &s->other;
	row->role = role;
	row->port = port;
	s->slots[at % SLOTS] = row;
	s->n_rows++;
	return row;
}

static struct summary_row *find_row(struct summary *s, const struct chapter *ch)
{
	enum role role = ch->role == ROLE_CLIENT || ch->role == ROLE_SERVER ? ch->role
									    : ROLE_UNKNOWN;

	return find_row_of(s, role, summary_port(ch));
}

static struct histogram *add_handshake(struct summary *s, const struct chapter *ch, uint64_t n)
{
	unsigned int outcome = ch->handshake.outcome;
	struct summary_row *row = find_row(s, ch);

	s->totals.handshakes += n;
	if (outcome < OUTCOMES)
		s->totals.outcomes[outcome] += n;
	if (outcome == OUTCOME_ESTABLISHED)
		return &row->connect;
	/* how long a failure took says nothing of how long a handshake takes */
	if (ch->no_socket && outcome < OUTCOMES)
		row->attempts[outcome] += n;
	else if (outcome != OUTCOME_UNKNOWN)
		row->failed += n;
	return NULL;
}

static struct histogram *add_close(struct summary *s, const struct chapter *ch, uint64_t n)
{
	s->totals.closes += n;
	if ((unsigned int)ch->close.ending < ENDINGS)
		s->totals.endings[ch->close.ending] += n;
	return &find_row(s, ch)->close;
}

/* Is this the chapter that its connection is counted by?  See summary.h. */
static bool counts_connection(const struct chapter *ch)
{
	if (ch->type == CHAPTER_HANDSHAKE || ch->missing == MISSING_TABLE_FULL)
		return ch->type == CHAPTER_HANDSHAKE;
	return ch->alone || (ch->missing != MISSING_NOTHING && ch->role == ROLE_UNKNOWN);
}

/* Counts n chapters.  Returns the histogram for their latency, or NULL. */
static struct histogram *add(struct summary *s, const struct chapter *ch, uint64_t n)
{
	if (counts_connection(ch)) {
		s->totals.connections += n;
		s->open_connections += ch->open ? n : 0;
	}
	if (ch->missing == MISSING_EVENTS_LOST && !ch->open)
		s->totals.incomplete += n;
	if (ch->open) {
		s->totals.open += n;
		return NULL;
	}
	return ch->type == CHAPTER_CLOSE ? add_close(s, ch, n) : add_handshake(s, ch, n);
}

void summary_add(struct summary *s, const struct chapter *ch)
{
	struct maybe ns = ch->type == CHAPTER_CLOSE ? ch->close.close_ns
						    : ch->handshake.handshake_ns;
	struct histogram *h = add(s, ch, 1);

	if (s->by)
		summary_by_add(s->by, ch, counts_connection(ch));
	/* a connection that one RST ends takes no time to close, which is not a latency */
	if (h && ns.known && ns.value > 0)
		histogram_add(h, (uint64_t)ns.value);
}

void summary_add_tally(struct summary *s, const struct chapter *ch, unsigned int bucket, uint64_t n,
		       uint64_t max_ns)
{
	struct histogram *h = add(s, ch, n);

	if (s->by)
		summary_by_add_tally(s->by, ch, counts_connection(ch), bucket, n, max_ns);
	if (h)
		histogram_add_bucket(h, bucket, n, max_ns);
}

void summary_add_counted(struct summary *s, const struct item_counted *c)
{
	enum outcome outcome = attempt_counted(c->attempt);
	const struct chapter ch = {
		.type = CHAPTER_HANDSHAKE,
		.role = ROLE_SERVER,
		.netns = c->netns,
		.local_port = known_if(c->ports == 1, c->port),
		.no_socket = true,
		.handshake.outcome = outcome,
	};

	if (s->by)
		summary_by_add_tally(s->by, &ch, true, BUCKET_NONE, c->n, 0);
	s->totals.connections += c->n;
	s->totals.handshakes += c->n;
	s->totals.counted += c->n;
	s->totals.outcomes[outcome] += c->n;
	find_row(s, &ch)->attempts[outcome] += c->n;
}

void summary_open_begin(struct summary *s)
{
	s->totals.open = s->open_before;
	s->totals.connections -= s->open_connections;
	s->open_connections = 0;
	if (s->by)
		summary_by_open_begin(s->by);
}

void summary_next_trace(struct summary *s)
{
	s->open_before = s->totals.open;
	s->open_connections = 0;
	if (s->by)
		summary_by_next_trace(s->by);
}

void summary_add_open(struct summary *s, const struct chapter *ch)
{
	s->totals.open++;
	if (s->by)
		summary_by_add_open(s->by, ch);
}

void summary_make_room(struct summary *s)
{
	if (s->by)
		summary_by_make_room(s->by);
}

const struct summary_by *summary_grouped(const struct summary *s)
{
	return s->by;
}

void summary_set_established(struct summary *s, struct maybe n)
{
	const struct maybe *before = &s->totals.established;

	if (s->has_established)
		n.known &= before->known &&
			   !__builtin_add_overflow(before->value, n.value, &n.value);
	s->totals.established = n;
	s->has_established = true;
}

void summary_totals(const struct summary *s, struct totals *t)
{
	uint64_t events_lost = t->events_lost, table_full = t->table_full;

	*t = s->totals;
	t->events_lost = events_lost;
	t->table_full = table_full;
}

static uint64_t row_weight(const struct summary_row *row)
{
	uint64_t weight = row->connect.total + row->close.total + row->failed;

	for (unsigned int i = 0; i < OUTCOMES; i++)
		weight += row->attempts[i];
	return weight;
}

/* The busiest first, then by role and port, so that a trace always gives the same table. */
static int compare_rows(const void *a, const void *b)
{
	const struct summary_row *x = *(struct summary_row *const *)a,
				 *y = *(struct summary_row *const *)b;
	uint64_t wx = row_weight(x), wy = row_weight(y);

	if (wx != wy)
		return wx < wy ? 1 : -1;
	if (x->role != y->role)
		return x->role < y->role ? -1 : 1;
	if (x->port.known != y->port.known)
		return x->port.known ? -1 : 1;
	return (x->port.value > y->port.value) - (x->port.value < y->port.value);
}

void summary_rows(const struct summary *s, void (*row)(void *ctx, const struct summary_row *r),
		  void *ctx)
{
	const struct summary_row *rows[SUMMARY_ROWS];
	size_t n = 0;

	for (size_t i = 0; i < SLOTS; i++)
		if (s->slots[i])
			rows[n++] = s->slots[i];
	qsort(rows, n, sizeof(rows[0]), compare_rows);
	for (size_t i = 0; i < n; i++)
		row(ctx, rows[i]);
	if (row_weight(&s->other))
		row(ctx, &s->other);
}

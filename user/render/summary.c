// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chapter/attempt.h"
#include "chapter/names.h"
#include "base/message.h"
#include "base/number.h"
#include "base/text.h"

/* An open hash table: a power of two, at most half full. */
#define SLOTS (2 * SUMMARY_ROWS)

struct summary {
	struct totals totals;
	uint64_t open_connections; /* those of totals.connections that are open */
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

void summary_reset(struct summary *s)
{
	for (size_t i = 0; i < SLOTS; i++)
		free(s->slots[i]);
	memset(s, 0, sizeof(*s));
	s->other.other = true;
}

void summary_destroy(struct summary *s)
{
	if (!s)
		return;
	summary_reset(s);
	free(s);
}

static struct maybe service_port(const struct chapter *ch)
{
	if (ch->role == ROLE_CLIENT)
		return ch->remote_port;
	if (ch->role == ROLE_SERVER)
		return ch->local_port;
	return (struct maybe){ 0 };
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

	return find_row_of(s, role, service_port(ch));
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

	/* a connection that one RST ends takes no time to close, which is not a latency */
	if (h && ns.known && ns.value > 0)
		histogram_add(h, (uint64_t)ns.value);
}

void summary_add_tally(struct summary *s, const struct chapter *ch, unsigned int bucket, uint64_t n,
		       uint64_t max_ns)
{
	struct histogram *h = add(s, ch, n);

	if (h)
		histogram_add_bucket(h, bucket, n, max_ns);
}

void summary_add_counted(struct summary *s, const struct item_counted *c)
{
	enum outcome outcome = attempt_counted(c->attempt);

	s->totals.connections += c->n;
	s->totals.handshakes += c->n;
	s->totals.counted += c->n;
	s->totals.outcomes[outcome] += c->n;
	find_row_of(s, ROLE_SERVER, known_if(c->ports == 1, c->port))->attempts[outcome] += c->n;
}

void summary_open_begin(struct summary *s)
{
	s->totals.open = 0;
	s->totals.connections -= s->open_connections;
	s->open_connections = 0;
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

static void print_latency(FILE *out, const char *role, const char *port, const char *what,
			  const struct histogram *h)
{
	static const unsigned int percents[] = { 50, 90, 99, 100 };
	char ms[32];

	if (!h->total)
		return;
	fprintf(out, "%-6s %-5s %-7s %9" PRIu64, role, port, what, h->total);
	for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
		uint64_t ns = histogram_percentile(h, percents[i]);

		fprintf(out, " %11s", text_ms(ms, (struct maybe){ true, (int64_t)ns }));
	}
	fputc('\n', out);
}

static void print_row(void *ctx, const struct summary_row *row)
{
	const char *role = row->other ? NULL : name_role(row->role);
	char port[NUMBER_MAX + 1] = "-";
	FILE *out = ctx;

	if (row->other)
		memcpy(port, "other", 6);
	else if (row->port.known)
		port[number_uint(port, (uint64_t)row->port.value)] = '\0';
	if (!role)
		role = "-";
	print_latency(out, role, port, "connect", &row->connect);
	if (row->failed)
		fprintf(out, "%-6s %-5s %-7s %9" PRIu64 "\n", role, port, "failed", row->failed);
	print_latency(out, role, port, "close", &row->close);
	for (unsigned int i = 0; i < OUTCOMES; i++)
		if (row->attempts[i])
			fprintf(out, "%-6s %-5s %-9s %7" PRIu64 "\n", role, port,
				name_outcome(i) ? name_outcome(i) : "-", row->attempts[i]);
}

static void print_counts(FILE *out, const char *what, uint64_t total, const uint64_t *counts,
			 unsigned int n, const char *(*name)(unsigned int))
{
	fprintf(out, "%-24s %9" PRIu64 "\n", what, total);
	for (unsigned int i = 0; i < n; i++) {
		const char *word = name(i);

		if (counts[i])
			fprintf(out, "  %-22s %9" PRIu64 "\n", word ? word : "-", counts[i]);
	}
}

void summary_print(FILE *out, const struct summary *s, bool interval)
{
	const struct totals *t = &s->totals;

	fprintf(out, "%-24s %9" PRIu64 "\n", "connections", t->connections);
	print_counts(out, "handshakes", t->handshakes, t->outcomes, OUTCOMES, name_outcome);
	print_counts(out, "closes", t->closes, t->endings, ENDINGS, name_ending);
	if (!interval)
		fprintf(out, "%-24s %9" PRIu64 "\n", "open", t->open);
	if (!s->n_rows && !row_weight(&s->other))
		return;
	fprintf(out, "\n%-6s %-5s %-7s %9s %11s %11s %11s %11s\n", "role", "port", "what", "count",
		"p50-ms", "p90-ms", "p99-ms", "max-ms");
	summary_rows(s, print_row, out);
}

void summary_warn(const struct totals *t)
{
	unsigned long long lost = t->events_lost, incomplete = t->incomplete, full = t->table_full;

	if (lost)
		message("%llu %s lost: the ring buffer was full, or the kernel skipped hooks (use a larger --ring or a narrower selection)",
			lost, lost == 1 ? "event" : "events");
	if (incomplete)
		message("%llu %s incomplete: the kernel did not report all of the events",
			incomplete, incomplete == 1 ? "chapter is" : "chapters are");
	if (full)
		message("%llu %s found no room: the table was full (use a larger --max-connections)",
			full, full == 1 ? "connection" : "connections");
}

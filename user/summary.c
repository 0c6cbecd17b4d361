// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "histogram.h"
#include "names.h"
#include "number.h"
#include "text.h"

#define SLOTS (2 * SUMMARY_ROWS) /* a power of two: half of them stay empty */
#define NO_PORT UINT32_MAX

struct row {
	enum role role;
	uint32_t port; /* NO_PORT: no service port, or not known */
	uint64_t failed;
	struct histogram connect, close;
};

struct summary {
	struct totals totals;
	uint64_t open_connections; /* of totals.connections, those told as open */
	size_t n_rows;
	struct row *slots[SLOTS];
	struct row other;
};

struct summary *summary_create(void)
{
	return calloc(1, sizeof(struct summary));
}

void summary_reset(struct summary *s)
{
	for (size_t i = 0; i < SLOTS; i++)
		free(s->slots[i]);
	memset(s, 0, sizeof(*s));
}

void summary_destroy(struct summary *s)
{
	if (!s)
		return;
	summary_reset(s);
	free(s);
}

static uint32_t service_port(const struct chapter *ch)
{
	struct maybe port = { 0 };

	if (ch->role == ROLE_CLIENT)
		port = ch->remote_port;
	else if (ch->role == ROLE_SERVER)
		port = ch->local_port;
	return port.known ? (uint16_t)port.value : NO_PORT;
}

static struct row *find_row(struct summary *s, const struct chapter *ch)
{
	enum role role = ch->role == ROLE_CLIENT || ch->role == ROLE_SERVER ? ch->role
									    : ROLE_UNKNOWN;
	uint32_t port = service_port(ch);
	/* Fibonacci hashing: neighbouring ports spread over the table */
	uint32_t at = ((port * 4 + (uint32_t)role) * 2654435769U) >> 16;
	struct row *row;

	while ((row = s->slots[at % SLOTS])) {
		if (row->role == role && row->port == port)
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

static struct histogram *add_handshake(struct summary *s, const struct chapter *ch, uint64_t n)
{
	unsigned int outcome = ch->handshake.outcome;
	struct row *row = find_row(s, ch);

	s->totals.handshakes += n;
	if (outcome < OUTCOMES)
		s->totals.outcomes[outcome] += n;
	if (outcome == OUTCOME_ESTABLISHED)
		return &row->connect;
	/* the time until a handshake failed says nothing of how long one takes */
	if (outcome != OUTCOME_UNKNOWN)
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

/* Does this chapter bring a connection that no other chapter did? */
static bool brings_connection(const struct chapter *ch)
{
	return ch->type == CHAPTER_HANDSHAKE ||
	       (ch->missing != MISSING_NOTHING && ch->missing != MISSING_TABLE_FULL &&
		ch->role == ROLE_UNKNOWN);
}

/* Counts n chapters; the histogram that their latency belongs in, or NULL. */
static struct histogram *add(struct summary *s, const struct chapter *ch, uint64_t n)
{
	if (brings_connection(ch)) {
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

	/* an end that is one RST takes no time, and is none of the latencies */
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

static uint64_t row_weight(const struct row *row)
{
	return row->connect.total + row->close.total + row->failed;
}

/* Busiest first, then by role and port, so that the same trace gives the same table. */
static int compare_rows(const void *a, const void *b)
{
	const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
	uint64_t wx = row_weight(x), wy = row_weight(y);

	if (wx != wy)
		return wx < wy ? 1 : -1;
	if (x->role != y->role)
		return x->role < y->role ? -1 : 1;
	return (x->port > y->port) - (x->port < y->port);
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

static void print_row(FILE *out, const struct row *row, bool other)
{
	const char *role = name_role(row->role);
	char port[NUMBER_MAX + 1] = "-";

	if (row->port != NO_PORT)
		port[number_uint(port, row->port)] = '\0';
	if (other)
		memcpy(port, "other", 6);
	if (!role || other)
		role = "-";
	print_latency(out, role, port, "connect", &row->connect);
	if (row->failed)
		fprintf(out, "%-6s %-5s %-7s %9" PRIu64 "\n", role, port, "failed", row->failed);
	print_latency(out, role, port, "close", &row->close);
}

static void print_rows(FILE *out, const struct summary *s)
{
	struct row *rows[SUMMARY_ROWS];
	size_t n = 0;

	for (size_t i = 0; i < SLOTS; i++)
		if (s->slots[i])
			rows[n++] = s->slots[i];
	if (!n && !row_weight(&s->other))
		return;
	qsort(rows, n, sizeof(rows[0]), compare_rows);
	fprintf(out, "\n%-6s %-5s %-7s %9s %11s %11s %11s %11s\n", "role", "port", "what", "count",
		"p50-ms", "p90-ms", "p99-ms", "max-ms");
	for (size_t i = 0; i < n; i++)
		print_row(out, rows[i], false);
	print_row(out, &s->other, true);
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
	print_rows(out, s);
}

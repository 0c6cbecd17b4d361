// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * CSV with --by: its rows, at the end and after each interval, instead of the chapters.  The columns have the names of
 * the JSON summary, an object's with those of its members: outcomes.refused.
 */
#include <errno.h>
#include <inttypes.h>

#include "base/number.h"
#include "chapter/names.h"
#include "csv_cell.h"
#include "render_parts.h"
#include "summary.h"
#include "summary_by_table.h"

static const char *const latencies[BY_LATENCIES] = {
	[BY_CONNECT] = "handshake_us",
	[BY_ACCEPT] = "accept_us",
	[BY_CLOSE] = "close_us",
	[BY_CLOSE_WAIT] = "app_close_us",
};

/* The name of a pid stands beside it. */
static bool adds_comm(const struct by *by)
{
	return by_has(by, BY_PID) && !by_has(by, BY_COMM);
}

/* NULL: there is no such state. */
static const char *state_name(unsigned int state)
{
	if (state < BPF_TCP_ESTABLISHED ||
	    (state > BPF_TCP_NEW_SYN_RECV && state != BY_STATE_UNACCEPTED))
		return NULL;
	return state == BY_STATE_UNACCEPTED ? "unaccepted" : name_state((uint8_t)state);
}

static void name_counts(FILE *out, const char *object, unsigned int first, unsigned int n,
			const char *(*name)(unsigned int))
{
	for (unsigned int i = first; i < n; i++)
		if (name(i))
			fprintf(out, ",%s.%s", object, name(i));
}

static void begin(struct render_context *rc)
{
	const struct by *by = summary_by_keys(summary_grouped(rc->summary));
	FILE *out = rc->out;

	fputs("from,to,other", out);
	for (unsigned int i = 0; i < by->n; i++)
		fprintf(out, ",%s", by_key_name(by->keys[i]));
	if (adds_comm(by))
		fprintf(out, ",%s", by_key_name(BY_COMM));
	fputs(",connections,handshakes,failed,closes,open", out);
	name_counts(out, "outcomes", OUTCOME_UNKNOWN + 1, OUTCOMES, name_outcome);
	name_counts(out, "endings", ENDING_UNKNOWN + 1, ENDINGS, name_ending);
	name_counts(out, "first_closer", CLOSER_UNKNOWN + 1, CLOSERS, name_first_closer);
	name_counts(out, "causes", 0, CAUSES, name_cause);
	for (unsigned int i = 0; i < BY_STATES; i++)
		if (state_name(i))
			fprintf(out, ",open_states.%s.count,open_states.%s.oldest_us",
				state_name(i), state_name(i));
	for (unsigned int i = 0; i < BY_LATENCIES; i++)
		fprintf(out, ",%s.count,%s.p50,%s.p99,%s.max", latencies[i], latencies[i],
			latencies[i], latencies[i]);
	fputc('\n', out);
}

static void put_count(struct printer *p, uint64_t count)
{
	char text[NUMBER_MAX];

	printer_char(p, ',');
	printer_put(p, text, number_uint(text, count));
}

/* ns; 0: not known */
static void put_us(struct printer *p, uint64_t ns)
{
	char text[NUMBER_MAX];

	printer_char(p, ',');
	if (ns)
		printer_put(p, text, number_us(text, ns < INT64_MAX ? (int64_t)ns : INT64_MAX));
}

static void put_counts(struct printer *p, const uint64_t *counts, unsigned int first,
		       unsigned int n, const char *(*name)(unsigned int))
{
	for (unsigned int i = first; i < n; i++)
		if (name(i))
			put_count(p, counts[i]);
}

static void put_keys(struct printer *p, const struct by *by, const struct by_row *row)
{
	printer_words(p, row->key ? "false" : "true");
	for (unsigned int i = 0; i < by->n; i++) {
		printer_char(p, ',');
		if (row->key)
			csv_foreign(p, summary_key_part(row->key, i));
	}
	if (adds_comm(by)) {
		printer_char(p, ',');
		csv_foreign(p, row->comm);
	}
}

static void put_latency(struct printer *p, const struct histogram *h)
{
	put_count(p, h->total);
	put_us(p, h->total ? histogram_percentile(h, 50) : 0);
	put_us(p, h->total ? histogram_percentile(h, 99) : 0);
	put_us(p, h->total ? histogram_percentile(h, 100) : 0);
}

static void put_row(struct printer *p, const struct by *by, const struct by_row *row)
{
	const struct by_counts *c = &row->counts;

	put_keys(p, by, row);
	put_count(p, c->connections);
	put_count(p, c->handshakes);
	put_count(p, c->failed);
	put_count(p, c->closes);
	put_count(p, c->open);
	put_counts(p, c->outcomes, OUTCOME_UNKNOWN + 1, OUTCOMES, name_outcome);
	put_counts(p, c->endings, ENDING_UNKNOWN + 1, ENDINGS, name_ending);
	put_counts(p, c->closers, CLOSER_UNKNOWN + 1, CLOSERS, name_first_closer);
	put_counts(p, c->causes, 0, CAUSES, name_cause);
	for (unsigned int i = 0; i < BY_STATES; i++) {
		if (!state_name(i))
			continue;
		put_count(p, row->open[i].n);
		put_us(p, row->open[i].oldest_ns);
	}
	for (unsigned int i = 0; i < BY_LATENCIES; i++)
		put_latency(p, &row->latency[i]);
	printer_char(p, '\n');
	printer_flush(p);
}

/* times: the first two cells, or empty ones */
static void put_rows(struct render_context *rc, const struct summary *s, const char *from,
		     const char *to)
{
	const struct summary_by *b = summary_grouped(s);
	const struct by *by = summary_by_keys(b);
	struct by_table t;

	if (summary_by_table(&t, b, by->limit)) {
		rc->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < summary_by_printed(&t); i++) {
		struct printer p;

		printer_begin(&p, rc->out);
		printer_words(&p, from);
		printer_char(&p, ',');
		printer_words(&p, to);
		printer_char(&p, ',');
		put_row(&p, by, summary_by_row(&t, i));
	}
	summary_by_table_free(&t);
}

static void interval(struct render_context *rc, const struct summary *s, uint64_t from_ns,
		     uint64_t to_ns)
{
	char from[TIME_MAX], to[TIME_MAX];

	put_rows(rc, s, text_rfc3339(from, render_realtime(rc, (int64_t)from_ns)),
		 text_rfc3339(to, render_realtime(rc, (int64_t)to_ns)));
}

static void end(struct render_context *rc, const struct totals *totals)
{
	(void)totals;
	put_rows(rc, rc->summary, "", "");
}

const struct renderer renderer_csv_rows = {
	.name = "csv",
	.machine_readable = true,
	.begin = begin,
	.interval = interval,
	.end = end,
};

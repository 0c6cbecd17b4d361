// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "summary_by_details.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "chapter/names.h"
#include "summary_by_label.h"

/* Who wants them of more rows has --limit, JSON, or a selection. */
#define ROWS_MAX 5
#define PIECE_MAX 160

/* The pieces of a row, broken into lines. */
struct flow {
	FILE *out; /* NULL: they are only counted */
	size_t indent, width, at;
	unsigned int n; /* pieces so far */
};

const char *summary_by_latency(size_t latency)
{
	static const char *const names[] = {
		[BY_CONNECT] = "connect",
		[BY_ACCEPT] = "accept",
		[BY_CLOSE] = "close",
		[BY_CLOSE_WAIT] = "CLOSE_WAIT",
	};

	return names[latency];
}

/* A piece stays on one line. */
static void put(struct flow *f, const char *separator, const char *text)
{
	size_t len = strlen(text);
	bool first = !f->n++;

	if (!f->out)
		return;
	if (!first)
		f->at += (size_t)fprintf(f->out, "%s", separator);
	/* one more for the separator behind it */
	if (!first && f->at + 1 + len + 1 > f->width) {
		fprintf(f->out, "\n%*s", (int)f->indent, "");
		f->at = f->indent;
		first = true;
	}
	f->at += (size_t)fprintf(f->out, "%s%s", first ? "" : " ", text);
}

/* Counts with names. */
struct counted {
	const char *title;
	const uint64_t *counts;
	unsigned int from, n;
	const char *(*name)(unsigned int);
};

static unsigned int kinds(const struct counted *c)
{
	unsigned int n = 0;

	for (unsigned int i = c->from; i < c->n; i++)
		n += c->counts[i] != 0;
	return n;
}

static void put_counts(struct flow *f, const struct counted *c)
{
	bool first = true;
	char piece[PIECE_MAX];

	for (unsigned int i = c->from; i < c->n; i++) {
		const char *name = c->name(i);

		if (!c->counts[i])
			continue;
		snprintf(piece, sizeof(piece), "%s%s%" PRIu64 " %s", first ? c->title : "",
			 first ? ": " : "", c->counts[i], name ? name : "unknown");
		put(f, first ? ";" : ",", piece);
		first = false;
	}
}

static void put_latency(struct flow *f, const struct by_row *row, size_t latency)
{
	const struct histogram *h = &row->latency[latency];
	const char *name = summary_by_latency(latency);
	char piece[PIECE_MAX], median[32], p99[32] = "", max[32];
	size_t room = f->width > f->indent ? f->width - f->indent : 0;

	if (!h->total)
		return;
	text_duration(median, histogram_percentile(h, 50));
	text_duration(max, histogram_percentile(h, 100));
	if (!strcmp(median, max))
		snprintf(piece, sizeof(piece), "%s %s", name, max);
	else
		snprintf(piece, sizeof(piece), "%s %s median, %s p99, %s max", name, median,
			 text_duration(p99, histogram_percentile(h, 99)), max);
	if (strlen(piece) < room) {
		put(f, ";", piece);
		return;
	}
	/* behind wide keys, in parts */
	snprintf(piece, sizeof(piece), "%s %s median", name, median);
	put(f, ";", piece);
	snprintf(piece, sizeof(piece), "%s p99", p99);
	put(f, ",", piece);
	snprintf(piece, sizeof(piece), "%s max", max);
	put(f, ",", piece);
}

/* Is it said by the row's own cause? */
static bool is_the_cause(const struct by_table *t, const struct counted *c)
{
	return by_has(t->by, BY_CAUSE) && kinds(c) == 1;
}

static void put_row(struct flow *f, const struct by_table *t, const struct by_row *row)
{
	const struct by_counts *n = &row->counts;
	uint64_t all[CAUSES];
	const struct counted failed = { "failed", n->outcomes, OUTCOME_ESTABLISHED + 1, OUTCOMES,
					name_outcome },
			     closes = { "closes", n->endings, 0, ENDINGS, name_ending },
			     first = { "closed first", n->closers, 0, CLOSERS, name_first_closer },
			     causes = { "causes", all, CAUSE_NONE + 1, CAUSES, name_cause };

	for (unsigned int i = 0; i < CAUSES; i++)
		all[i] = n->causes[i] + n->open_causes[i];
	if (!is_the_cause(t, &failed))
		put_counts(f, &failed);
	if (n->closes != n->endings[ENDING_GRACEFUL] && !is_the_cause(t, &closes))
		put_counts(f, &closes);
	if (n->closers[CLOSER_LOCAL] || n->closers[CLOSER_REMOTE] || n->closers[CLOSER_BOTH])
		put_counts(f, &first);
	/* a single one is in its column */
	if (kinds(&causes) > 1)
		put_counts(f, &causes);
	for (size_t i = 0; i < BY_LATENCIES; i++)
		put_latency(f, row, i);
}

static bool has_details(const struct by_table *t, const struct by_row *row)
{
	struct flow f = { .out = NULL };

	put_row(&f, t, row);
	return f.n;
}

/* The first ROWS_MAX with details, for which call() is called. */
static size_t visit(const struct by_table *t, void (*call)(void *ctx, const struct by_row *row),
		    void *ctx)
{
	size_t n = 0;

	for (size_t i = 0; i < summary_by_printed(t) && n < ROWS_MAX; i++) {
		if (!has_details(t, summary_by_row(t, i)))
			continue;
		call(ctx, summary_by_row(t, i));
		n++;
	}
	return n;
}

struct page {
	FILE *out;
	const struct by_table *t;
	struct by_widths keys;
};

static void widen(void *ctx, const struct by_row *row)
{
	struct page *p = ctx;

	summary_by_widen(&p->keys, p->t, row);
}

static void print_row(void *ctx, const struct by_row *row)
{
	const struct page *p = ctx;
	struct flow f = { .out = p->out, .width = p->t->width };

	summary_by_put_keys(p->out, p->t, &p->keys, row);
	fprintf(p->out, "%*s", SUMMARY_BY_GAP, "");
	f.indent = f.at = summary_by_keys_width(p->t, &p->keys) + SUMMARY_BY_GAP;
	put_row(&f, p->t, row);
	fputc('\n', p->out);
}

void summary_by_print_details(FILE *out, const struct by_table *t)
{
	struct page p = { .out = out, .t = t };

	if (!visit(t, widen, &p))
		return;
	summary_by_narrow(&p.keys, t, t->width / 3);
	visit(t, print_row, &p);
	fputc('\n', out);
}

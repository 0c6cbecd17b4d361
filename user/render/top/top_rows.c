// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The rows of the live view: made from those of --by, and kept in their places. */
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "render/summary_by_table.h"
#include "top_parts.h"

/* two values are about equal if the greater one is that much more than the other, or less: a tenth */
#define ABOUT 10

static int compare_numbers(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static uint64_t rate(const struct top *t, uint64_t since_ns, uint64_t n)
{
	uint64_t now_ns = t->now.ns ? t->now.ns : t->last_ns;
	uint64_t ms = now_ns > since_ns ? (now_ns - since_ns) / NS_PER_MS : 0;

	return ms ? n * 1000 * 1000 / ms : 0;
}

/* What it was at the oldest refresh that is known. */
static uint64_t row_rate(const struct top *t, struct top_row *row, uint64_t connections)
{
	size_t oldest = t->ticks < TOP_WINDOW ? 0 : t->ticks % TOP_WINDOW;
	uint64_t before = t->ticks ? row->history[oldest] : 0;
	uint64_t since_ns = t->ticks ? t->moments[oldest].ns : t->begin_ns;

	row->history[t->ticks % TOP_WINDOW] = connections;
	return rate(t, since_ns, connections > before ? connections - before : 0);
}

/* "0.0.0.0:80" has the connections to any address of this host. */
static bool listens_at(const struct top_listener *l, const char *key)
{
	const char *port = strrchr(l->key, ':'), *other = strrchr(key, ':');

	return !strcmp(l->key, key) || (l->any_address && port && other && !strcmp(port, other));
}

static void set_listener(const struct top *t, struct top_row *row)
{
	for (size_t i = 0; row->from->key && i < t->n_listeners; i++) {
		const struct top_listener *l = &t->listeners[i];

		if (!listens_at(l, row->from->key))
			continue;
		row->values[TOP_QUEUE] = l->queue;
		row->values[TOP_DROPPED] = l->dropped;
		row->backlog = l->backlog;
		row->listens = true;
		return;
	}
}

static void set_values(const struct top *t, const struct top_view *v, struct top_row *row)
{
	const struct by_counts *c = &row->from->counts;
	const struct histogram *connect = &row->from->latency[BY_CONNECT];
	struct by_open sum = summary_by_open_sum(row->from);

	memset(row->values, 0, sizeof(row->values));
	row->backlog = 0;
	row->listens = false;
	row->values[TOP_NEW] = row_rate(t, row, c->connections);
	row->values[TOP_COUNT] = c->connections;
	row->values[TOP_FAILED] = c->failed;
	row->values[TOP_OPEN] = c->open;
	row->values[TOP_CLOSE_WAIT] = row->from->open[BPF_TCP_CLOSE_WAIT].n;
	row->older = sum.older;
	row->oldest_ns = sum.oldest_ns;
	row->values[TOP_OLDEST] = sum.older ? UINT64_MAX : sum.oldest_ns;
	row->values[TOP_P50] = histogram_percentile(connect, 50);
	row->values[TOP_P99] = histogram_percentile(connect, 99);
	row->states = 0;
	for (unsigned int i = 0; i < BY_STATES; i++)
		if (row->from->open[i].n)
			row->states |= 1u << i;
	if (v == &t->views[TOP_BY_LISTENER])
		set_listener(t, row);
}

static void set_label(const struct top_view *v, struct top_row *row)
{
	char buf[SUMMARY_BY_LABEL_MAX];
	const char *text = "others";

	if (row->from->key)
		text = summary_by_label(buf, &v->by, row->from, 0);
	if (!strcmp(text, "-"))
		text = v->by.keys[0] == BY_LISTENER ? "(clients, older)" : "(not known)";
	snprintf(row->label, sizeof(row->label), "%s", text);
}

static void fill(const struct top *t, const struct top_view *v, struct top_row *row,
		 const struct top_row *old, size_t n_old)
{
	const struct by_row *from = row->from;
	const struct top_row key = { .number = from->number };
	const struct top_row *before = n_old ? bsearch(&key, old, n_old, sizeof(*old),
						       compare_numbers)
					     : NULL;

	if (before)
		*row = *before;
	row->place = before ? before->place : SIZE_MAX;
	row->from = from;
	row->number = from->number;
	set_label(v, row);
	set_values(t, v, row);
}

/* The rows, and that of the others if anything is in it.  NULL: no memory. */
static struct top_row *take_rows(const struct top_view *v, size_t *n)
{
	const struct by_row **from = calloc(SUMMARY_BY_ROWS + 1, sizeof(*from));
	const struct by_row *others;
	struct top_row *rows = NULL;
	uint64_t overflowed;

	if (!from)
		return NULL;
	*n = summary_by_rows(summary_grouped(v->summary), from);
	others = summary_by_overflow(summary_grouped(v->summary), &overflowed);
	if (overflowed)
		from[(*n)++] = others;
	rows = calloc(*n + 1, sizeof(*rows));
	for (size_t i = 0; rows && i < *n; i++)
		rows[i].from = from[i];
	free(from);
	return rows;
}

static void add_open_states(struct top *t, const struct by_row *row)
{
	for (unsigned int i = 0; i < BY_STATES; i++)
		t->open[i] += row->open[i].n;
}

void top_rows_refresh(struct top *t, struct top_view *v)
{
	size_t n = 0;
	struct top_row *rows;

	summary_make_room(v->summary);
	rows = take_rows(v, &n);
	for (size_t i = 0; i < v->n; i++)
		v->rows[i].place = i;
	if (v->n)
		qsort(v->rows, v->n, sizeof(*v->rows), compare_numbers);
	for (size_t i = 0; rows && i < n; i++) {
		fill(t, v, &rows[i], v->rows, v->n);
		if (v == &t->views[TOP_BY_PROCESS])
			add_open_states(t, rows[i].from);
	}
	free(v->rows);
	v->rows = rows;
	v->n = rows ? n : 0;
	top_rows_sort(t, v, false);
}

/* Those that have a place by that, then the others by value; the row of the others is last. */
static int compare_rows(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	if (!x->number != !y->number)
		return x->number ? -1 : 1;
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	if (x->value != y->value)
		return x->value < y->value ? 1 : -1;
	if (x->values[TOP_CLOSE_WAIT] != y->values[TOP_CLOSE_WAIT])
		return x->values[TOP_CLOSE_WAIT] < y->values[TOP_CLOSE_WAIT] ? 1 : -1;
	if (x->values[TOP_COUNT] != y->values[TOP_COUNT])
		return x->values[TOP_COUNT] < y->values[TOP_COUNT] ? 1 : -1;
	return compare_numbers(a, b);
}

/* Does it belong above that row, which is above it?  Not while it is about equal, unless it has no place yet. */
static bool overtakes(const struct top_row *row, const struct top_row *other)
{
	uint64_t margin = row->place == SIZE_MAX ? 0 : other->value / ABOUT;

	return row->value > other->value && row->value - other->value > margin;
}

/*
 * Each row goes above the first one that it overtakes.  So none stands below one that it overtakes: those between the
 * two do not overtake that one, and are less than it.
 */
static void settle(const struct top_row **order, size_t n)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < n; i++) {
		const struct top_row *row = order[i];
		size_t to = row->value > least ? 0 : i;

		while (to < i && !overtakes(row, order[to]))
			to++;
		memmove(&order[to + 1], &order[to], (i - to) * sizeof(*order));
		order[to] = row;
		if (row->value < least)
			least = row->value;
	}
}

void top_rows_sort(struct top *t, struct top_view *v, bool anew)
{
	const struct top_row **order = calloc(v->n + 1, sizeof(const struct top_row *));
	struct top_row *rows = calloc(v->n + 1, sizeof(*rows));

	for (size_t i = 0; i < v->n; i++) {
		v->rows[i].value = v->rows[i].values[t->sort];
		if (anew)
			v->rows[i].place = SIZE_MAX;
	}
	if (v->n)
		qsort(v->rows, v->n, sizeof(*v->rows), compare_rows);
	for (size_t i = 0; order && i < v->n; i++)
		order[i] = &v->rows[i];
	if (order && rows && v->n) {
		settle(order, v->n - !v->rows[v->n - 1].number);
		for (size_t i = 0; i < v->n; i++)
			rows[i] = *order[i];
		free(v->rows);
		v->rows = rows;
		rows = NULL;
	}
	free(rows);
	free(order);
}

/* Its name, or a state in which it has something open. */
static bool matches(const struct top_row *row, const char *filter)
{
	if (!*filter || strcasestr(row->label, filter))
		return true;
	for (unsigned int i = 0; i < BY_STATES; i++)
		if (row->states >> i & 1 && strcasestr(summary_by_state(i), filter))
			return true;
	return false;
}

void top_rows_show(struct top *t)
{
	struct top_view *v = top_view(t);
	size_t *shown = realloc(t->shown, (v->n + 1) * sizeof(*shown));

	t->n_shown = 0;
	if (!shown)
		return;
	t->shown = shown;
	for (size_t i = 0; i < v->n; i++)
		if (matches(&v->rows[i], t->cursors[TOP_ROWS].filter))
			shown[t->n_shown++] = i;
}

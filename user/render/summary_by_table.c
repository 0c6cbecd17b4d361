// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "summary_by_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chapter/names.h"

struct ranked {
	uint64_t weight;
	const struct by_row *row;
};

struct by_open summary_by_open_sum(const struct by_row *row)
{
	struct by_open sum = { 0 };

	for (size_t i = 0; i < BY_STATES; i++)
		summary_by_add_open_of(&sum, &row->open[i]);
	return sum;
}

const char *summary_by_state(unsigned int state)
{
	return state == BY_STATE_UNACCEPTED ? "accept queue" : name_state(state);
}

/* One from before the trace is older than any other. */
static uint64_t oldest(const struct by_row *row)
{
	struct by_open sum = summary_by_open_sum(row);

	return sum.older ? UINT64_MAX : sum.oldest_ns;
}

static uint64_t weight_of(const struct by_row *row, enum by_sort sort)
{
	switch (sort) {
	case BY_SORT_NONE:
	case BY_SORT_COUNT:
		break;
	case BY_SORT_FAILED:
		return row->counts.failed;
	case BY_SORT_OPEN:
		return row->counts.open;
	case BY_SORT_OLDEST:
		return oldest(row);
	case BY_SORT_CONNECT:
		return histogram_percentile(&row->latency[BY_CONNECT], 99);
	case BY_SORT_ACCEPT:
		return histogram_percentile(&row->latency[BY_ACCEPT], 99);
	case BY_SORT_CLOSE:
		return histogram_percentile(&row->latency[BY_CLOSE], 99);
	case BY_SORT_CLOSE_WAIT:
		return histogram_percentile(&row->latency[BY_CLOSE_WAIT], 99);
	}
	return row->counts.connections;
}

/* By their keys, so that a trace always gives the same table. */
static int compare_keys(const struct by *by, const char *x, const char *y)
{
	for (unsigned int i = 0; i < by->n; i++) {
		const char *a = summary_key_part(x, i), *b = summary_key_part(y, i);
		size_t m = strlen(a), n = strlen(b);
		int order = strcmp(a, b);

		if (order && summary_key_is_number(by->keys[i]) && m != n)
			return m < n ? -1 : 1;
		if (order)
			return order;
	}
	return 0;
}

/* The greatest first, of equals the busiest. */
static int compare_rows(const void *a, const void *b, void *ctx)
{
	const struct ranked *x = a, *y = b;
	const struct by_counts *c = &x->row->counts, *d = &y->row->counts;
	const struct by *by = ctx;

	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	if (c->connections != d->connections)
		return c->connections < d->connections ? 1 : -1;
	/* what was open before the trace is not among the connections */
	if (c->open != d->open)
		return c->open < d->open ? 1 : -1;
	return compare_keys(by, x->row->key, y->row->key);
}

static int sort_rows(struct by_table *t)
{
	struct ranked *ranked = calloc(t->n + 1, sizeof(*ranked));

	if (!ranked)
		return -ENOMEM;
	for (size_t i = 0; i < t->n; i++)
		ranked[i] = (struct ranked){ weight_of(t->rows[i], t->by->sort), t->rows[i] };
	qsort_r(ranked, t->n, sizeof(*ranked), compare_rows, (void *)t->by);
	for (size_t i = 0; i < t->n; i++)
		t->rows[i] = ranked[i].row;
	free(ranked);
	return 0;
}

int summary_by_table(struct by_table *t, const struct summary_by *b, size_t limit)
{
	*t = (struct by_table){ .by = summary_by_keys(b) };
	t->rows = calloc(SUMMARY_BY_ROWS, sizeof(*t->rows));
	if (!t->rows)
		return -ENOMEM;
	t->n = summary_by_rows(b, t->rows);
	if (sort_rows(t)) {
		free(t->rows);
		return -ENOMEM;
	}
	t->n_shown = limit && limit < t->n ? limit : t->n;
	summary_by_add_row(&t->others, summary_by_overflow(b, &t->overflowed));
	for (size_t i = t->n_shown; i < t->n; i++)
		summary_by_add_row(&t->others, t->rows[i]);
	return 0;
}

void summary_by_table_free(struct by_table *t)
{
	for (size_t i = 0; i < BY_LATENCIES; i++)
		histogram_free(&t->others.latency[i]);
	free(t->rows);
}

size_t summary_by_printed(const struct by_table *t)
{
	return t->n_shown + (t->n_shown < t->n || t->overflowed);
}

const struct by_row *summary_by_row(const struct by_table *t, size_t i)
{
	return i < t->n_shown ? t->rows[i] : &t->others;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* A row of the kernel that counts nothing for so long is removed there, and made again when it is needed. */
#define IDLE_NS (600 * NS_PER_S)

/* What was taken of a row of the kernel. */
struct taken {
	struct row_key key;
	struct row_counts counts;
	uint64_t changed_ns;
};

struct metrics_rows {
	struct metrics_row **items; /* sorted; the others' come first of their role */
	size_t n, most;
	struct taken *taken;
	size_t n_taken;
	uint64_t full;
};

static int compare(const struct row_labels *a, const struct row_labels *b)
{
	if (a->role != b->role)
		return a->role < b->role ? -1 : 1;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return strcmp(a->workload, b->workload);
}

/* Where it stands, or belongs. */
static size_t place_of(const struct metrics_rows *rows, const struct row_labels *labels)
{
	size_t low = 0, high = rows->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&rows->items[middle]->labels, labels) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct metrics_row *find(const struct metrics_rows *rows, const struct row_labels *labels)
{
	size_t at = place_of(rows, labels);

	return at < rows->n && !compare(&rows->items[at]->labels, labels) ? rows->items[at] : NULL;
}

/* NULL: no memory. */
static struct metrics_row *insert(struct metrics_rows *rows, const struct row_labels *labels)
{
	struct metrics_row *row = calloc(1, sizeof(*row));
	size_t at = place_of(rows, labels);

	if (!row)
		return NULL;
	row->labels = *labels;
	memmove(&rows->items[at + 1], &rows->items[at], (rows->n - at) * sizeof(row));
	rows->items[at] = row;
	rows->n++;
	return row;
}

struct metrics_rows *metrics_rows_create(size_t most)
{
	struct metrics_rows *rows = calloc(1, sizeof(*rows));

	if (!rows)
		return NULL;
	rows->most = most + ROLES;
	rows->items = calloc(rows->most, sizeof(*rows->items));
	for (enum role role = 0; role < ROLES; role++) {
		if (!rows->items || !insert(rows, &(struct row_labels){ .role = role })) {
			metrics_rows_destroy(rows);
			return NULL;
		}
	}
	return rows;
}

void metrics_rows_destroy(struct metrics_rows *rows)
{
	if (!rows)
		return;
	for (size_t i = 0; i < rows->n; i++)
		free(rows->items[i]);
	free(rows->items);
	free(rows->taken);
	free(rows);
}

static struct metrics_row *others_of(struct metrics_rows *rows, enum role role)
{
	return find(rows, &(struct row_labels){ .role = role });
}

struct metrics_row *metrics_rows_find(struct metrics_rows *rows, const struct row_labels *labels)
{
	struct metrics_row *row = find(rows, labels);

	if (!row && rows->n < rows->most)
		row = insert(rows, labels);
	if (row)
		return row;
	rows->full++;
	return others_of(rows, labels->role);
}

bool metrics_rows_has(const struct metrics_rows *rows, enum role role, uint16_t port)
{
	size_t at = place_of(rows, &(struct row_labels){ .role = role, .port = port });

	return at < rows->n && rows->items[at]->labels.role == role &&
	       rows->items[at]->labels.port == port;
}

/* NULL: no memory. */
static struct taken *taken_of(struct metrics_rows *rows, const struct row_key *key, uint64_t now_ns)
{
	struct taken *t;

	for (size_t i = 0; i < rows->n_taken; i++)
		if (!memcmp(&rows->taken[i].key, key, sizeof(*key)))
			return &rows->taken[i];
	t = realloc(rows->taken, (rows->n_taken + 1) * sizeof(*t));
	if (!t)
		return NULL;
	rows->taken = t;
	t += rows->n_taken++;
	*t = (struct taken){ .key = *key, .changed_ns = now_ns };
	return t;
}

static void forget(struct metrics_rows *rows, struct taken *t)
{
	*t = rows->taken[--rows->n_taken];
}

/* A row is nothing but counts of 64 bits. */
static void add_new(struct row_counts *to, struct row_counts *taken, const struct row_counts *now)
{
	uint64_t *sum = (uint64_t *)to, *before = (uint64_t *)taken;
	const uint64_t *n = (const uint64_t *)now;

	for (size_t i = 0; i < sizeof(*now) / sizeof(*n); i++) {
		sum[i] += n[i] - before[i];
		before[i] = n[i];
	}
}

bool metrics_rows_take(struct metrics_rows *rows, const struct row_key *key,
		       const struct row_labels *labels, const struct kernel_row *now,
		       uint64_t now_ns)
{
	struct taken *t = taken_of(rows, key, now_ns);
	struct metrics_row *row;

	if (!t || !memcmp(&t->counts, &now->counted, sizeof(t->counts))) {
		if (!t || !key->cgroup || t->changed_ns + IDLE_NS > now_ns)
			return false;
		forget(rows, t);
		return true;
	}
	row = metrics_rows_find(rows, labels);
	add_new(&row->counts, &t->counts, &now->counted);
	t->changed_ns = now_ns;
	for (enum row_histogram_type type = 0; type < ROW_HISTOGRAMS; type++)
		metrics_row_offer(row, type, &now->exemplars[type]);
	return false;
}

void metrics_row_offer(struct metrics_row *row, enum row_histogram_type type,
		       const struct exemplar *e)
{
	if (e->ns > row->exemplars[type].ns)
		row->exemplars[type] = *e;
}

uint64_t metrics_rows_full(const struct metrics_rows *rows)
{
	return rows->full;
}

size_t metrics_rows_number(const struct metrics_rows *rows)
{
	return rows->n;
}

struct metrics_row *metrics_rows_at(struct metrics_rows *rows, size_t i)
{
	return rows->items[i];
}

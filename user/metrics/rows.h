/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The rows of the page: what was counted of each service since the trace began.  A row is never removed, and what
 * it counts never gets less.  Pure.
 */
#ifndef METRICS_ROWS_H
#define METRICS_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/options.h"
#include "shared/row.h"

/* a unit's name, or a container's id */
#define WORKLOAD_NAME_MAX 256

struct row_labels {
	enum role role;
	uint16_t port; /* ROW_OTHER: those without a row of their own */
	char workload[WORKLOAD_NAME_MAX];
};

struct metrics_row {
	struct row_labels labels;
	struct row_counts counts;
	/* of what was counted since the last page; ns 0: none */
	struct exemplar exemplars[ROW_HISTOGRAMS];
};

struct metrics_rows;

/* most: rows beside those of the others.  NULL: no memory. */
struct metrics_rows *metrics_rows_create(size_t most);
void metrics_rows_destroy(struct metrics_rows *rows);

/* The row, made if there is room; else that of the others, of this role. */
struct metrics_row *metrics_rows_find(struct metrics_rows *rows, const struct row_labels *labels);

/* Has this port, or have all its workloads together, a row as this role? */
bool metrics_rows_has(const struct metrics_rows *rows, enum role role, uint16_t port);

/*
 * now: what the kernel has counted under this key since the row was made there; labels: what the key is called.
 * Adds what is new.  True: nothing was new for so long that the kernel may forget the row.
 */
bool metrics_rows_take(struct metrics_rows *rows, const struct row_key *key,
		       const struct row_labels *labels, const struct kernel_row *now,
		       uint64_t now_ns);

/* Offers a connection as the exemplar of a histogram: the slowest is one. */
void metrics_row_offer(struct metrics_row *row, enum row_histogram_type type,
		       const struct exemplar *e);

/* How often rows were full. */
uint64_t metrics_rows_full(const struct metrics_rows *rows);

/* By role, port and workload. */
size_t metrics_rows_number(const struct metrics_rows *rows);
struct metrics_row *metrics_rows_at(struct metrics_rows *rows, size_t i);

#endif

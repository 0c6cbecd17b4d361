/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The rows of --by in the order of --sort, for those who print them.  Pure. */
#ifndef SUMMARY_BY_TABLE_H
#define SUMMARY_BY_TABLE_H

#include <stdio.h>

#include "summary_by.h"

struct by_table {
	const struct by *by;
	size_t width;		    /* in columns, for those who print it as text */
	const struct by_row **rows; /* all of them */
	size_t n;
	size_t n_shown;	      /* the first so many; the rest is in others */
	struct by_row others; /* also what found no row of its own */
	uint64_t overflowed;  /* chapters that found none */
};

/* limit: how many rows to show, 0: all.  0 or -ENOMEM. */
int summary_by_table(struct by_table *t, const struct summary_by *b, size_t limit);
void summary_by_table_free(struct by_table *t);

/* The number of rows to print: those shown, and the others if there are any. */
size_t summary_by_printed(const struct by_table *t);

/* The row that is printed as number i. */
const struct by_row *summary_by_row(const struct by_table *t, size_t i);

/* What is open in a row, over all states. */
struct by_open summary_by_open_sum(const struct by_row *row);

/* "CLOSE_WAIT", or where else what is open in a row is: an index of by_row.open. */
const char *summary_by_state(unsigned int state);

/*
 * Prints what is open, the longest first, then the rows in columns.  Everything fits the width, which is 80 at
 * least.  Nothing is printed when there are no rows.
 */
#define SUMMARY_BY_WIDTH 80
void summary_by_print(FILE *out, const struct summary_by *b, size_t width);

#endif

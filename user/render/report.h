/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The connections that a report shows one by one: the slowest to open, the slowest to close, the
 * last that are open, and the last of each kind of failure.  However long the trace is, no more
 * than these are kept.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "chapter/chapter.h"

/*
 * How many: of the slowest to open, and as many to close; of those open, and of each kind of
 * failure.
 */
#define REPORT_SLOWEST 2500
#define REPORT_OF_A_KIND 500

/* The memory that they may take; usual ones take a quarter of it.  Hostile names of cgroups are long. */
#define REPORT_BYTES (128UL << 20)

struct report;

/* NULL when there is no memory. */
struct report *report_create(void);
void report_destroy(struct report *r);

/*
 * Does this connection belong in the report?  One of the chapters may be NULL.  An earlier state
 * of the same connection is dropped.
 */
bool report_wants(struct report *r, const struct chapter *handshake, const struct chapter *close);

/*
 * Keeps it with its text, an allocation that the report frees.  If text is NULL, or memory or REPORT_BYTES do not
 * suffice, it is left out.
 */
void report_keep(struct report *r, const struct chapter *handshake, const struct chapter *close,
		 char *text);

/* Adds to the text of a connection.  False: that is not kept, or memory or REPORT_BYTES do not suffice. */
bool report_add(struct report *r, uint64_t conn, const char *text);

/* How many connections are kept. */
size_t report_kept(const struct report *r);

/* How many were left out.  *no_memory: at least one of them since memory was short. */
uint64_t report_left_out(const struct report *r, bool *no_memory);

/* Calls each() with every text, in the order of report_keep().  0 or -ENOMEM. */
int report_each(const struct report *r, void (*each)(void *ctx, const char *text), void *ctx);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The connections that a report shows one by one: the slowest to open, the slowest to close, those told
 * as open, and the last of each kind of failure.  However long the trace, no more than that is kept.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "chapter/chapter.h"

#define REPORT_SLOWEST 2500 /* to open, and as many to close */
#define REPORT_OF_A_KIND 500

struct report;

/* NULL when there is no memory. */
struct report *report_create(void);
void report_destroy(struct report *r);

/*
 * Does it want this connection?  One of the chapters may be NULL.  What it had of the connection is
 * forgotten, since this is what became of it.
 */
bool report_wants(struct report *r, const struct chapter *handshake, const struct chapter *close);

/* Keeps it, with its text, which is freed later, or at once when there is no memory. */
void report_keep(struct report *r, const struct chapter *handshake, const struct chapter *close,
		 char *text);

size_t report_kept(const struct report *r);

/* The texts, in the order in which they came; 0 or -ENOMEM. */
int report_each(const struct report *r, void (*each)(void *ctx, const char *text), void *ctx);

#endif

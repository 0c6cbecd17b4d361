/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Counts and percentiles of all chapters told.
 *
 * No connection is remembered.  One is counted by its handshake chapter, or by its close chapter
 * when no handshake was told: that is one with something missing and a role nobody saw.
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "render.h"

/* Rows of (role, service port); the rest share one more. */
#define SUMMARY_ROWS 1024

struct summary;

/* NULL when there is no memory. */
struct summary *summary_create(void);
void summary_destroy(struct summary *s);

/* Chapters that find no memory for their row are in the counts and in the row "other". */
void summary_add(struct summary *s, const struct chapter *ch);

/*
 * The open connections are about to be told (once more).  Those told before are forgotten: each
 * is told again now, or has been told as finished meanwhile.
 */
void summary_open_begin(struct summary *s);

/* Fills all but events_lost and table_full, which others count. */
void summary_totals(const struct summary *s, struct totals *t);

/* A table for a person. */
void summary_print(FILE *out, const struct summary *s);

#endif

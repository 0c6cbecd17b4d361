/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Counts and percentiles of all chapters told.
 *
 * No connection is remembered.  One is counted by its handshake chapter, or by its close chapter
 * when no handshake was told: that is one with something missing and a role nobody saw.
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "base/histogram.h"
#include "render.h"

/* Rows of (role, service port); the rest share one more. */
#define SUMMARY_ROWS 1024

struct summary;

/* What the connections of one role and service port took, in ns. */
struct summary_row {
	enum role role;
	bool other;	   /* all that found no row of their own; role and port mean nothing */
	struct maybe port; /* the service's */
	uint64_t failed;
	struct histogram connect, close;
};

/* NULL when there is no memory. */
struct summary *summary_create(void);
void summary_destroy(struct summary *s);

/* Chapters that find no memory for their row are in the counts and in the row "other". */
void summary_add(struct summary *s, const struct chapter *ch);

/* n chapters like this one but for their latency, which lies in a bucket of tally.h and is max_ns at most. */
void summary_add_tally(struct summary *s, const struct chapter *ch, unsigned int bucket, uint64_t n,
		       uint64_t max_ns);

/* Forgets all. */
void summary_reset(struct summary *s);

/*
 * The open connections are about to be told (once more).  Those told before are forgotten: each
 * is told again now, or has been told as finished meanwhile.
 */
void summary_open_begin(struct summary *s);

/* Fills all but events_lost and table_full, which others count. */
void summary_totals(const struct summary *s, struct totals *t);

/* Each row that is not empty: busiest first, then the one of the others. */
void summary_rows(const struct summary *s, void (*row)(void *ctx, const struct summary_row *r),
		  void *ctx);

/* A table for a person; that of an interval says nothing of what is open. */
void summary_print(FILE *out, const struct summary *s, bool interval);

#endif

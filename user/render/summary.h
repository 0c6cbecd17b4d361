/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Counts and percentiles of all chapters reported.
 *
 * Connections are counted without remembering any: by the handshake chapter, or by the close
 * chapter of a connection without one, which is incomplete and has no role, or whose handshake is
 * not selected.
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "base/by.h"
#include "base/histogram.h"
#include "render.h"
#include "summary_key.h"

/* Rows of their own for so many pairs of role and service port; all others share one more. */
#define SUMMARY_ROWS 1024

struct summary;

/*
 * The connections of one role and service port: how many failed, and the latencies of the others
 * in ns.
 */
struct summary_row {
	enum role role;
	bool other;	   /* the shared row; role and port mean nothing */
	struct maybe port; /* the service's */
	uint64_t failed;
	/* attempts of peers that made no socket, which are not among those that failed */
	uint64_t attempts[OUTCOMES];
	struct histogram connect, close;
};

/* NULL when there is no memory. */
struct summary *summary_create(void);

/*
 * Also counts by these keys (--by), which are used until summary_destroy(), and prints those rows instead of
 * the rows by role and port.  Call it before anything is added.  False when there is no memory.
 */
bool summary_group(struct summary *s, const struct by *by);

/* The rows of summary_group(), NULL: it was not called. */
struct summary_by;
const struct summary_by *summary_grouped(const struct summary *s);

/* In how many columns those rows are printed; less than 80 is 80. */
void summary_set_width(struct summary *s, size_t width);
size_t summary_width(const struct summary *s);

/* Where those rows find the paths of cgroups. */
void summary_set_paths(struct summary *s, const struct summary_paths *paths);

void summary_destroy(struct summary *s);

/* Adds a chapter.  When there is no memory for its row it goes to the shared one. */
void summary_add(struct summary *s, const struct chapter *ch);

/*
 * Adds n chapters like this one, with latencies in this bucket of shared/tally.h (BUCKET_NONE:
 * without any) that are max_ns at most.
 */
void summary_add_tally(struct summary *s, const struct chapter *ch, unsigned int bucket, uint64_t n,
		       uint64_t max_ns);

/* Adds attempts that were only counted. */
void summary_add_counted(struct summary *s, const struct item_counted *counted);

/* As summary_by_make_room(), for a summary that lives long. */
void summary_make_room(struct summary *s);

/* Back to zero, for the next interval. */
void summary_reset(struct summary *s);

/*
 * The open connections are about to be reported again.  The counts of the last time are taken
 * back: each of them is reported again now, or has ended in the meantime.
 */
void summary_open_begin(struct summary *s);

/* Another trace follows: what is open stays so, whatever is open in that one. */
void summary_next_trace(struct summary *s);

/* Adds one that is open at the end of an interval, as open and nothing else. */
void summary_add_open(struct summary *s, const struct chapter *ch);
/* How many connections are established at the end of a trace; those of several traces are added up. */
void summary_set_established(struct summary *s, struct maybe n);

/* Fills in all totals but events_lost and table_full, which it keeps. */
void summary_totals(const struct summary *s, struct totals *t);

/* Calls row() for each row that is not empty, the busiest first, the shared one last. */
void summary_rows(const struct summary *s, void (*row)(void *ctx, const struct summary_row *r),
		  void *ctx);

/* Prints the table of --summary.  That of an interval has no count of open connections, unless it has --by. */
void summary_print(FILE *out, const struct summary *s, bool interval);

/* Prints to stderr what of the trace is not in the output. */
void summary_warn(const struct totals *t);

#endif

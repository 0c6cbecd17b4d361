/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The rows of --by: what was counted of the connections that have the same keys.  Pure. */
#ifndef SUMMARY_BY_H
#define SUMMARY_BY_H

#include "base/by.h"
#include "base/histogram.h"
#include "chapter/chapter.h"
#include "summary_key.h"

/*
 * Rows of their own for so many; all others share one more.  A row takes 2 KB, and 8 bytes for each bucket
 * of a latency that has values.
 */
#define SUMMARY_BY_ROWS 4096

/* The kernel's numbers of states, and one more: established, and nobody has accepted it. */
enum { BY_STATE_UNACCEPTED = 15, BY_STATES };

enum by_latency { BY_CONNECT, BY_ACCEPT, BY_CLOSE, BY_CLOSE_WAIT, BY_LATENCIES };

/* All are of uint64_t, so that rows are added up as arrays. */
struct by_counts {
	uint64_t connections;
	uint64_t open_connections; /* those of connections that are open */
	uint64_t handshakes, failed, closes, open;
	uint64_t outcomes[OUTCOMES], endings[ENDINGS], closers[CLOSERS], causes[CAUSES];
	uint64_t open_causes[CAUSES]; /* of what is open, which is not among those above */
};

/* Those that are open in one state. */
struct by_open {
	uint64_t n;
	uint64_t
		older; /* of these, those that were in it before the trace: their age is not known */
	uint64_t oldest_ns; /* of the others; 0: none is known */
	uint64_t sum_ns;    /* their ages */
};

/* All that is open. */
struct by_all_open {
	uint64_t n, causes[CAUSES];
	struct by_open in[BY_STATES];
};

struct by_row {
	char *key; /* see summary_key(); NULL: the row of the others */
	size_t key_len;
	uint32_t hash;
	uint64_t number;	 /* no other row of this table ever has the same */
	uint64_t changed;	 /* the greater, the later a chapter was counted */
	char comm[COMM_LEN + 1]; /* of a row of one pid: the last name seen */
	struct by_counts counts;
	struct by_open open[BY_STATES];
	struct by_all_open before;		/* of the traces before this one */
	struct histogram latency[BY_LATENCIES]; /* in ns */
};

struct summary_by;

/* NULL when there is no memory.  by is used until summary_by_destroy(). */
struct summary_by *summary_by_create(const struct by *by);
void summary_by_destroy(struct summary_by *b);

/* Where the paths of cgroups are found; without it they are not known. */
void summary_by_set_paths(struct summary_by *b, const struct summary_paths *paths);

/* As the functions of summary.h with these names.  connection: the chapter is the one its connection is counted by. */
void summary_by_add(struct summary_by *b, const struct chapter *ch, bool connection);
void summary_by_add_tally(struct summary_by *b, const struct chapter *ch, bool connection,
			  unsigned int bucket, uint64_t n, uint64_t max_ns);
void summary_by_reset(struct summary_by *b);
void summary_by_open_begin(struct summary_by *b);
void summary_by_next_trace(struct summary_by *b);

/* Of an open one: it is open, and nothing else. */
void summary_by_add_open(struct summary_by *b, const struct chapter *ch);

/* The keys, as they were given to summary_by_create(). */
const struct by *summary_by_keys(const struct summary_by *b);

/* Fills in the rows that have counted anything, in no order.  Returns their number, at most SUMMARY_BY_ROWS. */
size_t summary_by_rows(const struct summary_by *b, const struct by_row *rows[SUMMARY_BY_ROWS]);

/* Adds what is open in one state. */
void summary_by_add_open_of(struct by_open *to, const struct by_open *from);

/* Adds all that one row has counted to another one, but not its `before`. */
void summary_by_add_row(struct by_row *to, const struct by_row *from);

/*
 * For a table that lives long: when most rows are taken, those where nothing is open and that changed longest ago
 * become part of the row of the others, and make room.
 */
void summary_by_make_room(struct summary_by *b);

/* The row of those that found none of their own, and how many chapters it has. */
const struct by_row *summary_by_overflow(const struct summary_by *b, uint64_t *n);

#endif

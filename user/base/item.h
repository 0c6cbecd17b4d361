/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Where items come from: the running kernel or a recording.  Whatever the renderers print was an item
 * first, so that a recording of the items replays to the same bytes.
 */
#ifndef ITEM_H
#define ITEM_H

#include <stddef.h>
#include <stdint.h>

#include "shared/record.h"
#include "shared/tally.h"

enum item_type {
	ITEM_CLOCK =
		1, /* int64_t: CLOCK_REALTIME minus CLOCK_MONOTONIC, ns; holds until the next */
	ITEM_HANDSHAKE = 2,  /* struct handshake_part */
	ITEM_CLOSE = 3,	     /* struct record, with the handshake in it when that is not told yet */
	ITEM_OPEN = 4,	     /* struct item_open: not over, told as it stands */
	ITEM_TRANSITION = 5, /* struct transition */
	ITEM_CGROUP = 6,     /* uint64_t id, then its path without a NUL */
	ITEM_SNAPSHOT = 8,   /* nothing: all ITEM_OPEN up to here are void, new ones may follow */
	ITEM_TALLY = 9,	     /* struct item_tally: chapters the kernel counted, never recorded */
	ITEM_COUNTS = 7,     /* struct item_counts: the trace is over */
};

struct item {
	enum item_type type;
	const void *data;
	size_t len;
};

/* Receives items; a non-zero return stops the source. */
typedef int (*item_fn)(void *ctx, const struct item *item);

/* A record as it stood at now_ns (CLOCK_MONOTONIC). */
struct item_open {
	uint64_t now_ns;
	struct record record;
};

struct item_tally {
	struct tally_key key;
	struct tally tally;
};

struct item_counts {
	uint64_t events_lost;
	uint64_t table_full;
};

#endif

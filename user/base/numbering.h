/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Numbers connections from 1 in the order in which they are reported first, whatever their keys
 * are.  A connection that has ended is forgotten.
 */
#ifndef NUMBERING_H
#define NUMBERING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * So many are remembered at least.  Ends that are never reported must not fill the memory: at
 * twice as many, the older half is forgotten, and has new numbers if it is reported again.
 */
#define NUMBERING_MAX (1U << 20)

struct numbered {
	uint64_t key;
	uint64_t number; /* 0: the slot is empty */
};

struct numbered_table {
	size_t n, n_slots; /* a power of two, or 0 */
	struct numbered *slots;
};

/* All zero at first. */
struct numbering {
	struct numbered_table young, old;
	uint64_t factor; /* of the hash, 0 at first */
	uint64_t last;
	bool no_memory; /* for one of them, which has another number the next time */
};

/* The number of the connection with this key.  over: it is not reported again. */
uint64_t numbering_number(struct numbering *n, uint64_t key, bool over);

/* All keys are forgotten, and the memory is freed.  Numbers go on from the last one. */
void numbering_forget(struct numbering *n);

#endif

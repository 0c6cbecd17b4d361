/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Chapters from the tallies that the kernel keeps for a summary instead of posting records
 * (shared/tally.h).
 */
#ifndef TALLY_CHAPTER_H
#define TALLY_CHAPTER_H

#include "chapter.h"
#include "shared/tally.h"

/*
 * The verdict that all chapters counted under the key have in common; their latency is in
 * key->bucket.
 */
void tally_chapter(struct chapter *ch, const struct tally_key *key);

/* How much of each tally has been taken so far: the kernel's only grow. */
struct tally_counts;

/* NULL when there is no memory. */
struct tally_counts *tally_counts_create(void);
void tally_counts_destroy(struct tally_counts *c);

/* n is the tally's current value.  Returns by how much it has grown since it was last taken. */
uint64_t tally_counts_take(struct tally_counts *c, const struct tally_key *key, uint64_t n);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the kernel counted instead of posting it (tally.h), as chapters.  Pure. */
#ifndef TALLY_CHAPTER_H
#define TALLY_CHAPTER_H

#include "chapter.h"
#include "shared/tally.h"

/* A chapter with the verdict of those counted under the key; its latency is the key's bucket. */
void tally_chapter(struct chapter *ch, const struct tally_key *key);

/* How much of each tally was taken already. */
struct tally_counts;

struct tally_counts *tally_counts_create(void); /* NULL: no memory */
void tally_counts_destroy(struct tally_counts *c);

/* n is what the tally stands at; returns how many of them are new. */
uint64_t tally_counts_take(struct tally_counts *c, const struct tally_key *key, uint64_t n);

#endif

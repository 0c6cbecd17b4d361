/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A log-linear histogram.  It has the buckets of tally.h, in which the kernel counts: bucket b >= 32 holds
 * the 1 << e values from (b - 32 * e) << e on, with e = b / 32 - 1.
 * The middle of a bucket is at most 1/64 (1.6 %) off any of its values; below 64 it is exact.
 * It takes memory for the buckets that have values only: latencies of one kind fill a few dozen.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

#include "shared/tally.h"

#define HISTOGRAM_BUCKET_BITS 11
_Static_assert(BUCKETS <= 1 << HISTOGRAM_BUCKET_BITS, "a number for each bucket");

struct histogram_cell {
	uint64_t bucket : HISTOGRAM_BUCKET_BITS, n : 64 - HISTOGRAM_BUCKET_BITS;
};

struct histogram {
	uint64_t total;
	uint64_t min, max; /* exact; min has no meaning while total is 0 */
	uint32_t n_cells, room;
	struct histogram_cell *cells; /* of the buckets that have values, in their order */
};

/* The middle of a bucket.  A number out of range means the last bucket. */
uint64_t histogram_value(unsigned int bucket);

/*
 * Counts one value.  A histogram is empty when all its bytes are zero.  When there is no memory for its bucket,
 * the value is counted in a neighbouring one.
 */
void histogram_add(struct histogram *h, uint64_t value);

/* Counts n values of one bucket; max is the greatest of them (0: not known). */
void histogram_add_bucket(struct histogram *h, unsigned int bucket, uint64_t n, uint64_t max);

/* Counts all values of another one. */
void histogram_add_all(struct histogram *h, const struct histogram *other);

/*
 * The percentile of all values by the nearest rank, to the precision of a bucket, but never below the
 * minimum or above the maximum.  percent of 100 or more is the exact maximum.  0 if the histogram is empty.
 */
uint64_t histogram_percentile(const struct histogram *h, unsigned int percent);

/* Frees its memory, and makes it empty. */
void histogram_free(struct histogram *h);

#endif

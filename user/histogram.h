/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A log-linear histogram.  Each power of two is cut into 32 buckets of equal width:
 *
 *	value < 32:		bucket = value
 *	else, with e = floor(log2(value)) - 5:
 *				bucket = 32 * e + (value >> e)		(32 <= value >> e < 64)
 *
 * so bucket b >= 32 holds the 1 << e values from (b - 32 * e) << e on, with e = b / 32 - 1.
 * Told by the middle of its bucket, a value is at most 1/64 (1.6 %) off; below 64 it is exact.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS (32 * 60)

struct histogram {
	uint64_t total;
	uint64_t min, max; /* exact; min means nothing while it is empty */
	uint64_t count[HISTOGRAM_BUCKETS];
};

unsigned int histogram_bucket(uint64_t value);

/* The middle of a bucket; of one out of range, of the last. */
uint64_t histogram_value(unsigned int bucket);

/* A histogram of zeros is empty. */
void histogram_add(struct histogram *h, uint64_t value);

/*
 * The value that `percent` of all are not above (nearest rank), to the bucket's precision and never
 * outside what was added; 100 gives the maximum exactly.  0 when empty.
 */
uint64_t histogram_percentile(const struct histogram *h, unsigned int percent);

#endif

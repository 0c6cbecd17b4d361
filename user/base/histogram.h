/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A log-linear histogram with the buckets of tally.h, where the kernel's side is: bucket b >= 32 holds
 * the 1 << e values from (b - 32 * e) << e on, with e = b / 32 - 1.
 * Told by the middle of its bucket, a value is at most 1/64 (1.6 %) off; below 64 it is exact.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

#include "shared/tally.h"

struct histogram {
	uint64_t total;
	uint64_t min, max; /* exact; min means nothing while it is empty */
	uint64_t count[BUCKETS];
};

/* The middle of a bucket; of one out of range, of the last. */
uint64_t histogram_value(unsigned int bucket);

/* A histogram of zeros is empty. */
void histogram_add(struct histogram *h, uint64_t value);

/* n values of one bucket, the greatest of which is max (0: not known). */
void histogram_add_bucket(struct histogram *h, unsigned int bucket, uint64_t n, uint64_t max);

/*
 * The value that `percent` of all are not above (nearest rank), to the bucket's precision and never
 * outside what was added; 100 gives the maximum exactly.  0 when empty.
 */
uint64_t histogram_percentile(const struct histogram *h, unsigned int percent);

#endif

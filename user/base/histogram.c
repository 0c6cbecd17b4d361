// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "histogram.h"

#define SUBS (1U << BUCKET_BITS)

uint64_t histogram_value(unsigned int bucket)
{
	unsigned int e;

	if (bucket >= BUCKETS)
		bucket = BUCKETS - 1;
	if (bucket < SUBS)
		return bucket;
	e = bucket / SUBS - 1;
	return ((uint64_t)(bucket - SUBS * e) << e) + (1ULL << e) / 2;
}

void histogram_add(struct histogram *h, uint64_t value)
{
	if (!h->total || value < h->min)
		h->min = value;
	h->total++;
	h->count[tally_bucket(value)]++;
	if (value > h->max)
		h->max = value;
}

void histogram_add_bucket(struct histogram *h, unsigned int bucket, uint64_t n, uint64_t max)
{
	uint64_t value = histogram_value(bucket);

	if (!n || bucket >= BUCKETS)
		return;
	if (!max)
		max = value;
	if (value > max)
		value = max;
	if (!h->total || value < h->min)
		h->min = value;
	h->total += n;
	h->count[bucket] += n;
	if (max > h->max)
		h->max = max;
}

uint64_t histogram_percentile(const struct histogram *h, unsigned int percent)
{
	uint64_t rank, seen = 0;

	if (percent >= 100)
		return h->max;
	/* ceil(total * percent / 100) without overflow; 0 % is the first value */
	rank = h->total / 100 * percent + (h->total % 100 * percent + 99) / 100;
	if (!rank)
		rank = 1;
	for (unsigned int i = 0; i < BUCKETS; i++) {
		uint64_t value;

		seen += h->count[i];
		if (seen < rank)
			continue;
		value = histogram_value(i);
		if (value < h->min)
			return h->min;
		return value < h->max ? value : h->max;
	}
	return h->max;
}

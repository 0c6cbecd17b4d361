// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "histogram.h"

#define SUB_BITS 5
#define SUBS (1U << SUB_BITS)

unsigned int histogram_bucket(uint64_t value)
{
	unsigned int e;

	if (value < SUBS)
		return (unsigned int)value;
	e = 63 - (unsigned int)__builtin_clzll(value) - SUB_BITS;
	return SUBS * e + (unsigned int)(value >> e);
}

uint64_t histogram_value(unsigned int bucket)
{
	unsigned int e;

	if (bucket >= HISTOGRAM_BUCKETS)
		bucket = HISTOGRAM_BUCKETS - 1;
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
	h->count[histogram_bucket(value)]++;
	if (value > h->max)
		h->max = value;
}

uint64_t histogram_percentile(const struct histogram *h, unsigned int percent)
{
	uint64_t rank, seen = 0;

	if (percent >= 100)
		return h->max;
	/* ceil(total * percent / 100) without overflow; the first for 0 % */
	rank = h->total / 100 * percent + (h->total % 100 * percent + 99) / 100;
	if (!rank)
		rank = 1;
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
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

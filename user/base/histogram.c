// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "histogram.h"

#include <stdlib.h>
#include <string.h>

#define SUBS (1U << BUCKET_BITS)
#define ROOM_MIN 8

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

/* The index of the bucket's cell, or where it belongs. */
static uint32_t place_of(const struct histogram *h, unsigned int bucket)
{
	uint32_t low = 0, high = h->n_cells;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (h->cells[middle].bucket < bucket)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool make_room(struct histogram *h)
{
	uint32_t room = h->room ? 2 * h->room : ROOM_MIN;
	void *more;

	if (h->n_cells < h->room)
		return true;
	more = reallocarray(h->cells, room, sizeof(*h->cells));
	if (!more)
		return false;
	h->cells = more;
	h->room = room;
	return true;
}

/* The cell of this bucket; a neighbour or NULL when there is no memory. */
static struct histogram_cell *cell_of(struct histogram *h, unsigned int bucket)
{
	uint32_t at = place_of(h, bucket);

	if (at < h->n_cells && h->cells[at].bucket == bucket)
		return &h->cells[at];
	if (!make_room(h))
		return h->n_cells ? &h->cells[at < h->n_cells ? at : at - 1] : NULL;
	memmove(&h->cells[at + 1], &h->cells[at], (h->n_cells - at) * sizeof(*h->cells));
	h->cells[at] = (struct histogram_cell){ .bucket = bucket };
	h->n_cells++;
	return &h->cells[at];
}

/* n values, not 0, of one bucket. */
static void count(struct histogram *h, unsigned int bucket, uint64_t n, uint64_t min, uint64_t max)
{
	struct histogram_cell *cell = cell_of(h, bucket);

	if (!h->total || min < h->min)
		h->min = min;
	if (max > h->max)
		h->max = max;
	h->total += n;
	if (cell)
		cell->n += n;
}

void histogram_add(struct histogram *h, uint64_t value)
{
	count(h, tally_bucket(value), 1, value, value);
}

void histogram_add_bucket(struct histogram *h, unsigned int bucket, uint64_t n, uint64_t max)
{
	uint64_t value = histogram_value(bucket);

	if (!n || bucket >= BUCKETS)
		return;
	if (!max)
		max = value;
	count(h, bucket, n, value < max ? value : max, max);
}

void histogram_add_all(struct histogram *h, const struct histogram *other)
{
	for (uint32_t i = 0; i < other->n_cells; i++)
		count(h, other->cells[i].bucket, other->cells[i].n, other->min, other->max);
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
	for (uint32_t i = 0; i < h->n_cells; i++) {
		uint64_t value;

		seen += h->cells[i].n;
		if (seen < rank)
			continue;
		value = histogram_value(h->cells[i].bucket);
		if (value < h->min)
			return h->min;
		return value < h->max ? value : h->max;
	}
	return h->max;
}

void histogram_free(struct histogram *h)
{
	free(h->cells);
	memset(h, 0, sizeof(*h));
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "attempts.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

/* entries that one system call reads */
#define BATCH 128
/*
 * So many ports of a namespace are reported one by one.  A scan meets more, and is reported as what
 * it is.
 */
#define PORTS_MAX 16

struct count {
	struct counted_key key;
	uint64_t n;
};

struct counts {
	struct count *items;
	size_t n;
};

/* Reads the entries of earlier periods, and removes them. */
static int take(struct counts *all, const struct attempts_request *q)
{
	struct counted_key keys[BATCH];
	__u64 values[BATCH];
	__u32 position, n;
	void *from = NULL;
	int end;

	do {
		n = BATCH;
		end = bpf_map_lookup_batch(q->counted_fd, from, &position, keys, values, &n, NULL);
		if (end && end != -ENOENT)
			return end;
		for (__u32 i = 0; i < n && all->n < COUNTED; i++)
			if (q->last || keys[i].period != q->period)
				all->items[all->n++] = (struct count){ keys[i], values[i] };
		from = &position;
	} while (!end);
	for (size_t i = 0; i < all->n; i++)
		bpf_map_delete_elem(q->counted_fd, &all->items[i].key);
	return 0;
}

static bool same_place(const struct counted_key *a, const struct counted_key *b)
{
	return a->netns == b->netns && a->attempt == b->attempt;
}

/* By namespace and kind, then by port. */
static int compare(const void *a, const void *b)
{
	const struct counted_key *x = &((const struct count *)a)->key,
				 *y = &((const struct count *)b)->key;

	if (x->netns != y->netns)
		return x->netns < y->netns ? -1 : 1;
	if (x->attempt != y->attempt)
		return x->attempt < y->attempt ? -1 : 1;
	return (x->port > y->port) - (x->port < y->port);
}

static int report(const struct attempts_request *q, const struct item_counted *item)
{
	return q->sink(q->ctx, &(struct item){ ITEM_COUNTED, item, sizeof(*item) });
}

/* The n counts are of one namespace and kind. */
static int report_place(const struct attempts_request *q, const struct count *counts, size_t n,
			uint64_t now_ns)
{
	struct item_counted item = {
		.now_ns = now_ns,
		.netns = counts->key.netns,
		.attempt = counts->key.attempt,
	};
	int err = 0;

	for (size_t i = 0; !err && i < n; i++) {
		bool same = i && counts[i].key.port == counts[i - 1].key.port;

		item.ports += !same;
		item.n += counts[i].n;
		if (n > PORTS_MAX || (i + 1 < n && counts[i + 1].key.port == counts[i].key.port))
			continue;
		item.port = counts[i].key.port;
		err = report(q, &item);
		item.n = 0;
		item.ports = 0;
	}
	return err || !item.n ? err : report(q, &item);
}

static int report_rest(struct attempts *a, const struct attempts_request *q, uint64_t now_ns)
{
	int err = 0;

	for (uint16_t i = 0; !err && i < ATTEMPTS; i++) {
		struct item_counted item = { .now_ns = now_ns,
					     .n = q->rest[i] - a->rest[i],
					     .attempt = i };

		a->rest[i] += item.n;
		if (item.n)
			err = report(q, &item);
	}
	return err;
}

int attempts_report(struct attempts *a, const struct attempts_request *q, uint64_t now_ns)
{
	struct counts all = { .items = calloc(COUNTED, sizeof(*all.items)) };
	int err = all.items ? take(&all, q) : -ENOMEM;

	if (!err && all.n)
		qsort(all.items, all.n, sizeof(*all.items), compare);
	for (size_t i = 0, next; !err && i < all.n; i = next) {
		for (next = i + 1;
		     next < all.n && same_place(&all.items[i].key, &all.items[next].key);)
			next++;
		err = report_place(q, all.items + i, next - i, now_ns);
	}
	free(all.items);
	return err ? err : report_rest(a, q, now_ns);
}

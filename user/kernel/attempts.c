// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "attempts.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"

/*
 * So many ports of a namespace are reported one by one.  A scan meets more, and is reported as what
 * it is.
 */
#define PORTS_MAX 16

struct count {
	struct counted_key key;
	uint64_t n;
};

/* Reads the entries of earlier periods, and removes them: counts has room for all. */
static int take(struct count *counts, size_t *n, const struct attempts_request *q)
{
	struct keys keys;
	int err = keys_read(&keys, q->counted_fd, sizeof(struct counted_key), sizeof(__u64));

	*n = 0;
	if (err)
		return err;
	for (size_t i = 0; i < keys.n && *n < COUNTED; i++) {
		struct count *c = &counts[*n];

		memcpy(&c->key, key_at(&keys, i), sizeof(c->key));
		if (!q->last && c->key.period == q->period)
			continue;
		if (!bpf_map_lookup_elem(q->counted_fd, &c->key, &c->n) &&
		    !bpf_map_delete_elem(q->counted_fd, &c->key))
			(*n)++;
	}
	free(keys.items);
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
	struct count *counts = calloc(COUNTED, sizeof(*counts));
	size_t n = 0;
	int err = counts ? take(counts, &n, q) : -ENOMEM;

	if (!err && n)
		qsort(counts, n, sizeof(*counts), compare);
	for (size_t i = 0, next; !err && i < n; i = next) {
		for (next = i + 1; next < n && same_place(&counts[i].key, &counts[next].key);)
			next++;
		err = report_place(q, counts + i, next - i, now_ns);
	}
	free(counts);
	return err ? err : report_rest(a, q, now_ns);
}

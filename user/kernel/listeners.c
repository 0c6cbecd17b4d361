// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "listeners.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "chapter/select.h"
#include "processes.h"
#include "shared/wanted.h"

/* listeners that one system call reads */
#define BATCH 128

/* What was reported of a socket, which since_ns identifies: the memory of one that ended is used again. */
struct reported {
	uint64_t since_ns;
	uint64_t accepted;
	uint32_t drops;
};

struct listeners {
	struct reported *items; /* sorted by since_ns */
	size_t n, room;
};

struct listeners *listeners_create(void)
{
	return calloc(1, sizeof(struct listeners));
}

void listeners_destroy(struct listeners *l)
{
	if (l)
		free(l->items);
	free(l);
}

static size_t find_place(const struct listeners *l, uint64_t since_ns)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (l->items[middle].since_ns < since_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* What was reported of this socket; a new entry if nothing was.  NULL: no memory. */
static struct reported *find(struct listeners *l, uint64_t since_ns)
{
	size_t at = find_place(l, since_ns);

	if (at < l->n && l->items[at].since_ns == since_ns)
		return &l->items[at];
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 64;
		void *more = realloc(l->items, room * sizeof(*l->items));

		if (!more)
			return NULL;
		l->items = more;
		l->room = room;
	}
	memmove(&l->items[at + 1], &l->items[at], (l->n - at) * sizeof(*l->items));
	l->n++;
	l->items[at] = (struct reported){ .since_ns = since_ns };
	return &l->items[at];
}

static void forget(struct listeners *l, uint64_t since_ns)
{
	size_t at = find_place(l, since_ns);

	if (at >= l->n || l->items[at].since_ns != since_ns)
		return;
	l->n--;
	memmove(&l->items[at], &l->items[at + 1], (l->n - at) * sizeof(*l->items));
}

bool listener_is_selected(const volatile struct config *cfg, int pids_fd, const struct listening *l)
{
	return !wanted_by_owner(cfg) || l->selected ||
	       (cfg->by_pid && !cfg->by_comm && !cfg->cgroup &&
		processes_include(pids_fd, l->owner.pid));
}

static int report(struct listeners *known, const struct listeners_request *q,
		  const struct listening *l, uint64_t now_ns)
{
	struct item_listener item = {
		.now_ns = now_ns,
		.owner = l->owner,
		.netns = l->at.netns,
		.queue = l->queue,
		.queue_max = l->queue_max,
		.backlog = l->backlog,
		.half_open = l->half_open,
		.port = l->at.port,
		.interface = l->interface,
		.accept_seen = q->cfg->accept_seen,
		.selected = listener_is_selected(q->cfg, q->pids_fd, l),
	};
	struct reported *r;

	memcpy(item.addr, l->at.addr, 16);
	item.family = IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)item.addr) ? 4 : 6;
	if (!select_listener(q->options, NULL, &item))
		return 0;
	r = find(known, l->since_ns);
	if (!r)
		return -ENOMEM;
	/* both counters only grow, but the reading of one may be older than that of the other */
	item.dropped = l->drops - l->drops_before - r->drops;
	item.accepted = l->accepted - r->accepted;
	r->drops = l->drops - l->drops_before;
	r->accepted = l->accepted;
	return q->sink(q->ctx, &(struct item){ ITEM_LISTENER, &item, sizeof(item) });
}

static bool has_a_story(const struct listening *l)
{
	return l->children || l->queue_max || l->half_open || l->drops != l->drops_before;
}

static bool has_news(const struct listeners *known, const struct listening *l)
{
	size_t at = find_place(known, l->since_ns);
	bool found = at < known->n && known->items[at].since_ns == l->since_ns;

	return l->drops - l->drops_before != (found ? known->items[at].drops : 0);
}

int listeners_report(struct listeners *known, const struct listeners_request *q, uint64_t now_ns,
		     bool all)
{
	struct listening *values = calloc(BATCH, sizeof(*values));
	__u64 keys[BATCH];
	__u32 bucket, n;
	void *position = NULL;
	int err = values ? 0 : -ENOMEM, end = 0;

	while (!err && !end) {
		n = BATCH;
		end = bpf_map_lookup_batch(q->listening_fd, position, &bucket, keys, values, &n,
					   NULL);
		if (end && end != -ENOENT)
			err = end;
		position = &bucket;
		for (__u32 i = 0; !err && i < n; i++)
			if (values[i].seen == q->number && has_a_story(&values[i]) &&
			    (all || has_news(known, &values[i])))
				err = report(known, q, &values[i], now_ns);
	}
	free(values);
	/* a bucket with more listeners than a batch takes: the rest is for the next time */
	return err == -ENOSPC ? 0 : err;
}

int listeners_end(struct listeners *known, const struct listeners_request *q,
		  const struct listening *end, uint64_t now_ns)
{
	int err = report(known, q, end, now_ns);

	forget(known, end->since_ns);
	return err;
}

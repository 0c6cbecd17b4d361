// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "post.h"

#include <string.h>

void post_item(struct poster *p, enum item_type type, const void *data, size_t len)
{
	if (!p->err)
		p->err = p->sink(p->ctx, &(struct item){ type, data, len });
}

void post_handshake(struct poster *p, struct flow *f)
{
	post_item(p, ITEM_HANDSHAKE, &f->r.h, sizeof(f->r.h));
	f->r.h.flags |= HANDSHAKE_POSTED;
}

void post_close(struct poster *p, struct flow *f)
{
	post_item(p, ITEM_CLOSE, &f->r, sizeof(f->r));
}

void post_open(struct poster *p, const struct flow *f)
{
	post_held(p, f, 0, "");
}

void post_held(struct poster *p, const struct flow *f, uint32_t pid, const char *comm)
{
	struct item_open open;

	memset(&open, 0, sizeof(open));
	open.now_ns = f->now_ns;
	open.record = f->r;
	if (pid)
		owner_set(&open.holder, pid, comm);
	post_item(p, ITEM_OPEN, &open, sizeof(open));
}

/* By this clock flows begin at 2026-03-01T12:00:00Z; 77 is the cgroup of owner_set(). */
void post_begin(struct poster *p)
{
	const int64_t offset = 1772366400 * (int64_t)S - (int64_t)BEGIN_NS;
	static const char path[] = "/system.slice/demo.service";
	char cgroup[sizeof(uint64_t) + sizeof(path) - 1];

	post_item(p, ITEM_CLOCK, &offset, sizeof(offset));
	memcpy(cgroup, &(uint64_t){ 77 }, sizeof(uint64_t));
	memcpy(cgroup + sizeof(uint64_t), path, sizeof(path) - 1);
	post_item(p, ITEM_CGROUP, cgroup, sizeof(cgroup));
}

void post_counts(struct poster *p, uint64_t events_lost, uint64_t table_full)
{
	/* as in older recordings */
	const uint64_t counts[] = { events_lost, table_full };

	post_item(p, ITEM_COUNTS, counts, sizeof(counts));
}

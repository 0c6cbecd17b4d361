/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Posts the records of flows (cases.h) to a sink, as the BPF programs and the sweep do. */
#ifndef POST_H
#define POST_H

#include "base/item.h"
#include "cases.h"

/*
 * Where the items go.  After the sink has returned an error, which stays in err, it gets no more.
 */
struct poster {
	item_fn sink;
	void *ctx;
	int err;
};

void post_item(struct poster *p, enum item_type type, const void *data, size_t len);

/* The handshake alone; then the close does not yield it again. */
void post_handshake(struct poster *p, struct flow *f);

/* The whole record, and one that is open at f->now_ns. */
void post_close(struct poster *p, struct flow *f);
void post_open(struct poster *p, const struct flow *f);
/* The same, of one that this process has open. */
void post_held(struct poster *p, const struct flow *f, uint32_t pid, const char *comm);

/* The first items of every recording, the clock and the cgroup's path, and the last. */
void post_begin(struct poster *p);
void post_counts(struct poster *p, uint64_t events_lost, uint64_t table_full);

#endif

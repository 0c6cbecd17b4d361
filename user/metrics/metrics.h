/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What --metrics shows.  The kernel counts handshakes and closes in rows where nothing else is asked for, and user
 * space adds what only a sweep finds; else user space counts all that it is passed.  Pure.
 */
#ifndef METRICS_H
#define METRICS_H

#include "base/features.h"
#include "base/item.h"
#include "base/options.h"
#include "base/shortfalls.h"
#include "base/workload.h"
#include "shared/config.h"
#include "shared/row.h"

struct metrics;

/* Whose a cgroup is, and its path; NULL: not known. */
struct metrics_cgroups {
	const struct workload *(*workload)(void *ctx, uint64_t cgroup);
	const char *(*path)(void *ctx, uint64_t cgroup);
	void *ctx;
};

/* NULL: no memory. */
struct metrics *metrics_create(const struct options *o, const struct metrics_cgroups *cgroups);
void metrics_destroy(struct metrics *m);

/* Counts what is reported: handshakes, closes and attempts. */
void metrics_item(struct metrics *m, const struct item *item);

/* Counts what is reported of listeners for this alone: an item_fn. */
int metrics_listener(void *metrics, const struct item *item);

/* The hook in use for a feature. */
void metrics_set_hook(struct metrics *m, enum feature feature, enum hook_kind kind);

/*
 * A page is to be written.  Follows what the kernel has counted: metrics_kernel_row() for each row (a row_fn), then
 * the others.
 */
void metrics_begin(struct metrics *m, uint64_t now_ns);
bool metrics_kernel_row(void *metrics, const struct row_key *key, const struct kernel_row *row);
/* counts NULL: not known */
void metrics_set_states(struct metrics *m, const struct state_count (*counts)[STATE_NUMBERS]);
void metrics_set_shortfalls(struct metrics *m, const struct shortfalls *s);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The peers' attempts that the BPF side counted instead of posting them. */
#ifndef ATTEMPTS_H
#define ATTEMPTS_H

#include "base/item.h"
#include "shared/config.h"

struct attempts {
	uint64_t at_ns;		 /* when to read next */
	uint64_t rest[ATTEMPTS]; /* what was reported of those without a port */
};

struct attempts_request {
	int counted_fd;
	uint32_t period; /* the current one: programs may still add to its counts */
	bool last;	 /* no program runs any more */
	const uint64_t *rest;
	item_fn sink;
	void *ctx;
};

/* Reports the counts of earlier periods, the last time all.  0, what the sink returned, or -errno. */
int attempts_report(struct attempts *a, const struct attempts_request *q, uint64_t now_ns);

#endif

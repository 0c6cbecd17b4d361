/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Reports listening sockets from what the BPF side has read of them.  The functions that report return 0, what
 * the sink returned if that is not 0, or -errno.
 */
#ifndef LISTENERS_H
#define LISTENERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/item.h"
#include "base/options.h"
#include "shared/config.h"

/* What was reported of each listening socket. */
struct listeners;

struct listeners_request {
	const volatile struct config *cfg;
	const struct options *options;
	int listening_fd;
	int pids_fd;
	uint32_t number; /* of the last reading; what it did not meet is gone */
	item_fn sink;
	void *ctx;
};

/* Is its owner?  -f selects children after they began to listen. */
bool listener_is_selected(const volatile struct config *cfg, int pids_fd,
			  const struct listening *l);

/* NULL: no memory. */
struct listeners *listeners_create(void);

/* listeners may be NULL. */
void listeners_destroy(struct listeners *listeners);

/*
 * q is the request.  Reports the listeners that have dropped something since the last report, or with `all` each that had a
 * connection, a queue or a drop in the trace.
 */
int listeners_report(struct listeners *known, const struct listeners_request *q, uint64_t now_ns,
		     bool all);

/* Reports a listener as it was at its end. */
int listeners_end(struct listeners *known, const struct listeners_request *q,
		  const struct listening *end, uint64_t now_ns);

#endif

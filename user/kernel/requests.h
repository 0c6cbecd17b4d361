/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Half-open handshakes, which nothing in the kernel posts: their requests are looked at. */
#ifndef REQUESTS_H
#define REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/item.h"
#include "base/options.h"
#include "open_list.h"
#include "shared/config.h"

struct requests {
	uint64_t at_ns;	 /* when to look at them next */
	uint32_t seen;	 /* retransmissions as of the last look */
	bool any;	 /* there were some then */
	uint64_t second; /* in which this many were reported */
	uint64_t n;
};

struct requests_request {
	const volatile struct config *cfg;
	const struct options *options;
	int synacks_fd;
	int listening_fd;
	int pids_fd;
	int counted_fd;
	uint32_t number; /* of the last check */
	bool last;	 /* no hook is attached any more */
	item_fn sink;
	void *ctx;
};

/* Reports the handshakes whose requests the kernel has given up.  0, what the sink returned, or -errno. */
int requests_report(struct requests *known, const struct requests_request *q, uint64_t now_ns);

/* Those that are half open at now_ns.  The source refers to it. */
struct requests_open {
	const struct requests_request *q;
	uint64_t now_ns;
};

struct open_source requests_source(const struct requests_open *open);

#endif

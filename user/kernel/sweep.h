/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Walks over the kernel's tables: what has waited too long, and what is open at the end. */
#ifndef SWEEP_H
#define SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/config.h"
#include "base/options.h"
#include "base/item.h"

struct sweep {
	const volatile struct config *cfg;
	const struct options *options;
	int table_fd;
	int unaccepted_fd;
	int minisockets_fd;
	int preexisting_fd;
	item_fn sink;
	void *ctx;
	/* sockets met by the check of this number, made at checked_ns, are alive; 0: no check was made */
	uint32_t check;
	uint64_t checked_ns;
	bool last; /* nothing comes after: what is not alive is told as lost */
};

/*
 * Tells the handshakes that have waited in the accept queue since before `before_ns`.  A record is read
 * first and claimed after, so what is told is what nobody else told.  0, or what the sink returned.
 */
int sweep_unaccepted(const struct sweep *s, uint64_t before_ns);

/*
 * Tells the closes whose minisocket the kernel has given up by now_ns, or is about to, at the last.  blind:
 * a segment for one of them may have gone unseen, so the peer's FIN is not known to be missing.
 */
int sweep_minisockets(const struct sweep *s, uint64_t now_ns, bool blind);

/*
 * Tells what has begun and is not over.  A record whose socket is gone is not open: its end was not
 * seen, and it is told incomplete, at the last.
 */
int sweep_open(const struct sweep *s, uint64_t now_ns);

/* After detaching: established connections whose handshake is still untold. */
int sweep_unposted(const struct sweep *s);

/* Number of selected connections in the tables. */
int sweep_count(const struct sweep *s);

#endif

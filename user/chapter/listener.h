/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What is reported of a listening socket.  Pure. */
#ifndef LISTENER_H
#define LISTENER_H

#include "base/item.h"
#include "chapter.h"

struct listener_report {
	struct maybe t_ns;	     /* CLOCK_MONOTONIC */
	uint32_t netns;		     /* inode, 0: not known */
	char ifname[IFNAME_LEN + 1]; /* as in struct chapter */
	uint8_t family;		     /* 4 or 6 */
	uint8_t local[16];	     /* IPv6 or IPv4-mapped */
	struct maybe local_port;
	struct person owner;
	/* connections in the accept queue, the most seen in the trace, and its limit */
	struct maybe queue, queue_max, backlog;
	struct maybe half_open;
	/* both since the last report of this socket */
	struct maybe dropped, accepted;
};

void listener_report(struct listener_report *report, const struct item_listener *item);

/* Is it worth a line for a person: were SYNs dropped, or is the queue full? */
bool listener_is_in_trouble(const struct listener_report *report);

#endif

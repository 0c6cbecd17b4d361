/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Which local ports have a connection to a destination, by sock_diag. */
#ifndef PORTS_H
#define PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"

/* How to ask in this process's network namespace, or that of --netns.  It keeps its namespace as --netns does. */
struct ports {
	int fd;	      /* of NETLINK_SOCK_DIAG; negative: nothing can be asked */
	int range_fd; /* of net.ipv4.ip_local_port_range there; negative: it is not known */
	uint32_t netns;
};

/* Call it while this process may still enter the namespace. */
struct ports ports_open(const struct options *o);
void ports_close(struct ports *p);

enum ports_state {
	PORTS_OPEN,
	PORTS_TIME_WAIT,
	/* in TIME_WAIT since about the time in question: the kernel's clock does not say whether it was then */
	PORTS_JUST_CLOSED,
};

struct ports_request {
	uint8_t local[16], remote[16]; /* local: all zero for any */
	uint16_t remote_port;
	/* of interest is what was so then, CLOCK_MONOTONIC; up to some seconds ago */
	uint64_t at_ns;
	/* of the kernel's clock */
	uint64_t tick_ns;
	/* is called for each local port that connect() may choose, and may be called again for one */
	void (*found)(void *ctx, uint16_t port, enum ports_state state);
	void *ctx;
};

/* 0 or -errno. */
int ports_ask(const struct ports *p, const struct ports_request *request);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a service tells its manager: datagrams to the socket NOTIFY_SOCKET, as sd_notify(3) documents them. */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdint.h>

struct notify {
	int fd;		     /* -1: no manager */
	uint64_t every_ns;   /* from one ping of the watchdog to the next; 0: no watchdog */
	uint64_t ping_at_ns; /* of CLOCK_MONOTONIC; 0: never */
};

#define NOTIFY_NONE      \
	{                \
		.fd = -1 \
	}

/*
 * Connects to the manager, if there is one, and removes its variables from the environment, since they do not
 * concern a command.  If it cannot be reached, a message says so: then nobody is told.
 */
void notify_open(struct notify *notify);

/* The trace has begun.  Now the watchdog wants its pings. */
void notify_ready(struct notify *notify, uint64_t now_ns);

/* The loop is alive: pings the watchdog if it is time to. */
void notify_ping(struct notify *notify, uint64_t now_ns);

/* The trace ends. */
void notify_stopping(const struct notify *notify);

void notify_close(struct notify *notify);

#endif

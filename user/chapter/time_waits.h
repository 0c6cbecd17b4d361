/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Who holds the local ports that a connect() did not find: the clients' closes of the last minute, and what the kernel
 * has now.  A minisocket has no owner, so the kernel's state alone does not show who closed it.
 */
#ifndef TIME_WAITS_H
#define TIME_WAITS_H

#include "chapter.h"
#include "shared/record.h"

struct time_waits;
struct port_map;

/* NULL when there is no memory. */
struct time_waits *time_waits_create(void);
void time_waits_destroy(struct time_waits *t);

/* Remembers a close that left a TIME_WAIT, at most TIME_WAITS_MAX of them; the oldest go first. */
#define TIME_WAITS_MAX 32768
void time_waits_add(struct time_waits *t, const struct record *r);

enum port_use {
	PORT_FREE,
	PORT_OPEN,
	PORT_TIME_WAIT,
	PORT_JUST_CLOSED, /* a TIME_WAIT, since about that time: the closes that were seen before say whether it was one */
	PORT_OWNER, /* of a port for which PORT_OPEN was said before */
};

/* How the kernel is asked which local ports have a connection to a destination. */
struct port_source {
	/*
	 * Calls port_map_use() for each port that was taken when ch failed.  0, or -errno: it is not known, and some may
	 * have been entered.
	 */
	int (*ask)(void *ctx, const struct chapter *ch, struct port_map *map);
	void *ctx;
};

/* For a port_source: what this local port is used for.  owner: NULL if it is not known. */
void port_map_use(struct port_map *map, uint16_t port, enum port_use use,
		  const struct owner *owner);

/*
 * Fills in `ports` of a handshake that found none.  source: NULL if there is no kernel to ask, as in a replay; then
 * what was added counts.
 */
void time_waits_explain(struct time_waits *t, struct chapter *ch, const struct port_source *source);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The connections that the live view can show, a bounded number of them.  Pure. */
#ifndef TOP_CONNS_H
#define TOP_CONNS_H

#include "chapter/chapter.h"

/* the newest, which are one after the other in their numbers; the newest of those in trouble; and what is open */
#define TOP_RECENT 1024
#define TOP_TROUBLES 256
#define TOP_OPEN_MAX 2048
/* of what is open, for each process; those who share one of the counters, share these */
#define TOP_OPEN_EACH 256
#define TOP_COUNTERS 1024

/* A chapter with only the steps that it has. */
struct top_packed {
	size_t size;
	unsigned char bytes[];
};

/* Either chapter may be NULL; both are: it is none. */
struct top_conn {
	uint64_t conn;
	struct top_packed *handshake, *close;
};

struct top_conns {
	struct top_conn recent[TOP_RECENT];
	struct top_conn troubles[TOP_TROUBLES];
	struct top_conn open[TOP_OPEN_MAX];
	size_t next_trouble, n_open;
	uint16_t counters[TOP_COUNTERS];
};

/* Remembers a chapter, and the handshake of a close that comes with it (NULL: none does). */
void top_conns_add(struct top_conns *c, const struct chapter *handshake, const struct chapter *ch);

/* What was open is told again, or is not open any more. */
void top_conns_open_begin(struct top_conns *c);
void top_conns_free(struct top_conns *c);

/* False: there is none. */
bool top_unpack(struct chapter *to, const struct top_packed *from);

/* Calls each() for all, the open ones first, and none twice. */
void top_conns_each(const struct top_conns *c, void (*each)(void *ctx, const struct top_conn *conn),
		    void *ctx);

/* NULL: it is not known any more. */
const struct top_conn *top_conns_find(const struct top_conns *c, uint64_t conn);

#endif

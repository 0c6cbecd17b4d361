/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Which processes have which sockets open, by /proc. */
#ifndef HOLDERS_H
#define HOLDERS_H

#include <stddef.h>
#include <stdint.h>

/* A process that has a socket open. */
struct holder {
	uint64_t inode;
	uint32_t pid;
};

struct holders {
	struct holder *items; /* sorted by inode, then by PID */
	size_t n, room;
};

/* 0 or -errno; holders_free() in either case. */
int holders_read(struct holders *h);

/* How many processes have this socket open; *first is the one with the lowest PID, the others follow. */
size_t holders_find(const struct holders *h, uint64_t inode, const struct holder **first);

void holders_free(struct holders *h);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The packets made from the records of both ends of a connection, as text. */
#ifndef STORY_H
#define STORY_H

#include <stdbool.h>
#include <stdint.h>

#include "cases.h"
#include "recording/conversations.h"

#define GIB (1ULL << 30)

/*
 * The packets that came, "> S, < S., > .": > from the client, at port 40000; ! from the
 * receiver's record.
 */
struct story {
	struct conversations *c;
	char text[4096];
	size_t n;
	uint64_t payload[2];
	/* sequence numbers: each packet must begin at the end of the one before */
	uint32_t next[2];
	uint64_t unacknowledged[2];
	int64_t last_ns;
	bool backwards; /* a packet is earlier than the one before */
};

/* Set-up and tear-down of a test; its state is a struct story. */
int story_begin(void **state);
int story_end(void **state);

void story_add(struct story *s, const struct flow *f, enum segments_part part, uint64_t now_ns);

/* Both ends of one connection; the server's numbers are the client's, mirrored. */
void story_open_both(struct flow *client, struct flow *server);

/* The client closes first, the server later. */
void story_close_both(struct flow *client, struct flow *server);

#endif

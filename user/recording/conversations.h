/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Both ends of a connection may be on this host, and are told one after the other.  A record waits here
 * for that of the other end, so that each segment becomes one packet, told by who sent it, and those of a
 * connection follow each other in the file.
 */
#ifndef CONVERSATIONS_H
#define CONVERSATIONS_H

#include "packet.h"
#include "segments.h"

/* A handshake is told after a second in the accept queue at the latest, and that is looked for now and then. */
#define CONVERSATIONS_WAIT_NS 2000000000ULL

/* So many records wait at most; the oldest makes room, and what its other end says besides comes later. */
#define CONVERSATIONS_WAITING 8192

struct conversations;

/* NULL when memory is short. */
struct conversations *conversations_create(packet_fn put, void *ctx);
void conversations_destroy(struct conversations *c);

/*
 * One end's record of this part.  now_ns is when it is added, on any clock that does not run backwards.
 * 0, or what put() returned.
 */
int conversations_add(struct conversations *c, const struct segments_end *end,
		      enum segments_part part, uint64_t now_ns);

/* Tells what has waited for so long that the other end is not on this host, or not traced. */
int conversations_expire(struct conversations *c, uint64_t now_ns);

/* Tells all that waits. */
int conversations_flush(struct conversations *c);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Both ends of a connection may be on this host, and their records come one after the other.  A
 * record waits here for the one of the other end, so that each segment becomes one packet, with
 * the time at its sender, and the packets of a connection follow each other in the file.
 */
#ifndef CONVERSATIONS_H
#define CONVERSATIONS_H

#include "packet.h"
#include "segments.h"

/*
 * For how long a record waits.  A server's handshake is posted after a second in the accept queue
 * at the latest, by a sweep that runs every so often.
 */
#define CONVERSATIONS_WAIT_NS 2000000000ULL

/*
 * How many records wait at most.  The oldest makes room; what its other end adds is written
 * later.
 */
#define CONVERSATIONS_WAITING 8192

struct conversations;

/* put receives the packets.  NULL when there is no memory. */
struct conversations *conversations_create(packet_fn put, void *ctx);
void conversations_destroy(struct conversations *c);

/*
 * Adds one end's record, for one of its parts.  now_ns is the time now, on any clock that does
 * not run backwards.  0, or what put() returned.
 */
int conversations_add(struct conversations *c, const struct segments_end *end,
		      enum segments_part part, uint64_t now_ns);

/*
 * Writes the records that have waited for CONVERSATIONS_WAIT_NS: their other end is not on this
 * host, or not traced.  0, or what put() returned.
 */
int conversations_expire(struct conversations *c, uint64_t now_ns);

/* How many records wait. */
size_t conversations_waiting(const struct conversations *c);

/* Writes all that wait; 0, or what put() returned. */
int conversations_flush(struct conversations *c);

#endif

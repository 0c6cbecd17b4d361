/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The segments that a connection's records prove, as packets.  Pure.
 *
 * A segment is told by who sent it, where that end's record is there; else by who received it.  What was
 * sent between control segments, as their numbers show, is told by markers: packets with the right
 * original length of which nothing but the headers is there.
 */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include "packet.h"
#include "shared/record.h"

enum segments_part {
	SEGMENTS_HANDSHAKE,
	SEGMENTS_CLOSE,
};

/* One end's record. */
struct segments_end {
	const struct record *record;
	uint64_t now_ns;	 /* it is told open, as of then (CLOCK_MONOTONIC); 0: it is over */
	int64_t clock_offset_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC */
};

struct segments {
	struct segments_end ends[2]; /* without a record: the second end is not told */
	enum segments_part part;
	/*
	 * What is in the file already, and, afterwards, what has come to it: a bit for each kind of segment,
	 * those the first end sends in the lower half.
	 */
	uint16_t written;
	packet_fn put;
	void *ctx;
};

/* In order: each after what it acknowledges.  0, or what put() returned. */
int segments_put_part(struct segments *s);

/* `written`, seen from the other end. */
uint16_t segments_mirror(uint16_t written);

#endif

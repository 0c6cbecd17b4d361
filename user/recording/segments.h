/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The segments that a connection's records prove, as packets.  Pure.
 *
 * A segment is taken from its sender's record where that is at hand, else from its receiver's.
 * Data shows in the sequence numbers of the control segments around it; markers stand for it,
 * packets of the right original length of which the file has the headers alone.
 */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include "packet.h"
#include "shared/record.h"

enum segments_part {
	SEGMENTS_HANDSHAKE,
	SEGMENTS_CLOSE,
};

/* The record of one end of a connection. */
struct segments_end {
	const struct record *record;
	uint64_t now_ns;	 /* when an open one is reported, CLOCK_MONOTONIC; 0: it is over */
	int64_t clock_offset_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC */
};

struct segments {
	struct segments_end ends[2]; /* the second has no record when it is not known */
	enum segments_part part;
	/*
	 * Before the call what is in the file already, after it what was added too: a bit for
	 * each kind of segment, in the lower byte those that the first end sends.
	 */
	uint16_t written;
	packet_fn put; /* receives the packets */
	void *ctx;
};

/* Hands over the packets in order, each after those it acknowledges.  0, or what put() returned. */
int segments_put_part(struct segments *s);

/* `written` as the other end sees it: its bytes swapped. */
uint16_t segments_mirror(uint16_t written);

#endif

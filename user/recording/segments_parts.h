/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * From records to packets in two steps: segments.c finds the segments and their order,
 * segments_put.c their numbers and the data between them.  An end (0, 1) is a record, a side (0,
 * 1) a sender; they have the same number for the same host, and with one record there are still
 * two sides.
 */
#ifndef SEGMENTS_PARTS_H
#define SEGMENTS_PARTS_H

#include "chapter/chapter_parts.h"
#include "segments.h"

enum kind {
	KIND_SYN,
	KIND_SYNACK,
	KIND_ACK,
	KIND_FIN,
	KIND_RST,
	KINDS_SHIFT =
		8, /* from the first side's kinds to the second's, in struct segments.written */
};

struct sent_segment {
	struct maybe t_ns; /* CLOCK_MONOTONIC */
	uint8_t end;	   /* whose record has it */
	uint8_t side;	   /* who sent it */
	enum kind kind;
	bool derived; /* t_ns was computed, not seen */
	const struct step *step;
};

/* What one side has sent so far. */
struct stream {
	bool known;		 /* next and pos are */
	uint32_t next;		 /* sequence number */
	uint64_t pos;		 /* payload up to there, bytes */
	struct maybe total;	 /* payload of the whole connection, bytes */
	uint64_t unacknowledged; /* bytes */
};

struct work {
	struct segments *s;
	struct chapter chapters[2];
	int n_ends;
	bool itself; /* a socket connected to itself: both sides are one */
	struct sent_segment list[2 * CHAPTER_STEPS];
	size_t n;
	struct maybe end_ns; /* when the last step of all happened, CLOCK_MONOTONIC */
	struct stream streams[2];
};

/* Is sequence number a after b?  Modulo 2^32 (RFC 9293, 3.4). */
static inline bool is_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

/*
 * Hands over the segments of the list and markers for the data between them.  0, or what put()
 * returned.
 */
int segments_put(struct work *w);

#endif

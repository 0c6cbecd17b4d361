/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* From records to packets in two steps: which segments, in which order; then their numbers. */
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
	KINDS_SHIFT = 8, /* from the first end's to the second's in a mask */
};

/* A step's segment, and who it is from. */
struct sent {
	struct maybe t_ns; /* CLOCK_MONOTONIC */
	uint8_t end;	   /* whose chapter tells it */
	uint8_t side;	   /* the end that sent it */
	enum kind kind;
	bool derived;
	const struct step *step;
};

/* How far what one side sends has come. */
struct stream {
	bool known;
	uint32_t next;	    /* sequence number */
	uint64_t pos;	    /* payload bytes up to there */
	struct maybe total; /* payload bytes in all */
	uint64_t unacknowledged;
};

struct work {
	struct segments *s;
	struct chapter chapters[2];
	int n_ends;
	bool itself; /* a socket connected to itself: both sides are one */
	struct sent list[2 * CHAPTER_STEPS];
	size_t n;
	struct maybe end_ns; /* when the last of it happened */
	struct stream streams[2];
};

/* Is a further than b?  Sequence numbers. */
static inline bool is_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

/* Hands over all of the list, and markers for what was sent between.  0, or what put() returned. */
int segments_put(struct work *w);

#endif

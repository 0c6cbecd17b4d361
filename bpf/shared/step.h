/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a step of a handshake or close is, and how it is packed; diary.h reads and writes it. */
#ifndef STEP_H
#define STEP_H

/* What a step is, besides its two states. */
enum step_kind {
	/* the state changed */
	STEP_STATE,
	/* the state changed, by the same segment as in the step before */
	STEP_SAME_SEGMENT,
	/* our SYN, SYN,ACK or FIN was retransmitted */
	STEP_RETRANSMIT,
	/* our ACK of the peer's FIN was sent, alone or with data */
	STEP_ACK_SENT,
	/* an RST changed the state */
	STEP_RST_RECEIVED,
	/* the state changed and we sent an RST */
	STEP_RST_SENT,
	/* the kernel gave up waiting in this state */
	STEP_EXPIRED,
	/* the state changed, and our SYN or FIN did not leave this host */
	STEP_UNSENT,
	/* nor did it when it was retransmitted */
	STEP_RETRANSMIT_UNSENT,
	/* the peer's SYN came, and no socket came of it */
	STEP_SYN_RECEIVED,
	/* a full queue: the SYN, or for a request the last ACK, was dropped */
	STEP_DROPPED,
};

/*
 * A step in 64 bits, from the lowest: 52 bits of nanoseconds since the part's t0_ns (52 days; a
 * later step has the maximum), 4 bits for the state before and 4 for the state after (the kernel's
 * numbers, 1 to 12), 4 for enum step_kind.
 */
#define STEP_T_BITS 52
#define STEP_T_MAX ((1ULL << STEP_T_BITS) - 1)
#define STEP_FROM_SHIFT 52
#define STEP_TO_SHIFT 56
#define STEP_KIND_SHIFT 60
#define STEP_NIBBLE 15

#endif

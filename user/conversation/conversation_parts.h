/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the sources of conversation.h share. */
#ifndef CONVERSATION_PARTS_H
#define CONVERSATION_PARTS_H

#include "conversation.h"

/* Finds the event at the other end of each segment. */
void conversation_match(struct conversation *c);

/* What became of those that have none; times that were computed are corrected by those that were seen. */
void conversation_judge(struct conversation *c);

/* Splits the time of the opening and of the close. */
void conversation_split(struct conversation *c);

/* Is it a segment with these flags and without those of the mask that are not among them? */
static inline bool event_is(const struct event *e, bool sent, uint8_t flags, uint8_t mask)
{
	const struct segment *s = &e->step.segment;

	return e->kind == EVENT_STEP && s->flags && s->sent == sent && (s->flags & mask) == flags;
}

/* The kinds of segments that are told apart. */
enum segment_kind { KIND_SYN, KIND_SYNACK, KIND_ACK, KIND_FIN, KIND_RST, SEGMENT_KINDS };

static inline enum segment_kind event_segment_kind(const struct event *e)
{
	uint8_t flags = e->step.segment.flags;

	if (flags & SEGMENT_RST)
		return KIND_RST;
	if (flags & SEGMENT_FIN)
		return KIND_FIN;
	if (flags & SEGMENT_SYN)
		return flags & SEGMENT_ACK ? KIND_SYNACK : KIND_SYN;
	return KIND_ACK;
}

/* Did it leave this end, or come to it? */
static inline bool event_is_sent(const struct event *e)
{
	return e->kind == EVENT_STEP && e->step.segment.flags && e->step.segment.sent &&
	       !e->step.segment.unsent;
}

static inline bool event_is_received(const struct event *e)
{
	return e->kind == EVENT_STEP && e->step.segment.flags && !e->step.segment.sent;
}

static inline bool event_has_kind(const struct event *e, enum segment_kind kind, bool closing)
{
	return event_segment_kind(e) == kind && (kind == KIND_RST || e->closing == closing);
}

#endif

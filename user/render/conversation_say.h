/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the formats say of a conversation, in the words of all of them. */
#ifndef CONVERSATION_SAY_H
#define CONVERSATION_SAY_H

#include "conversation/conversation.h"
#include "render_parts.h"

/* A part that took less is not named. */
#define PART_SHOWN_NS 10000

/* "client", "server" */
const char *conversation_side(enum side side);

/* The lines of the verdict. */
void conversation_say(struct printer *p, const struct render_context *rc,
		      const struct conversation *c);

/*
 * "10:12:03.123456Z #12 client curl[311] on web1 and #13 server nginx[200] on db1", and the addresses as the client
 * has them: lines of at most 80 columns, unless names of hosts make them longer.
 */
void conversation_header(struct printer *p, const struct render_context *rc,
			 const struct conversation *c);

/* The state after an event, as RFC 9293 has it: the kernel's two of SYN-RECEIVED are one. */
const char *conversation_state(uint8_t state);

/*
 * "SYN,ACK (2) seq=0 ack=1" of at most `width` columns: without the numbers for which there is no room.  Relative
 * numbers, or with -v absolute ones.
 */
#define CONVERSATION_LABEL_MAX 64
const char *conversation_label(char buf[CONVERSATION_LABEL_MAX], const struct render_context *rc,
			       const struct conversation *c, enum side side, const struct event *e,
			       size_t width);

#endif

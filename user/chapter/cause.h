/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Why a handshake or a close was slow or failed, as one word of a fixed list. */
#ifndef CAUSE_H
#define CAUSE_H

#include "base/options.h"
#include "chapter.h"

/* Sets ch->cause.  The first of the rules in cause.c that applies decides; CAUSE_NONE: none does. */
void chapter_set_cause(struct chapter *ch, const struct slow_limits *slow);

/* Of a step: a SYN, a SYN,ACK or a FIN that this end sent? */
bool is_sent(const struct step *s, uint8_t flags);

/*
 * The SYNs of a client, or the SYN,ACKs of a server, until one was answered.  Unknown where it was not, or where the
 * steps do not show it.
 */
struct tries {
	/* those that left this host */
	unsigned int sent;
	/* those that did not */
	unsigned int unsent;
	/* from the first to the last, ns */
	struct maybe between_ns;
	/* from the last to its answer, ns */
	struct maybe answer_ns;
};
struct tries handshake_tries(const struct chapter *ch);

/* Did the last data before the close come from this client?  A server that has answered waits for nothing. */
bool close_awaits_answer(const struct chapter *ch);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the ladder of one end and that of both share. */
#ifndef LADDER_H
#define LADDER_H

#include <stdio.h>

#include "render.h"

/* A gap between two steps from here on breaks the lifelines and has its length beside it. */
#define LADDER_GAP_NS 1000000

/* here: this end's lifeline, on the left; there: the peer's */
struct glyphs {
	const char *life;
	const char *leaves_here, *leaves_there;
	const char *shaft;
	const char *arrives_here, *arrives_there;
	const char *lost;
	const char *gap;
};

const struct glyphs *ladder_glyphs(bool utf8);

/* SYN-RECEIVED of RFC 9293 is two states in the kernel: the request's and the socket's. */
bool ladder_same_state(uint8_t a, uint8_t b);

/* A piece of an arrow. */
void ladder_shaft(FILE *out, const struct glyphs *glyphs, size_t columns);

/* As struct renderer has it: both ends, the client on the left. */
void ladder_conversation(struct render_context *rc, const struct conversation *c);

#endif

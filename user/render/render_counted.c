// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Attempts of peers that were only counted: the line for people. */
#include <inttypes.h>

#include "chapter/attempt.h"
#include "chapter/names.h"
#include "render_parts.h"

static void put_place(FILE *out, const struct item_counted *c)
{
	if (c->ports == 1)
		fprintf(out, "port %u", c->port);
	else if (c->ports)
		fprintf(out, "%" PRIu32 " ports", c->ports);
	else
		fputs("other ports", out);
}

static const char *words_of(enum outcome outcome, bool many)
{
	switch (outcome) {
	case OUTCOME_REFUSED:
		return many ? "SYNs refused, only counted" : "SYN refused, only counted";
	case OUTCOME_RESET:
		return many ? "SYN,ACKs reset, only counted" : "SYN,ACK reset, only counted";
	case OUTCOME_TIMED_OUT:
		return many ? "SYN,ACKs without an answer, only counted"
			    : "SYN,ACK without an answer, only counted";
	case OUTCOME_DROPPED:
		return many ? "attempts dropped, only counted" : "attempt dropped, only counted";
	default:
		return many ? "attempts failed, only counted" : "attempt failed, only counted";
	}
}

void render_counted(struct render_context *rc, FILE *out, const struct item_counted *c)
{
	char time[TIME_MAX];

	fprintf(out, "%s ", render_time(time, rc, TIME_WALL, known_unless_0(c->now_ns)));
	put_place(out, c);
	fprintf(out, ": %" PRIu64 " more %s\n", c->n,
		words_of(attempt_counted(c->attempt), c->n != 1));
}

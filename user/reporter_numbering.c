// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Connections are numbered in the order in which they are reported, in the output and in the recording.  The kernel
 * side's numbers only tell one from another.  A recording keeps its numbers, whatever is selected of it; those of
 * another trace that follows begin after the highest before.
 */
#include "reporter_parts.h"

static uint64_t recorded_number(struct reporter *reporter, uint64_t conn)
{
	uint64_t number = conn + reporter->numbers_before;

	if (number > reporter->highest_number)
		reporter->highest_number = number;
	return number;
}

bool reporter_number(struct reporter *reporter, enum item_type type, void *data)
{
	struct item_open *open = data;
	struct handshake_part *h = type == ITEM_OPEN ? &open->record.h : data;
	bool over;

	if (type != ITEM_HANDSHAKE && type != ITEM_CLOSE && type != ITEM_OPEN)
		return false;
	over = type == ITEM_CLOSE ||
	       (type == ITEM_HANDSHAKE && !(h->flags & HANDSHAKE_ESTABLISHED));
	h->conn = reporter->options->read_file
			  ? recorded_number(reporter, h->conn)
			  : numbering_number(&reporter->numbering, h->conn, over);
	return true;
}

void reporter_number_next_trace(struct reporter *reporter)
{
	reporter->numbers_before = reporter->highest_number;
	summary_next_trace(reporter->summary);
	if (reporter->renderer->next_trace)
		reporter->renderer->next_trace(&reporter->context);
	numbering_forget(&reporter->numbering);
}

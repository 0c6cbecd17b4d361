/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The summary as JSON. */
#ifndef SUMMARY_JSON_H
#define SUMMARY_JSON_H

#include "summary.h"

/* From when to when, CLOCK_MONOTONIC. */
struct summary_interval {
	uint64_t from_ns, to_ns;
};

/*
 * Prints the object of the type "summary", with the rows of --by if there are any.  interval: what it is of,
 * NULL: the whole trace, of which alone it is known what was lost.
 */
void summary_json(struct render_context *rc, const struct summary *s, const struct totals *totals,
		  const struct summary_interval *interval);

#endif

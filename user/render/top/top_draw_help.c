// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The keys, for a screen of 40 columns and 20 lines. */
#include "top_parts.h"

static const char *const help[] = {
	"Tab     by process, peer, listener",
	"arrows  select; j k PgUp PgDn g G",
	"Enter   connections of the row;",
	"        again: the ladder of one",
	"Esc     back; all rows again",
	"s       sort, then the column's key:",
	"        o open, w CLOSE_WAIT, a oldest",
	"        n new/s, f failed, c count,",
	"        5 p50, 9 p99 of connect,",
	"        u queue, d dropped (listeners)",
	"/       only rows with this text or",
	"        state, such as close_wait",
	"Space   freeze, and go on",
	"q       quit",
	"",
	"new/s, failed/s and the p50, p99 on",
	"top are of 10 s; a row's others are",
	"since the trace began. >1 h: before it",
};

void top_draw_help(struct top_page *page)
{
	top_put(page, 0, TOP_BAR, "keys (any of them goes back)");
	for (size_t i = 0; i < sizeof(help) / sizeof(help[0]); i++)
		top_put(page, i + 1, TOP_PLAIN, help[i]);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the columns of the live view's table say. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "top_parts.h"

#define RATE_PER_S 1000

const struct top_column_kind top_columns[TOP_COLUMNS] = {
	[TOP_NEW] = { "new/s", 'n', 7 },
	[TOP_COUNT] = { "count", 'c', 8 },
	[TOP_FAILED] = { "failed", 'f', 8 },
	[TOP_OPEN] = { "open", 'o', 7 },
	[TOP_CLOSE_WAIT] = { "CLOSE_WAIT", 'w', 12 },
	[TOP_QUEUE] = { "queue", 'u', 11 },
	[TOP_DROPPED] = { "dropped", 'd', 9 },
	[TOP_OLDEST] = { "oldest", 'a', 13 },
	[TOP_P50] = { "p50", '5', 9 },
	[TOP_P99] = { "p99", '9', 9 },
};

const char *top_rate(char buf[TOP_CELL_MAX], uint64_t rate)
{
	if (rate >= 100ULL * RATE_PER_S)
		snprintf(buf, TOP_CELL_MAX, "%" PRIu64, rate / RATE_PER_S);
	else
		snprintf(buf, TOP_CELL_MAX, "%" PRIu64 ".%" PRIu64, rate / RATE_PER_S,
			 rate % RATE_PER_S / (RATE_PER_S / 10));
	return buf;
}

/* Since before the trace: for longer than that. */
static const char *oldest(char buf[TOP_CELL_MAX], const struct top *t, const struct top_row *row)
{
	uint64_t ns = row->oldest_ns;
	uint64_t trace_ns = t->now.ns > t->begin_ns ? t->now.ns - t->begin_ns : 0;

	if (!row->values[TOP_OLDEST])
		return "-";
	if (row->older && !t->now.ns && !ns)
		return "before trace";
	if (row->older && t->now.ns && trace_ns > ns)
		ns = trace_ns;
	buf[0] = '>';
	text_duration(buf + row->older, ns);
	return buf;
}

static const char *queue(char buf[TOP_CELL_MAX], const struct top_row *row)
{
	if (!row->listens)
		return "-";
	snprintf(buf, TOP_CELL_MAX, "%" PRIu64 "/%" PRIu64, row->values[TOP_QUEUE], row->backlog);
	return buf;
}

const char *top_cell(char buf[TOP_CELL_MAX], const struct top *t, const struct top_row *row,
		     enum top_column column)
{
	uint64_t value = row->values[column];

	switch (column) {
	case TOP_NEW:
		return top_rate(buf, value);
	case TOP_OLDEST:
		return oldest(buf, t, row);
	case TOP_QUEUE:
		return queue(buf, row);
	case TOP_P50:
	case TOP_P99:
		return value ? text_duration(buf, value) : "-";
	default:
		snprintf(buf, TOP_CELL_MAX, "%" PRIu64, value);
		return buf;
	}
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <inttypes.h>
#include <string.h>

#include "base/message.h"
#include "base/number.h"
#include "base/text.h"
#include "chapter/names.h"
#include "summary.h"
#include "summary_by_table.h"

static void print_latency(FILE *out, const char *role, const char *port, const char *what,
			  const struct histogram *h)
{
	static const unsigned int percents[] = { 50, 90, 99, 100 };
	char ms[32];

	if (!h->total)
		return;
	fprintf(out, "%-6s %-5s %-7s %9" PRIu64, role, port, what, h->total);
	for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
		uint64_t ns = histogram_percentile(h, percents[i]);

		fprintf(out, " %11s", text_ms(ms, (struct maybe){ true, (int64_t)ns }));
	}
	fputc('\n', out);
}

/* The rows of one table. */
struct rows {
	FILE *out;
	bool any;
};

static void print_row(void *ctx, const struct summary_row *row)
{
	const char *role = row->other ? NULL : name_role(row->role);
	char port[NUMBER_MAX + 1] = "-";
	struct rows *rows = ctx;
	FILE *out = rows->out;

	if (!rows->any)
		fprintf(out, "\n%-6s %-5s %-7s %9s %11s %11s %11s %11s\n", "role", "port", "what",
			"count", "p50-ms", "p90-ms", "p99-ms", "max-ms");
	rows->any = true;
	if (row->other)
		memcpy(port, "other", 6);
	else if (row->port.known)
		port[number_uint(port, (uint64_t)row->port.value)] = '\0';
	if (!role)
		role = "-";
	print_latency(out, role, port, "connect", &row->connect);
	if (row->failed)
		fprintf(out, "%-6s %-5s %-7s %9" PRIu64 "\n", role, port, "failed", row->failed);
	print_latency(out, role, port, "close", &row->close);
	for (unsigned int i = 0; i < OUTCOMES; i++)
		if (row->attempts[i])
			fprintf(out, "%-6s %-5s %-9s %7" PRIu64 "\n", role, port,
				name_outcome(i) ? name_outcome(i) : "-", row->attempts[i]);
}

static void print_counts(FILE *out, const char *what, uint64_t total, const uint64_t *counts,
			 unsigned int n, const char *(*name)(unsigned int))
{
	fprintf(out, "%-24s %9" PRIu64 "\n", what, total);
	for (unsigned int i = 0; i < n; i++) {
		const char *word = name(i);

		if (counts[i])
			fprintf(out, "  %-22s %9" PRIu64 "\n", word ? word : "-", counts[i]);
	}
}

void summary_print(FILE *out, const struct summary *s, bool interval)
{
	const struct summary_by *by = summary_grouped(s);
	struct rows rows = { .out = out };
	struct totals t = { 0 };

	summary_totals(s, &t);
	if (by)
		summary_by_print(out, by, summary_width(s));
	fprintf(out, "%-24s %9" PRIu64 "\n", "connections", t.connections);
	print_counts(out, "handshakes", t.handshakes, t.outcomes, OUTCOMES, name_outcome);
	print_counts(out, "closes", t.closes, t.endings, ENDINGS, name_ending);
	if (!interval || by)
		fprintf(out, "%-24s %9" PRIu64 "\n", "open", t.open);
	if (!interval && t.established.known)
		fprintf(out, "%-24s %9" PRId64 "\n", "established", t.established.value);
	if (!by)
		summary_rows(s, print_row, &rows);
}

void summary_warn(const struct totals *t)
{
	unsigned long long lost = t->events_lost, incomplete = t->incomplete, full = t->table_full;

	if (lost)
		message("%llu %s lost: the ring buffer was full, or the kernel skipped hooks (use a larger --ring or a narrower selection)",
			lost, lost == 1 ? "event" : "events");
	if (incomplete)
		message("%llu %s incomplete: the kernel did not report all of the events",
			incomplete, incomplete == 1 ? "chapter is" : "chapters are");
	if (full)
		message("%llu %s found no room: the table was full (use a larger --max-connections)",
			full, full == 1 ? "connection" : "connections");
}

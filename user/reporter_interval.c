// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What --interval prints. */
#include "base/text.h"
#include "reporter_parts.h"

bool reporter_interval_counts_open(const struct reporter *reporter)
{
	return reporter->interval && summary_grouped(reporter->interval);
}

static void count_open(struct reporter *reporter, const struct item *item)
{
	struct item_open open;
	struct chapter ch;

	if (!reporter_read_open(reporter, &open, item))
		return;
	reporter_open_chapter(reporter, &ch, &open);
	if (ch.open)
		summary_add_open(reporter->interval, &ch);
}

int reporter_interval_item(void *ctx, const struct item *item)
{
	struct reporter *reporter = ctx;

	switch (item->type) {
	case ITEM_SNAPSHOT:
		summary_open_begin(reporter->interval);
		return 0;
	case ITEM_OPEN:
		count_open(reporter, item);
		return 0;
	default:
		return reporter_item(ctx, item);
	}
}

static void print_table(struct reporter *reporter, uint64_t from_ns, uint64_t to_ns)
{
	int64_t offset_ns = reporter->context.clock_offset_ns;
	bool local = reporter->options->time_style == TIME_WALL;
	const char *(*text)(char *, int64_t) = local ? text_wall : text_utc;
	FILE *out = reporter_table_out(reporter);
	char from[TIME_MAX], to[TIME_MAX];

	fprintf(out, "%s to %s\n", text(from, (int64_t)from_ns + offset_ns),
		text(to, (int64_t)to_ns + offset_ns));
	summary_print(out, reporter->interval, true);
	fputc('\n', out);
}

void reporter_print_interval(struct reporter *reporter, uint64_t from_ns, uint64_t to_ns)
{
	struct render_context *context = &reporter->context;

	if (reporter->renderer->interval)
		reporter->renderer->interval(context, reporter->interval, from_ns, to_ns);
	else
		print_table(reporter, from_ns, to_ns);
	summary_reset(reporter->interval);
}

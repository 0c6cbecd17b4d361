// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What is open, each second, for the renderer of a screen. */
#include "reporter_parts.h"

static void render_open(struct reporter *reporter, const struct item *item)
{
	struct item_open open;
	struct chapter ch;

	if (!reporter_read_open(reporter, &open, item))
		return;
	reporter_number(reporter, ITEM_OPEN, &open);
	reporter_open_chapter(reporter, &ch, &open);
	reporter_explain(reporter, &ch);
	reporter_render(reporter, &ch, ch.type == CHAPTER_CLOSE ? &open.record : NULL);
}

int reporter_screen_item(void *ctx, const struct item *item)
{
	struct reporter *reporter = ctx;

	switch (item->type) {
	case ITEM_SNAPSHOT:
		reporter->renderer->open_begin(&reporter->context);
		return 0;
	case ITEM_OPEN:
		render_open(reporter, item);
		return 0;
	default:
		return reporter_item(ctx, item);
	}
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The chapters of what is over or open, for what is printed at once and for what waits or is shown on a screen. */
#include "reporter_parts.h"

#include <string.h>

#include "chapter/cause.h"
#include "chapter/select.h"
#include "shared/wanted.h"

bool reporter_is_alone(const struct reporter *reporter, const struct record *r)
{
	const struct config cfg = select_wanted(reporter->options);

	return !wanted_handshake(&cfg, r);
}

void reporter_close_chapter(const struct reporter *reporter, struct chapter *ch,
			    const struct end *end)
{
	chapter_close(ch, &end->record, end->now_ns);
	person_set(&ch->holder, &end->holder);
	ch->alone = reporter_is_alone(reporter, &end->record);
	chapter_set_cause(ch, &reporter->options->slow);
}

void reporter_open_chapter(const struct reporter *reporter, struct chapter *ch,
			   const struct item_open *open)
{
	bool close = open->record.h.flags & HANDSHAKE_ESTABLISHED;

	if (close)
		chapter_close(ch, &open->record, open->now_ns);
	else
		chapter_handshake(ch, &open->record.h, open->now_ns);
	person_set(&ch->holder, &open->holder);
	ch->alone = close && reporter_is_alone(reporter, &open->record);
	chapter_set_cause(ch, &reporter->options->slow);
}

bool reporter_read_open(struct reporter *reporter, struct item_open *open, const struct item *item)
{
	if (item->len < sizeof(*open))
		return false;
	item = verdict_filter(&reporter->filter, item);
	if (item)
		memcpy(open, item->data, sizeof(*open));
	return item;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Why a chapter was slow or failed, as far as one chapter or those before it show. */
#include "reporter_parts.h"

#include <string.h>

#include "chapter/cause.h"

void reporter_explain(struct reporter *reporter, struct chapter *ch)
{
	chapter_set_cause(ch, &reporter->options->slow);
	if (reporter->other_ends)
		other_ends_find(reporter->other_ends, ch);
	reporter_find_witness(reporter, ch);
	if (!reporter->time_waits)
		return;
	if (ch->type == CHAPTER_HANDSHAKE)
		time_waits_explain(reporter->time_waits, ch,
				   reporter->ports.ask ? &reporter->ports : NULL);
}

/* Before the selections of user space: whose ports are taken does not depend on what is shown. */
void reporter_note_close(struct reporter *reporter, const struct item *item)
{
	struct record r;

	if (item->type != ITEM_CLOSE || item->len < sizeof(r) || !reporter->time_waits)
		return;
	memcpy(&r, item->data, sizeof(r));
	time_waits_add(reporter->time_waits, &r);
}

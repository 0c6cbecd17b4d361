/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Selects chapters by what is worked out from their records, live and in a replay: --cause, --min-accept, --since
 * and --until.
 */
#ifndef VERDICT_FILTER_H
#define VERDICT_FILTER_H

#include <stdbool.h>

#include "base/item.h"
#include "base/options.h"
#include "shared/record.h"

struct verdict_filter {
	const struct options *options;
	/* the caller has nothing to do with what follows */
	int64_t clock_offset_ns;
	/* the window of --since and --until, once an event has shown of which day; CLOCK_REALTIME */
	bool window_known;
	int64_t since_ns, until_ns;
	/* a close of which only one chapter is selected */
	struct item item;
	struct record record;
};

/*
 * The item if it is selected, or one with the one chapter of it that is, which is valid until the next call; else
 * NULL.  Items that are no chapters pass, but with --cause and --min-accept not those that report none.  The item
 * must have the size of its type.
 */
const struct item *verdict_filter(struct verdict_filter *filter, const struct item *item);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Reports what is open in several maps in one order: by state and age. */
#ifndef OPEN_LIST_H
#define OPEN_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "chapter/open_place.h"

struct open_source {
	int map_fd;
	size_t key_size, value_size;
	/* Is this entry open, as far as its value says?  Sets its place. */
	bool (*find)(const void *ctx, const void *value, struct open_place *place);
	/* called once before the reports, if there is any; NULL: nothing is to be done */
	void (*prepare)(const void *ctx);
	/* Reports the entry if it is still there and open.  0, what the sink returned, or -errno. */
	int (*report)(const void *ctx, const void *key);
	const void *ctx;
};

#define OPEN_SOURCES_MAX 4

/*
 * Only keys and places are kept meanwhile, not the values: what ends before its turn is not open any more.  Without
 * memory for the places, the order is that of the maps.  0, what a report returned, or -errno.
 */
int open_list_report(const struct open_source *sources, size_t n);

#endif

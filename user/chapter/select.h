/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The selections of the command line on a recording's items; live, the kernel applies them. */
#ifndef SELECT_H
#define SELECT_H

#include <stdbool.h>

#include "base/cgroups.h"
#include "base/options.h"
#include "base/item.h"

/* What is wanted of a replayed item: a changed copy of a record may lack its handshake. */
struct selection {
	const struct options *options;
	struct cgroups *cgroups; /* a recording's, as far as it has been read */
	item_fn sink;		 /* gets what is selected */
	void *ctx;
};

/* Which chapters are wanted, for wanted.h. */
struct config select_wanted(const struct options *options);

/* -p, --comm and --cgroup: is this process among those selected?  cgroups: for replay only. */
bool select_owner(const struct options *options, struct cgroups *cgroups,
		  const struct owner *owner);

/* By everything but which chapters are wanted. */
bool select_handshake(const struct options *options, struct cgroups *cgroups,
		      const struct handshake_part *h);

/* By -L, -D and --port alone; a port that is not known is none of them. */
bool select_ports(const struct options *options, const struct handshake_part *h);

/* An item_fn; ctx is a struct selection. */
int select_item(void *selection, const struct item *item);

#endif

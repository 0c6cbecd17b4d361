/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Applies the selections of the command line to the items of a recording.  Live, the kernel does.
 */
#ifndef SELECT_H
#define SELECT_H

#include <stdbool.h>

#include "base/cgroups.h"
#include "base/options.h"
#include "base/item.h"
#include "passed_over.h"

struct selection {
	const struct options *options;
	struct cgroups *cgroups; /* of the recording, as far as it has been read */
	item_fn sink;		 /* receives the items selected */
	void *ctx;		 /* of the sink */
	/* handshakes that may yet be selected by their closes */
	struct passed_over passed_over;
	bool transitions; /* the recording has some, whether they are selected or not */
};

/* The options that choose chapters, in the form that shared/wanted.h takes. */
struct config select_wanted(const struct options *options);

/* Do -p, --comm and --cgroup select this process?  cgroups is used in replay only. */
bool select_owner(const struct options *options, struct cgroups *cgroups,
		  const struct owner *owner);
bool select_comm_and_cgroup(const struct options *options, struct cgroups *cgroups,
			    const struct owner *owner);

/* Do the selections by namespace, family, role, addresses and ports select this one? */
bool select_connection(const struct options *options, const struct handshake_part *h);

/*
 * Do all selections but those of chapters (--failed, --min-connect, --min-close) select this one?
 */
bool select_handshake(const struct options *options, struct cgroups *cgroups,
		      const struct handshake_part *h);

/*
 * Do the selections choose this listener?  Live, the BPF side has judged its owner.  One at any
 * address serves those that -l and --host name.  What names a client's end only (-d, -D, --role
 * client) chooses no listener.
 */
bool select_listener(const struct options *options, struct cgroups *cgroups,
		     const struct item_listener *listener);

/*
 * Do --state and --older select this one, which is open at now_ns?  One that has been in its state for an unknown
 * time was so before the trace, and is old enough.
 */
bool select_open(const struct options *options, const struct record *r, uint64_t now_ns);

/* Do -L, -D and --port select this one?  A port that is not known (0) is in no list. */
bool select_ports(const struct options *options, const struct handshake_part *h);

/*
 * An item_fn whose ctx is a struct selection.  Passes the item on to the sink if it is selected;
 * a record of which only one chapter is selected is passed on as a copy with that one alone.  0,
 * what the sink returned, or -ENOMEM.
 */
int select_item(void *selection, const struct item *item);

/* Frees what select_item() has kept. */
void select_end(struct selection *selection);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Visits the network namespaces of the host. */
#ifndef NAMESPACES_H
#define NAMESPACES_H

#include <stdint.h>

#include "base/options.h"

/*
 * Calls visit() once for each network namespace that a process is in or that is mounted somewhere; this
 * process is in that namespace during the call.  With --netns, visits only that one.  *own becomes the inode
 * number of this process's own namespace; to visit it takes no privilege.
 *
 * Returns 0; 1 if this process is not allowed to enter some namespaces, or to see who is in them; or -errno.
 */
int namespaces_visit(const struct options *o, int (*visit)(void *ctx), void *ctx, uint32_t *own);

#endif

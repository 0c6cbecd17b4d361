/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The network namespaces of the host. */
#ifndef NAMESPACES_H
#define NAMESPACES_H

#include <stdint.h>

/*
 * Calls visit() once in each network namespace that a process is in or that is mounted somewhere (all,
 * or the one with this inode), this process having entered it for the time of the call.  *own is the
 * inode of its own, which takes no privilege.  1: some may not have been visited, because this process
 * may not enter them or may not see who is in them; 0; or -errno.
 */
int namespaces_visit(uint32_t only, int (*visit)(void *ctx), void *ctx, uint32_t *own);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The network namespaces of the host. */
#ifndef NAMESPACES_H
#define NAMESPACES_H

#include <stdint.h>

/*
 * Calls visit() once in each network namespace that a process is in or that is mounted somewhere (all,
 * or the one with this inode), this process having entered it for the time of the call.  A namespace
 * that may not be entered is left out.  Returns the number visited, or -errno.
 */
int namespaces_visit(uint32_t only, int (*visit)(void *ctx), void *ctx);

#endif

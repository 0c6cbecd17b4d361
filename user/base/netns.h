/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Network namespaces by number. */
#ifndef NETNS_H
#define NETNS_H

#include <stdint.h>

/*
 * Opens the network namespace with this inode number: that of a process, or one that is mounted.
 * A file descriptor (O_CLOEXEC); -ENOENT: there is none; -EACCES: there may be one that this
 * process must not see.
 */
int netns_open(uint32_t inode);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Walks over a hierarchy of cgroups in small parts: a host may have tens of thousands, and to read them all at
 * once would hold up the trace.
 */
#ifndef CGROUPS_WALK_H
#define CGROUPS_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cgroups_walk;

/* Receives a cgroup: its id, which is its inode number, and its path under the mount. */
typedef void (*cgroups_walk_fn)(void *ctx, uint64_t id, const char *path);

/* mount_fd is the directory to begin with, and stays open.  NULL if memory is short. */
struct cgroups_walk *cgroups_walk_begin(int mount_fd);

/* Reads at most so many entries of directories.  Returns true when the walk is over. */
bool cgroups_walk_on(struct cgroups_walk *w, size_t entries, cgroups_walk_fn found, void *ctx);

/* Ends the walk, which may be NULL. */
void cgroups_walk_end(struct cgroups_walk *w);

#endif

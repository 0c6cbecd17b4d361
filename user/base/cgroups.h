/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Paths of cgroup v2 ids. */
#ifndef CGROUPS_H
#define CGROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cgroups;

/*
 * live: ask the kernel; otherwise only what cgroups_learn() was told is known.  NULL when memory is
 * short.  A host without a cgroup v2 mount has no paths.
 */
struct cgroups *cgroups_open(bool live);
void cgroups_close(struct cgroups *cgroups);

/* The path under the mount ("/" is its root), NULL when it is not known.  Valid until the next
 * call.  *fresh tells that it was just learned from the kernel. */
const char *cgroups_path(struct cgroups *cgroups, uint64_t id, bool *fresh);

/* The next time each path is asked for it is fresh again. */
void cgroups_ask_again(struct cgroups *cgroups);

/* What a recording says. */
void cgroups_learn(struct cgroups *cgroups, uint64_t id, const char *path, size_t len);

/*
 * Is a cgroup's path (below the mount) that of `top`, or below it?  top may have the mount before it as
 * systemd(1) has it, /sys/fs/cgroup.
 */
bool cgroups_below(const char *path, const char *top);

#endif

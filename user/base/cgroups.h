/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Finds the path of a cgroup v2 by its id. */
#ifndef CGROUPS_H
#define CGROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workload.h"

/* The kernel's limit for a path, with the final NUL. */
#define CGROUP_PATH_MAX 4096

struct cgroups;

/* Where the cgroup v2 file system is mounted.  False: nowhere. */
bool cgroups_find_mount(char mount[CGROUP_PATH_MAX]);

/*
 * live: find the paths in the file system, those that exist now at once; otherwise only those of
 * cgroups_learn() are known.  A host without a cgroup v2 mount has no paths.  Returns NULL if memory is short.
 */
struct cgroups *cgroups_open(bool live);
void cgroups_close(struct cgroups *cgroups);

/*
 * This process was seen in this cgroup: when the path of the cgroup is asked for soon, /proc/PID/cgroup may have
 * it.
 */
void cgroups_hint(struct cgroups *cgroups, uint64_t id, uint32_t pid);

/*
 * The path under the mount ("/" is its root), or NULL if it is not known.  It is valid until the next call.  A
 * look-up takes about a millisecond at most: on a host with many cgroups, the path of a new one whose process
 * has ended may be known only to a later call.
 * *fresh: this is the first time that the path is returned, or the first since cgroups_ask_again().
 */
const char *cgroups_path(struct cgroups *cgroups, uint64_t id, bool *fresh);

/* Whose it is, by its path; NULL: that is not known, or memory is short.  Valid until the next call of either. */
const struct workload *cgroups_workload(struct cgroups *cgroups, uint64_t id);

/* Makes all paths fresh again, so that a new file of a recording gets them too. */
void cgroups_ask_again(struct cgroups *cgroups);

/* Adds a path that was read from a recording: len bytes, without a NUL.  One beyond the limit is ignored. */
void cgroups_learn(struct cgroups *cgroups, uint64_t id, const char *path, size_t len);

/*
 * Is the cgroup `path` (as under the mount) the cgroup `top`, or below it?  top may begin with the mount
 * point, if that is where systemd(1) mounts it: /sys/fs/cgroup or /sys/fs/cgroup/unified.
 */
bool cgroups_below(const char *path, const char *top);

#endif

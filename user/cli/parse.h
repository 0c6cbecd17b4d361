/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The values of the command line.  Each parser takes the whole string or refuses it, and returns
 * NULL or, in words that fit behind a colon, why it refused.
 */
#ifndef PARSE_H
#define PARSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/options.h"

#define PARSE_ELEMENT_MAX 64 /* with the final NUL; an address takes at most 50 */
#define PARSE_TIME_MAX_S (365 * 86400)

/* Decimal only: a leading zero could be meant as octal and is refused. */
const char *parse_number(const char *s, uint64_t low, uint64_t high, uint64_t *value);

/* A decimal fraction above 0 in units (a power of ten) of the value, which is at most limit. */
const char *parse_decimal(const char *s, uint64_t unit, uint64_t limit, uint64_t *value);
const char *parse_time(const char *s, uint64_t unit_ns, uint64_t *ns);

/* These add to what is there. */
const char *parse_pid(const char *s, void *pid_list);
const char *parse_ports(const char *s, void *port_set);
const char *parse_prefix(const char *s, void *prefix_list);

/*
 * Hands each element of a comma list to `parse`.  When one is refused it stands in `element`, which
 * is empty when the fault is not an element's own.
 */
const char *parse_list(const char *list, const char *(*parse)(const char *s, void *into),
		       void *into, char element[PARSE_ELEMENT_MAX]);

/* A number or net:[NUMBER] is an inode as it is, anything else a path to a network namespace. */
const char *parse_netns(const char *s, uint32_t *inode);

/* A directory of a cgroup2 file system; its inode is the cgroup's id. */
const char *parse_cgroup(const char *path, uint64_t *id);

/* Is there a process of this id?  The id of a thread that leads no group is refused. */
const char *parse_check_process(uint32_t pid);

#endif

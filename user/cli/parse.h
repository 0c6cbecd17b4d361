/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Parsers for the values of the command line.  Each accepts the whole string and returns NULL, or returns
 * the reason for a message: static text, or that of strerror().
 */
#ifndef PARSE_H
#define PARSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/options.h"

/* with the final NUL; an address with a prefix length has at most 50 bytes */
#define PARSE_ELEMENT_MAX 64
#define PARSE_TIME_MAX_S (365 * 86400)

/* A decimal number from low to high.  A leading zero is refused: it could mean octal. */
const char *parse_number(const char *s, uint64_t low, uint64_t high, uint64_t *value);

/*
 * A decimal number above 0, with or without a fraction.  *value is the number times unit, a power of ten, and
 * at most limit.
 */
const char *parse_decimal(const char *s, uint64_t unit, uint64_t limit, uint64_t *value);

/* The same, for a time in units of unit_ns, up to PARSE_TIME_MAX_S. */
const char *parse_time(const char *s, uint64_t unit_ns, uint64_t *ns);

/* Each adds one element to a struct pid_list, port_set or prefix_list. */
const char *parse_pid(const char *s, void *pid_list);
const char *parse_ports(const char *s, void *port_set);
const char *parse_prefix(const char *s, void *prefix_list);

/*
 * Calls `parse` for each element of a list that is separated by commas.  On failure, `element` is the element
 * that was refused, or empty if the list itself is wrong.
 */
const char *parse_list(const char *list, const char *(*parse)(const char *s, void *into),
		       void *into, char element[PARSE_ELEMENT_MAX]);

/*
 * NUMBER and net:[NUMBER] are inode numbers; anything else is the path of a network namespace, which stays open
 * as *fd.
 */
const char *parse_netns(const char *s, uint32_t *inode, int *fd);

/* The path of a directory in a cgroup v2 file system.  Its inode number is the id of the cgroup. */
const char *parse_cgroup(const char *path, uint64_t *id);

/* Checks that a process with this ID exists.  The ID of a thread that is not a process is refused. */
const char *parse_check_process(uint32_t pid);

#endif

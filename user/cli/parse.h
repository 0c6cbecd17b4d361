/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Parsers for the values of the command line.  Each accepts the whole string and returns NULL, or returns
 * the reason for a message: static text, or that of strerror().
 */
#ifndef PARSE_H
#define PARSE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/options.h"

/* with the final NUL; an address with a prefix length has at most 50 bytes */
#define PARSE_ELEMENT_MAX 64
#define PARSE_TIME_MAX_S (365 * 86400)

/* A decimal number from low to high.  A leading zero is refused: it could mean octal. */
const char *parse_number(const char *s, uint64_t low, uint64_t high, uint64_t *value);

/*
 * A decimal number above 0, with or without a fraction.  *value is the number times unit, rounded down, and at
 * most limit.
 */
const char *parse_decimal(const char *s, uint64_t unit, uint64_t limit, uint64_t *value);

/* The same, for a time up to PARSE_TIME_MAX_S: in units of unit_ns, or "100ms", "5s", "2min", "1h", "1d". */
const char *parse_time(const char *s, uint64_t unit_ns, uint64_t *ns);

/*
 * Each adds one element to a struct pid_list, port_set, prefix_list or comm_patterns.  One that begins with "!" is
 * excluded.
 */
const char *parse_pid(const char *s, void *pid_list);
const char *parse_ports(const char *s, void *port_set);
const char *parse_prefix(const char *s, void *prefix_list);
const char *parse_comm(const char *s, void *comm_patterns);

/* Adds a state to a struct bits, or excludes it; and prints the names that it accepts, as of options_put_words(). */
const char *parse_state(const char *s, void *states);
size_t parse_put_states(const char *separator, FILE *f);

/* The same of a cause. */
const char *parse_cause(const char *s, void *causes);
size_t parse_put_causes(const char *separator, FILE *f);

/* "ADDR:PORT-ADDR:PORT", with brackets around an IPv6 address.  Both are of one family. */
const char *parse_conn(const char *s, struct endpoint ends[2]);

/* "10.0.0.1:80" or "[::1]:80", of len bytes.  An IPv4 address is mapped. */
bool parse_endpoint(struct endpoint *e, const char *s, size_t len);

/* "ADDR:PORT", "localhost:PORT", ":PORT" of 127.0.0.1, "unix:PATH" or "fd". */
const char *parse_listen(const char *s, struct listen_address *address);

/* "2026-11-29T12:30:05.5Z", "2026-11-29 12:30" (local), "12:30" or "12:30:05" (local, of any day). */
const char *parse_moment(const char *s, struct moment *m);

/*
 * Calls `parse` for each element of a list that is separated by commas.  On failure, `element` is the element
 * that was refused, or empty if the list itself is wrong.
 */
const char *parse_list(const char *list, const char *(*parse)(const char *s, void *into),
		       void *into, char element[PARSE_ELEMENT_MAX]);

/*
 * NUMBER and net:[NUMBER] are inode numbers; anything else is the name of a network namespace, as `ip netns` has
 * it, or its path, and it stays open as *fd.
 */
const char *parse_netns(const char *s, uint32_t *inode, int *fd);

/*
 * The path of a directory in a cgroup v2 file system, or the rest of it under the mount, as JSON has it.  Its
 * inode number is the id of the cgroup.
 */
const char *parse_cgroup(const char *path, uint64_t *id);

/* The hexadecimal digits that the id of a container begins with: at least CONTAINER_ID_MIN. */
const char *parse_container(const char *s);

/* Finds the cgroup of the one container whose id begins with these digits. */
const char *parse_find_container(const char *digits, uint64_t *cgroup_id);

/* Checks that a process with this ID exists.  The ID of a thread that is not a process is refused. */
const char *parse_check_process(uint32_t pid);

#endif

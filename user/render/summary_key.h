/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What tells the rows of --by apart.  Pure. */
#ifndef SUMMARY_KEY_H
#define SUMMARY_KEY_H

#include "base/by.h"
#include "base/cgroups.h"
#include "base/text.h"
#include "chapter/chapter.h"

/* The longest key: a path, and two others. */
#define SUMMARY_KEY_MAX (CGROUP_PATH_MAX + 2 * (UNIT_NAME_MAX + 1))
_Static_assert(UNIT_NAME_MAX >= ENDPOINT_MAX, "no other key is longer");
/* of a process in no container, unit or pod */
#define SUMMARY_NO_WORKLOAD "none"

/* Finds the path of a cgroup, NULL: it is not known.  As in struct render_context. */
struct summary_paths {
	const char *(*find)(void *ctx, uint64_t id);
	void *ctx;
};

/* The process of a chapter: of an open one who has the socket open now, if that is known, else the owner. */
const struct person *summary_person(const struct chapter *ch);

/* The service's port: of a client the remote one, of a server the local one. */
struct maybe summary_port(const struct chapter *ch);

/*
 * The row of a chapter, as text: each key's, in the order of --by and ended by NUL; "": not known.  The bytes
 * of names and paths are not escaped.  Returns the length, with all NULs.
 */
size_t summary_key(char buf[SUMMARY_KEY_MAX], const struct by *by, const struct chapter *ch,
		   const struct summary_paths *paths);

/* The text of one of them. */
const char *summary_key_part(const char *key, unsigned int number);

/* Are these numbers, so that the shorter text is the smaller number? */
bool summary_key_is_number(unsigned int by_key);

#endif

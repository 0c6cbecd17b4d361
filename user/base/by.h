/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* --by: what the connections of a row have in common, the order of the rows, and how many are printed. */
#ifndef BY_H
#define BY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BY_KEYS_MAX 3
/* rows of a table without --limit; JSON has all rows then */
#define BY_LIMIT_DEFAULT 20
/* of an IPv6 peer, where only the IPv4 length was given: what a site gives to one link */
#define BY_IPV6_BITS 64

enum by_key {
	BY_COMM,
	BY_PID,
	BY_PEER,
	BY_PORT,
	BY_ROLE,
	BY_LISTENER,
	BY_CGROUP,
	BY_CONTAINER,
	BY_UNIT,
	BY_POD,
	BY_CAUSE,
	BY_NETNS,
	BY_KEYS
};

/* The latencies are sorted by their 99th percentile. */
enum by_sort {
	BY_SORT_NONE, /* not given: as BY_SORT_COUNT */
	BY_SORT_COUNT,
	BY_SORT_FAILED,
	BY_SORT_OPEN,
	BY_SORT_OLDEST,
	BY_SORT_CONNECT,
	BY_SORT_ACCEPT,
	BY_SORT_CLOSE,
	BY_SORT_CLOSE_WAIT,
};

struct by {
	uint8_t n;		   /* 0: --by was not given */
	uint8_t keys[BY_KEYS_MAX]; /* enum by_key, no two the same */
	uint8_t ipv4_bits;	   /* of a peer's address: 0 to 32 */
	uint8_t ipv6_bits;	   /* 0 to 128 */
	enum by_sort sort;
	uint32_t limit; /* 0: --limit was not given */
};

/* "comm", as in JSON; NULL for a number outside the enum. */
const char *by_key_name(unsigned int key);

/* The key of this name (len bytes, upper or lower case), BY_KEYS: there is none.  "process" is another name of comm. */
enum by_key by_key_find(const char *name, size_t len);

bool by_has(const struct by *by, enum by_key key);

/* Does the kernel count by these keys, so that no chapter need be posted for them? */
bool by_is_tallied(const struct by *by);

#endif

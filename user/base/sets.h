/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Sets of processes, names, ports and addresses, as the selections of the command line need them.  Each element is
 * included or excluded ("!22").  A set has what it includes and does not exclude; if it includes nothing, all but
 * what it excludes.  An empty set is that of an option that is not given.
 */
#ifndef SETS_H
#define SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/comm.h"
#include "shared/config.h"

struct pid_array {
	uint32_t *items;
	size_t n;
};

struct pid_list {
	struct pid_array included, excluded;
};

/* IPv6 or IPv4-mapped (96 bits or more), host bits zero, as the BPF side's tries need them. */
struct prefix_array {
	struct prefix *items;
	size_t n;
};

struct prefix_list {
	struct prefix_array included, excluded;
};

/* Port p is bit p % 64 of word p / 64.  Port 0 is one that is not known. */
struct port_set {
	bool given; /* an element was given */
	bool includes; /* one that is not excluded; else `words` has all ports after port_set_settle() */
	uint64_t words[PORT_WORDS], excluded[PORT_WORDS];
};

/* 4 for a prefix of IPv4-mapped addresses, else 6. */
uint8_t prefix_family(const struct prefix *p);

/* Is all of a in b? */
bool prefix_within(const struct prefix *a, const struct prefix *b);

static inline bool pid_list_given(const struct pid_list *list)
{
	return list->included.n || list->excluded.n;
}

static inline bool prefix_list_given(const struct prefix_list *list)
{
	return list->included.n || list->excluded.n;
}

/* port is in host byte order; addr is IPv6 or IPv4-mapped, and family is 4 for the latter. */
bool pid_list_has(const struct pid_list *list, uint32_t pid);
bool prefix_list_has(const struct prefix_list *list, uint8_t family, const uint8_t addr[16]);
bool port_set_has(const struct port_set *set, uint16_t port);

/* The same of the two ends of a connection: one of them is included, and none excluded. */
bool prefix_list_has_either(const struct prefix_list *list, uint8_t family, const uint8_t a[16],
			    const uint8_t b[16]);
bool port_set_has_either(const struct port_set *set, uint16_t a, uint16_t b);

/* Call it when all elements are in: a set that includes nothing then has all ports, and what is not known. */
void port_set_settle(struct port_set *set);

/*
 * Adds a pattern of at most COMM_LEN - 1 bytes without its '*'s, which stand for any bytes.  0; -E2BIG if it is
 * longer; -ENOSPC if there are COMM_PATTERNS already.
 */
int comm_patterns_add(struct comm_patterns *p, const char *pattern, bool excluded);

/* States or causes, by their numbers below 64. */
struct bits {
	uint64_t included, excluded;
};

static inline bool bits_given(const struct bits *b)
{
	return b->included || b->excluded;
}

/* Without included ones all are, but those that are excluded. */
static inline bool bits_have(const struct bits *b, unsigned int n)
{
	return (!b->included || b->included >> n & 1) && !(b->excluded >> n & 1);
}

#endif

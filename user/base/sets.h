/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Sets of processes, ports and addresses, as the selections of the command line need them. */
#ifndef SETS_H
#define SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/config.h"

struct pid_list {
	uint32_t *items;
	size_t n;
};

/* IPv6 or IPv4-mapped (96 bits or more), host bits zero, as the BPF side's tries need them. */
struct prefix_list {
	struct prefix *items;
	size_t n;
};

struct port_set {
	bool given;
	uint64_t words[PORT_WORDS]; /* port p is bit p % 64 of word p / 64 */
};

/* 4 for a prefix of IPv4-mapped addresses, else 6. */
uint8_t prefix_family(const struct prefix *p);

/* port is in host byte order; addr is IPv6 or IPv4-mapped, and family is 4 for the latter. */
bool pid_list_has(const struct pid_list *list, uint32_t pid);
bool port_set_has(const struct port_set *set, uint16_t port);
bool prefix_list_has(const struct prefix_list *list, uint8_t family, const uint8_t addr[16]);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Prefixes of addresses, as the options name them and as the tries have them. */
#ifndef PREFIX_H
#define PREFIX_H

#include <linux/types.h>

/* IPv6, or IPv4-mapped with at least 96 bits. */
struct prefix {
	__u32 bits;
	__u8 addr[16];
};

#define PREFIX_FAMILY_BITS 8

/* A prefix in the tries: the family comes first, so that ::/0 is no prefix of an IPv4 address. */
struct prefix_key {
	/* PREFIX_FAMILY_BITS and those of the address */
	__u32 bits;
	__u8 family;
	__u8 addr[16];
	__u8 pad[3];
};

#endif

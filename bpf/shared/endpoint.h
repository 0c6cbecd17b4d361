/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* --conn: a connection, by the addresses and ports of its ends.  Pure; both sides decide by it. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "config.h"

/* A port of 0 is not known yet. */
static __always_inline bool endpoint_is(const volatile struct endpoint *e, const __u8 *addr,
					__u16 port)
{
	__u8 difference = 0;

	for (int i = 0; i < 16; i++)
		difference |= e->addr[i] ^ addr[i];
	return !difference && (!port || port == e->port);
}

/* Either end may be the local one. */
static __always_inline bool endpoints_are(const volatile struct endpoint ends[2],
					  const struct handshake_part *h)
{
	return (endpoint_is(&ends[0], h->local, h->local_port) &&
		endpoint_is(&ends[1], h->remote, h->remote_port)) ||
	       (endpoint_is(&ends[1], h->local, h->local_port) &&
		endpoint_is(&ends[0], h->remote, h->remote_port));
}

#endif

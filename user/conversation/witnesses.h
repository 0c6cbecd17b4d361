/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which hosts were recorded, and when: what one host sent to another one that was recorded then, and of which that
 * recording has nothing, did not get there.
 */
#ifndef WITNESSES_H
#define WITNESSES_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/record.h"

/* addresses of hosts that are known at most; the ends at others are not looked for */
#define WITNESSES_MAX 1024

/* A host has this address, and was recorded from the first time to the last: CLOCK_REALTIME of its own. */
struct witness {
	uint8_t addr[16];
	uint32_t host;
	int64_t first_ns, last_ns;
};

struct witnesses {
	unsigned int n;
	struct witness of[WITNESSES_MAX];
};

/* The host has an end of this connection, which was reported then. */
void witnesses_note(struct witnesses *w, uint32_t host, const struct handshake_part *h,
		    int64_t t_ns);

/* Another host with this address; NULL: none is known. */
const struct witness *witnesses_find(const struct witnesses *w, uint32_t host,
				     const uint8_t addr[16]);

#endif

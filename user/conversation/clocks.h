/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * How far the clocks of two hosts are from each other, by the handshakes that both recorded.  The SYN and the last ACK
 * arrive after they left, and so does the SYN,ACK in the other direction: each is a bound, and the tightest ones of
 * all connections hold (as the minimum filter of NTP, RFC 5905, 10).  In the middle between them the error is at most
 * half of the shortest round trip.
 */
#ifndef CLOCKS_H
#define CLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/item.h"

struct clocks;

/* NULL when there is no memory. */
struct clocks *clocks_create(void);
void clocks_destroy(struct clocks *clocks);

/* An item_fn; ctx is the clocks.  Learns the host and what the handshakes say.  Returns 0. */
int clocks_item(void *ctx, const struct item *item);

/* The number of the host that the items are of now, from 0 in the order in which they are met. */
uint32_t clocks_host(const struct clocks *clocks);

/* Its name; "": not known.  Any bytes. */
const char *clocks_host_name(const struct clocks *clocks, uint32_t host);

/* Is a SYN that a full queue of it drops recorded? */
bool clocks_host_sees_drops(const struct clocks *clocks, uint32_t host);

/* Of a's clock, and how wrong that may be. */
struct clock_offset {
	/* no connection that both recorded shows it: ns is 0 */
	bool unknown;
	/* the bounds contradict each other: a clock was set, or runs faster than the other */
	bool unsteady;
	/* CLOCK_REALTIME of b minus that of a; 0 on one host */
	int64_t ns;
	int64_t uncertainty_ns;
};
struct clock_offset clocks_offset(const struct clocks *clocks, uint32_t a, uint32_t b);

/* From now on the clock of every other host is so far ahead of the first one's.  ns: below 0 it is behind. */
void clocks_set_offset(struct clocks *clocks, int64_t ns);

#endif

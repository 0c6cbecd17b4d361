/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One end of a connection, as its host recorded it. */
#ifndef END_OF_CONNECTION_H
#define END_OF_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/record.h"

/* SYNs that a full queue dropped, of which the times are kept */
#define END_DROPS 4

struct end {
	struct record record;
	/* of one that is not over: when it was reported, CLOCK_MONOTONIC; else 0 */
	uint64_t now_ns;
	/* of its host, then: CLOCK_REALTIME minus CLOCK_MONOTONIC */
	int64_t clock_offset_ns;
	/* the number that clocks_host() gave its host */
	uint32_t host;
	/* there is no handshake in it, or that was reported by itself before */
	bool handshake_reported;
	/* the record has the close, too; else it is a handshake that failed or whose close is still to come */
	bool has_close;
	/* peer's SYNs that this host dropped, for a full queue: how many, and when the first ones came */
	uint8_t n_drops;
	uint64_t drop_ns[END_DROPS];
	struct owner holder;
};

#endif

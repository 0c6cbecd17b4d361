/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Items are what the program reports from.  They come from the running kernel or from a recording.  The
 * renderers print nothing else, so a recording of the items replays to the same bytes.  The numbers of enum
 * item_type are part of the format of a recording.
 */
#ifndef ITEM_H
#define ITEM_H

#include <stddef.h>
#include <stdint.h>

#include "shared/record.h"
#include "shared/tally.h"
#include "shared/transition.h"

enum item_type {
	/* int64_t: CLOCK_REALTIME minus CLOCK_MONOTONIC in ns, until the next one */
	ITEM_CLOCK = 1,
	/* struct handshake_part */
	ITEM_HANDSHAKE = 2,
	/* struct record; the handshake in it was not reported yet, unless HANDSHAKE_POSTED is set */
	ITEM_CLOSE = 3,
	/* struct item_open: not over, reported as it stands */
	ITEM_OPEN = 4,
	/* struct transition */
	ITEM_TRANSITION = 5,
	/* uint64_t id, then its path without a NUL */
	ITEM_CGROUP = 6,
	/* struct item_counts: the trace is over */
	ITEM_COUNTS = 7,
	/* nothing: all ITEM_OPEN before are void, new ones may follow */
	ITEM_SNAPSHOT = 8,
	/* struct item_tally: chapters that the BPF side counted, never recorded */
	ITEM_TALLY = 9,
	/* struct item_listener */
	ITEM_LISTENER = 10,
	/* struct item_counted */
	ITEM_COUNTED = 11,
	/* struct item_host: of what the items after it are, until the next one */
	ITEM_HOST = 12,
	/* nothing, and never recorded: the trace before has no ITEM_COUNTS, and nothing of it follows */
	ITEM_CUT_OFF = 13,
};

struct item {
	enum item_type type;
	const void *data;
	size_t len;
};

/* Receives an item.  A return value other than 0 stops the source. */
typedef int (*item_fn)(void *ctx, const struct item *item);

/* A record as it was at now_ns (CLOCK_MONOTONIC), and a process that has the socket open. */
struct item_open {
	uint64_t now_ns;
	struct record record;
	struct owner holder;
};

/* n chapters of this key were counted since the last such item; max_ns is over the whole trace. */
struct item_tally {
	struct tally_key key;
	struct tally tally;
};

/* A listening socket at now_ns (CLOCK_MONOTONIC). */
struct item_listener {
	uint64_t now_ns;
	uint8_t addr[16];
	struct owner owner;
	/* connections that accept() returned since the last such item of this socket */
	uint64_t accepted;
	/* SYNs and last ACKs dropped since then, for lack of room in the queue or of memory */
	uint32_t dropped;
	uint32_t netns;
	uint32_t queue;
	/* the most seen in the trace */
	uint32_t queue_max;
	uint32_t backlog;
	uint32_t half_open;
	uint16_t port;
	/* 4 or 6 */
	uint8_t family;
	/* some hook shows that accept() returns */
	uint8_t accept_seen;
	/* its owner was selected by the BPF side */
	uint8_t selected;
	uint8_t pad[3];
	struct interface interface;
	uint32_t pad2;
};

/* n attempts of peers, since the last such item, that were counted instead of reported. */
struct item_counted {
	uint64_t now_ns;
	uint64_t n;
	uint32_t netns; /* 0: not known */
	/* to so many ports; 0: not known */
	uint32_t ports;
	uint16_t port;	  /* if it is one */
	uint16_t attempt; /* enum attempt */
	uint32_t pad;
};

#define HOST_NAME_MAX_LEN 64

/* A host, and one boot of it: its CLOCK_MONOTONIC is one clock.  And the trace. */
struct item_host {
	/* /proc/sys/kernel/random/boot_id */
	uint8_t boot[16];
	/* as uname(2) has it; any bytes, 0 behind them; empty: not known */
	char name[HOST_NAME_MAX_LEN];
	/* a SYN that a full queue drops is recorded */
	uint8_t sees_drops;
	uint8_t pad[7];
	/* the trace's: when it began, CLOCK_MONOTONIC */
	uint64_t begin_ns;
};

/* Of the whole trace; see struct totals. */
struct item_counts {
	uint64_t events_lost;
	uint64_t table_full;
	/* one more than are established; 0: not known.  Older recordings end before it. */
	uint64_t established;
};

/* Bytes that an item of this type has at least; SIZE_MAX for a type that this version does not know. */
static inline size_t item_size(enum item_type type)
{
	switch (type) {
	case ITEM_CLOCK:
		return sizeof(int64_t);
	case ITEM_HANDSHAKE:
		return sizeof(struct handshake_part);
	case ITEM_CLOSE:
		return sizeof(struct record);
	case ITEM_OPEN:
		return sizeof(struct item_open);
	case ITEM_TRANSITION:
		return sizeof(struct transition);
	case ITEM_CGROUP:
		return sizeof(uint64_t);
	case ITEM_SNAPSHOT:
	case ITEM_CUT_OFF:
		return 0;
	case ITEM_TALLY:
		return sizeof(struct item_tally);
	case ITEM_LISTENER:
		return sizeof(struct item_listener);
	case ITEM_COUNTED:
		return sizeof(struct item_counted);
	case ITEM_HOST:
		return sizeof(struct item_host);
	case ITEM_COUNTS:
		return offsetof(struct item_counts, established);
	}
	return SIZE_MAX;
}

#endif

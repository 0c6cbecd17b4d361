/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The rules of handshakes and closes; for cause*.c. */
#ifndef CAUSE_PARTS_H
#define CAUSE_PARTS_H

#include "cause.h"

/* A cause, and whether it applies. */
struct cause_rule {
	enum cause cause;
	bool (*applies)(const struct chapter *ch, const struct slow_limits *slow);
};

static inline bool at_least(struct maybe ns, uint64_t limit_ns)
{
	return ns.known && (uint64_t)ns.value >= limit_ns;
}

/* The longer of two; one that is not known is the shorter. */
static inline bool is_longer(struct maybe a, struct maybe b)
{
	return a.known && (!b.known || a.value > b.value);
}

/* Each in the order in which they are asked, ended by one that has no condition. */
extern const struct cause_rule handshake_rules[], close_rules[];

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A value that may be unknown, and how one is made. */
#ifndef MAYBE_H
#define MAYBE_H

#include <stdbool.h>
#include <stdint.h>

/* A value that may be unknown.  An unknown one prints as null or "-", never as 0. */
struct maybe {
	bool known;
	int64_t value;
};

static inline struct maybe known(int64_t value)
{
	return (struct maybe){ true, value };
}

/* 0 means that the kernel did not tell. */
static inline struct maybe known_unless_0(uint64_t value)
{
	return (struct maybe){ value != 0, (int64_t)value };
}

static inline struct maybe known_if(bool condition, int64_t value)
{
	return (struct maybe){ condition, condition ? value : 0 };
}

/* Not known either when an end of it is missing, or in a damaged record that is centuries long. */
static inline struct maybe known_span(uint64_t from_ns, uint64_t to_ns)
{
	return known_if(from_ns && to_ns >= from_ns && to_ns - from_ns <= INT64_MAX,
			(int64_t)(to_ns - from_ns));
}

/* A moment that the clocks may have put a little before the one it cannot precede. */
static inline struct maybe known_delay(uint64_t from_ns, uint64_t to_ns)
{
	return known_span(to_ns ? from_ns : 0, to_ns > from_ns ? to_ns : from_ns);
}

#endif

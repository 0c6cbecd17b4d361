/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Values that may be unknown. */
#ifndef MAYBE_H
#define MAYBE_H

#include <stdbool.h>
#include <stdint.h>

/* An unknown value is printed as null or "-", never as 0. */
struct maybe {
	bool known;
	int64_t value;
};

static inline struct maybe known(int64_t value)
{
	return (struct maybe){ true, value };
}

/* For a value of the kernel that is 0 if the kernel does not know it. */
static inline struct maybe known_unless_0(uint64_t value)
{
	return (struct maybe){ value != 0, (int64_t)value };
}

static inline struct maybe known_if(bool condition, int64_t value)
{
	return (struct maybe){ condition, condition ? value : 0 };
}

/* Unknown if one end is missing (0), or if the span is negative or centuries long: the record is damaged. */
static inline struct maybe known_span(uint64_t from_ns, uint64_t to_ns)
{
	return known_if(from_ns && to_ns >= from_ns && to_ns - from_ns <= INT64_MAX,
			(int64_t)(to_ns - from_ns));
}

/* As known_span(), but 0 if to_ns is before from_ns, as the inaccuracy of two clocks may make it. */
static inline struct maybe known_delay(uint64_t from_ns, uint64_t to_ns)
{
	return known_span(to_ns ? from_ns : 0, to_ns > from_ns ? to_ns : from_ns);
}

#endif

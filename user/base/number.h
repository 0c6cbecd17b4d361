/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Numbers as text, without printf(): a chapter has about fifty numbers and should take a microsecond.  The
 * functions write at most NUMBER_MAX bytes, no final NUL, and return the number of bytes.
 */
#ifndef NUMBER_H
#define NUMBER_H

#include <stddef.h>
#include <stdint.h>

#define NUMBER_MAX 24

size_t number_uint(char *buf, uint64_t value);

static inline size_t number_int(char *buf, int64_t value)
{
	size_t sign = value < 0;

	if (sign)
		buf[0] = '-';
	return sign + number_uint(buf + sign, sign ? -(uint64_t)value : (uint64_t)value);
}

/* Lower case, no 0x, no leading zeros. */
size_t number_hex(char *buf, uint64_t value);

/* Nanoseconds as microseconds, without trailing zeros: 7, 12.5, 40312.004. */
size_t number_us(char *buf, int64_t ns);

/* Writes the last `digits` decimal digits, with leading zeros.  Returns nothing. */
void number_pad(char *buf, uint32_t value, size_t digits);

/* a + b, or the nearest value that an int64_t can hold. */
int64_t number_add(int64_t a, int64_t b);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Numbers as text, without printf: a chapter has about fifty of them and is to be told in a
 * microsecond.  Each writes at most NUMBER_MAX bytes, no final NUL, and returns how many.
 */
#ifndef NUMBER_H
#define NUMBER_H

#include <stddef.h>
#include <stdint.h>

#define NUMBER_MAX 24

size_t number_uint(char *buf, uint64_t value);
size_t number_int(char *buf, int64_t value);

/* Lower case, no 0x, no leading zeros. */
size_t number_hex(char *buf, uint64_t value);

/* Nanoseconds as microseconds, with the decimals it takes and no more: 7, 12.5, 40312.004. */
size_t number_us(char *buf, int64_t ns);

/* Exactly `digits` decimal digits, zeros in front; what does not fit is cut off on the left. */
void number_pad(char *buf, uint64_t value, size_t digits);

/* The sum of two numbers; one that does not fit stays at the end of the range. */
int64_t number_add(int64_t a, int64_t b);

#endif

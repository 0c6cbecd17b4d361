// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "number.h"

#include <string.h>

/* Two digits for each division: half as many divisions as one digit at a time. */
static const char pairs[] =
	"00010203040506070809101112131415161718192021222324252627282930313233343536"
	"37383940414243444546474849505152535455565758596061626364656667686970717273"
	"7475767778798081828384858687888990919293949596979899";
_Static_assert(sizeof(pairs) == 201, "a hundred pairs and the NUL");

static uint64_t magnitude(int64_t value)
{
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

/* log2(value) times log10(2) is the number of digits, or one less; powers[] decides. */
static size_t digits_of(uint64_t value)
{
	static const uint64_t powers[] = {
		1ULL,
		10ULL,
		100ULL,
		1000ULL,
		10000ULL,
		100000ULL,
		1000000ULL,
		10000000ULL,
		100000000ULL,
		1000000000ULL,
		10000000000ULL,
		100000000000ULL,
		1000000000000ULL,
		10000000000000ULL,
		100000000000000ULL,
		1000000000000000ULL,
		10000000000000000ULL,
		100000000000000000ULL,
		1000000000000000000ULL,
		10000000000000000000ULL,
	};
	size_t n = (size_t)(64 - __builtin_clzll(value | 1)) * 1233 >> 12;

	return n + (value >= powers[n]) + !value;
}

size_t number_uint(char *buf, uint64_t value)
{
	size_t n = digits_of(value), at = n;

	for (; value >= 100; value /= 100) {
		at -= 2;
		memcpy(buf + at, pairs + 2 * (value % 100), 2);
	}
	if (value >= 10)
		memcpy(buf, pairs + 2 * value, 2);
	else
		buf[0] = (char)('0' + value);
	return n;
}

size_t number_int(char *buf, int64_t value)
{
	size_t sign = value < 0;

	if (sign)
		buf[0] = '-';
	return sign + number_uint(buf + sign, magnitude(value));
}

size_t number_hex(char *buf, uint64_t value)
{
	size_t digits = 1;

	while (digits < 16 && value >> (4 * digits))
		digits++;
	for (size_t i = digits; i--; value >>= 4)
		buf[i] = "0123456789abcdef"[value & 15];
	return digits;
}

size_t number_us(char *buf, int64_t ns)
{
	uint64_t value = magnitude(ns);
	unsigned int rest = value % 1000;
	size_t len = ns < 0, digits = 3;

	if (len)
		buf[0] = '-';
	len += number_uint(buf + len, value / 1000);
	if (!rest)
		return len;
	buf[len++] = '.';
	number_pad(buf + len, rest, 3);
	while (buf[len + digits - 1] == '0')
		digits--;
	return len + digits;
}

void number_pad(char *buf, uint64_t value, size_t digits)
{
	while (digits--) {
		buf[digits] = (char)('0' + value % 10);
		value /= 10;
	}
}

int64_t number_add(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return a < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

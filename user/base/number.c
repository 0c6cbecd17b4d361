// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "number.h"

#include <string.h>

/* Two digits for each division: half as many divisions as one digit at a time. */
static const char pairs[] =
	"00010203040506070809101112131415161718192021222324252627282930313233343536"
	"37383940414243444546474849505152535455565758596061626364656667686970717273"
	"7475767778798081828384858687888990919293949596979899";
_Static_assert(sizeof(pairs) == 201, "a hundred pairs and the NUL");

/* Not of 0.  log2(value) times log10(2) is the number of digits, or one less; powers[] decides. */
static size_t digits_of(uint32_t value)
{
	static const uint32_t powers[] = {
		1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
	};
	size_t n = (size_t)(32 - __builtin_clz(value)) * 1233 >> 12;

	return n + (value >= powers[n]);
}

size_t number_uint(char *buf, uint64_t value)
{
	uint32_t left = (uint32_t)value;
	size_t n, at;

	/* a division of 32 bits takes half the instructions of one of 64 */
	if (value > UINT32_MAX) {
		n = number_uint(buf, value / 100000000);
		number_pad(buf + n, value % 100000000, 8);
		return n + 8;
	}
	if (left < 10) {
		buf[0] = (char)('0' + left);
		return 1;
	}
	n = at = digits_of(left);
	for (; left >= 100; left /= 100) {
		at -= 2;
		memcpy(buf + at, pairs + 2 * (left % 100), 2);
	}
	if (left >= 10)
		memcpy(buf, pairs + 2 * left, 2);
	else
		buf[0] = (char)('0' + left);
	return n;
}

size_t number_hex(char *buf, uint64_t value)
{
	size_t digits = (size_t)(67 - __builtin_clzll(value | 1)) / 4;

	for (size_t i = digits; i--; value >>= 4)
		buf[i] = "0123456789abcdef"[value & 15];
	return digits;
}

size_t number_us(char *buf, int64_t ns)
{
	uint64_t value = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	uint32_t rest = value % 1000;
	size_t len = ns < 0;

	if (len)
		buf[0] = '-';
	len += number_uint(buf + len, value / 1000);
	if (!rest)
		return len;
	buf[len++] = '.';
	number_pad(buf + len, rest, 3);
	return len + (rest % 10 ? 3 : rest % 100 ? 2 : 1);
}

void number_pad(char *buf, uint32_t value, size_t digits)
{
	for (; digits >= 2; value /= 100) {
		digits -= 2;
		memcpy(buf + digits, pairs + 2 * (value % 100), 2);
	}
	if (digits)
		buf[0] = (char)('0' + value % 10);
}

int64_t number_add(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return a < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "render_short.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* what would be 100000 ms */
#define LONG_NS (100 * NS_PER_S - NS_PER_S / 2000)
static const char dots[] = "..";

static int64_t rounded(int64_t ns, int64_t unit)
{
	return ns / unit + (ns % unit >= unit / 2);
}

/* "3m44s", "17m", "2h05m", "23h", "50d" */
static void put_long(char buf[SHORT_MAX], int64_t ns, const char *suffix)
{
	int64_t s = rounded(ns, NS_PER_S), min = rounded(ns, 60 * NS_PER_S), h = min / 60;

	if (s < 600)
		snprintf(buf, SHORT_MAX, "%" PRId64 "m%02" PRId64 "s%s", s / 60, s % 60, suffix);
	else if (min < 100)
		snprintf(buf, SHORT_MAX, "%" PRId64 "m%s", min, suffix);
	else if (h < 10)
		snprintf(buf, SHORT_MAX, "%" PRId64 "h%02" PRId64 "m%s", h, min % 60, suffix);
	else if (h < 100)
		snprintf(buf, SHORT_MAX, "%" PRId64 "h%s", h, suffix);
	else
		snprintf(buf, SHORT_MAX, "%" PRId64 "d%s", h / 24, suffix);
}

/* In units of ns, with as many decimals as four digits leave. */
static const char *put_span(char buf[SHORT_MAX], struct maybe ns, int64_t unit, bool so_far)
{
	const char *suffix = so_far ? "+" : "";
	int decimals = 3;
	int64_t part = unit / 1000, n;

	if (!ns.known)
		return memcpy(buf, "-", 2);
	for (n = rounded(ns.value, part); n >= 10000 && decimals; n = rounded(ns.value, part)) {
		part *= 10;
		decimals--;
	}
	if (ns.value >= LONG_NS)
		put_long(buf, ns.value, suffix);
	else if (decimals)
		snprintf(buf, SHORT_MAX, "%" PRId64 ".%0*" PRId64 "%s", n * part / unit, decimals,
			 n % (unit / part), suffix);
	else
		snprintf(buf, SHORT_MAX, "%" PRId64 "%s", n, suffix);
	return buf;
}

const char *short_ms(char buf[SHORT_MAX], struct maybe ns, bool so_far)
{
	return put_span(buf, ns, NS_PER_S / 1000, so_far);
}

const char *short_s(char buf[SHORT_MAX], struct maybe ns, bool so_far)
{
	return put_span(buf, ns, NS_PER_S, so_far);
}

static bool is_first_byte(char c)
{
	return (c & 0xc0) != 0x80;
}

size_t short_columns(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += is_first_byte(*text);
	return n;
}

/* Where the character after the first n begins. */
static const char *skip(const char *text, size_t n)
{
	for (; *text; text++)
		if (is_first_byte(*text) && !n--)
			break;
	return text;
}

const char *short_cut(char *buf, size_t size, const char *text, size_t width, char from)
{
	const char *tail = from ? strrchr(text, from) : NULL;
	size_t columns = short_columns(text), kept;

	if (columns <= width) {
		text_join(buf, size, text);
		return buf;
	}
	if (!tail)
		tail = text + strlen(text);
	if (short_columns(tail) + strlen(dots) > width)
		tail = skip(text, columns - (width - strlen(dots)));
	kept = (size_t)(skip(text, width - strlen(dots) - short_columns(tail)) - text);
	snprintf(buf, size, "%.*s%s%s", (int)kept, text, dots, tail);
	return buf;
}

const char *short_end(char *buf, size_t size, const char *text, size_t width)
{
	size_t columns = short_columns(text);

	if (columns <= width)
		text_join(buf, size, text);
	else
		text_join(buf, size, dots, skip(text, columns - (width - strlen(dots))));
	return buf;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <inttypes.h>
#include <stdio.h>

#include "clock.h"
#include "text.h"

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* A number below 1000, given as thousandths: 4213 is "4.21". */
static const char *three_digits(char buf[32], uint32_t thousandths, const char *unit)
{
	uint32_t whole = thousandths / 1000, rest = thousandths % 1000;

	if (whole >= 100)
		snprintf(buf, DURATION_MAX, "%" PRIu32 " %s", whole, unit);
	else if (whole >= 10)
		snprintf(buf, DURATION_MAX, "%" PRIu32 ".%" PRIu32 " %s", whole, rest / 100, unit);
	else if (whole)
		snprintf(buf, DURATION_MAX, "%" PRIu32 ".%02" PRIu32 " %s", whole, rest / 10, unit);
	else
		snprintf(buf, DURATION_MAX, "0.%03" PRIu32 " %s", rest, unit);
	return buf;
}

/* Two units, without the second if that is 0: "2 h 5 min". */
static const char *two_units(char buf[32], uint64_t s, uint64_t large, const char *large_unit,
			     uint64_t small, const char *small_unit)
{
	uint64_t n = s / large, rest = s % large / small;

	if (rest)
		snprintf(buf, DURATION_MAX, "%" PRIu64 " %s %" PRIu64 " %s", n, large_unit, rest,
			 small_unit);
	else
		snprintf(buf, DURATION_MAX, "%" PRIu64 " %s", n, large_unit);
	return buf;
}

const char *text_duration(char buf[32], uint64_t ns)
{
	uint64_t s = ns / NS_PER_S;

	if (!s)
		return three_digits(buf, (uint32_t)(ns / 1000), "ms");
	if (s < MINUTE)
		return three_digits(buf, (uint32_t)(ns / 1000000), "s");
	if (s < 10 * MINUTE)
		return two_units(buf, s, MINUTE, "min", 1, "s");
	if (s < HOUR)
		return two_units(buf, s / MINUTE * MINUTE, MINUTE, "min", 1, "s");
	return s < DAY ? two_units(buf, s, HOUR, "h", MINUTE, "min")
		       : two_units(buf, s, DAY, "d", HOUR, "h");
}

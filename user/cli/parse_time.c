// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Spans of time, with or without a unit. */
#include <string.h>

#include "base/clock.h"
#include "parse.h"

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "us", 1000 },
	{ "ms", 1000000 },
	{ "s", NS_PER_S },
	{ "sec", NS_PER_S },
	{ "min", 60 * NS_PER_S },
	{ "h", 3600 * NS_PER_S },
	{ "d", 86400 * NS_PER_S },
};

const char *parse_time(const char *s, uint64_t unit_ns, uint64_t *ns)
{
	char number[PARSE_ELEMENT_MAX];
	size_t len = strspn(s, "0123456789.");

	if (len >= sizeof(number))
		return "too long";
	memcpy(number, s, len);
	number[len] = '\0';
	for (size_t i = 0; s[len] && i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(s + len, units[i].name))
			return parse_decimal(number, units[i].ns, PARSE_TIME_MAX_S * NS_PER_S, ns);
	if (len && !strcmp(s + len, "m"))
		return "m could mean minutes: give min or ms";
	return parse_decimal(s, unit_ns, PARSE_TIME_MAX_S * NS_PER_S, ns);
}

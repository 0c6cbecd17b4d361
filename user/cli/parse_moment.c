// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Moments: RFC 3339, or a time of day. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "parse.h"

/* a later one does not fit 64 bits of ns */
#define YEAR_MAX 2261

/* ".25" in ns; *s moves behind it. */
static int64_t take_fraction(const char **s)
{
	int64_t ns = 0, place = NS_PER_S;

	if (**s != '.')
		return 0;
	for (++*s; **s >= '0' && **s <= '9'; ++*s) {
		place /= 10;
		ns += place * (**s - '0');
	}
	return ns;
}

/* Behind the seconds, "Z" or "+01:00" is an offset in seconds; nothing: local time.  False: something else. */
static bool take_offset(const char *s, bool *local, int64_t *offset_s)
{
	unsigned int hours, minutes;
	char sign;
	int end = 0;

	*local = !*s;
	*offset_s = 0;
	if (*local || !strcmp(s, "Z") || !strcmp(s, "z"))
		return true;
	if (sscanf(s, "%c%2u:%2u%n", &sign, &hours, &minutes, &end) != 3 || s[end] ||
	    (sign != '+' && sign != '-') || hours > 23 || minutes > 59)
		return false;
	*offset_s = (sign == '-' ? -60 : 60) * (int64_t)(hours * 60 + minutes);
	return true;
}

/* "12:30" or "12:30:05".  Returns the number of bytes; 0: it is not a time. */
static size_t read_time(const char *s, struct tm *tm)
{
	int n = 0, more = 0;

	if (sscanf(s, "%2d:%2d%n", &tm->tm_hour, &tm->tm_min, &n) != 2 || s[0] == '-' ||
	    tm->tm_hour < 0 || tm->tm_hour > 23 || tm->tm_min < 0 || tm->tm_min > 59)
		return 0;
	tm->tm_sec = 0;
	if (sscanf(s + n, ":%2d%n", &tm->tm_sec, &more) == 1 && (tm->tm_sec < 0 || tm->tm_sec > 60))
		return 0;
	return (size_t)n + (size_t)more;
}

static const char *day_time(const char *s, struct moment *m)
{
	struct tm tm = { 0 };
	size_t len = read_time(s, &tm);

	s += len;
	m->ns = NS_PER_S * (int64_t)(tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec) +
		take_fraction(&s);
	m->of_day = true;
	return len && !*s ? NULL : "not a time";
}

const char *parse_moment(const char *s, struct moment *m)
{
	struct tm tm = { .tm_isdst = -1 };
	int64_t fraction, offset_s;
	size_t len;
	bool local;
	int date = 0;

	m->given = true;
	if (sscanf(s, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &date) != 3)
		return day_time(s, m);
	if (!s[date] || !strchr("Tt ", s[date]) || tm.tm_year < 1970 || tm.tm_year > YEAR_MAX ||
	    tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31)
		return "not a time";
	tm.tm_year -= 1900;
	tm.tm_mon--;
	s += date + 1;
	len = read_time(s, &tm);
	s += len;
	fraction = take_fraction(&s);
	if (!len || !take_offset(s, &local, &offset_s))
		return "not a time";
	m->ns = ((int64_t)(local ? mktime(&tm) : timegm(&tm)) - offset_s) * (int64_t)NS_PER_S +
		fraction;
	return NULL;
}

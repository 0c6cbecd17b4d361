// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Spans and times as text. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "number.h"
#include "text.h"

#define S_PER_DAY 86400
#define ZONE_MAX 7 /* "+01:00" and NUL */

const char *text_ms(char buf[32], struct maybe ns)
{
	int64_t us = ns.value / 1000, rest = ns.value % 1000;
	uint64_t size;
	size_t len = 0;

	if (!ns.known)
		return memcpy(buf, "-", 2);
	us += rest >= 500;
	us -= rest < -500;
	size = us < 0 ? -(uint64_t)us : (uint64_t)us;
	if (us < 0)
		buf[len++] = '-';
	len += number_uint(buf + len, size / 1000);
	buf[len++] = '.';
	number_pad(buf + len, size % 1000, 3);
	buf[len + 3] = '\0';
	return buf;
}

/* How many units are in ns, rounded half up. */
static int64_t rounded(int64_t ns, int64_t unit)
{
	return ns / unit + (ns % unit >= unit / 2);
}

const char *text_seconds(char buf[32], int64_t ns)
{
	int64_t tenths = rounded(ns, NS_PER_S / 10);

	if (ns >= 60 * NS_PER_S)
		return text_duration(buf, (uint64_t)ns);
	snprintf(buf, 32, "%" PRId64 ".%" PRId64 " s", tenths / 10, tenths % 10);
	return buf;
}

/* Splits a time into seconds, which are returned, and nanoseconds, which are never negative. */
static int64_t split_time(int64_t realtime_ns, unsigned int *nsec)
{
	int64_t seconds = realtime_ns / NS_PER_S, rest = realtime_ns % NS_PER_S;

	if (rest < 0) {
		rest += NS_PER_S;
		seconds--;
	}
	*nsec = (unsigned int)rest;
	return seconds;
}

/* Days from 1970-01-01 to January 1 of a year after 400. */
static int64_t days_before_year(int64_t year)
{
	int64_t last = year - 1;

	return year * 365 + last / 4 - last / 100 + last / 400 - 719527;
}

struct date {
	int64_t year;
	unsigned int month, day;
};

/*
 * The date in UTC of a day since 1970-01-01.  gmtime() takes a lock for the time zone, and each chapter needs
 * a date.  64 bits of nanoseconds reach from 1677 to 2262.
 */
static struct date civil_date(int64_t days)
{
	static const uint16_t before_month[2][13] = {
		{ 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 },
		{ 0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366 },
	};
	struct date d = { .year = 1970 + days / 366 };
	unsigned int rest, month = 1;
	bool leap;

	if (days < 0)
		d.year = 1970 + days / 365 - 1;
	while (days_before_year(d.year + 1) <= days)
		d.year++;
	rest = (unsigned int)(days - days_before_year(d.year));
	leap = d.year % 4 == 0 && (d.year % 100 != 0 || d.year % 400 == 0);
	while (month < 12 && before_month[leap][month] <= rest)
		month++;
	d.month = month;
	d.day = rest - before_month[leap][month - 1] + 1;
	return d;
}

/* Many chapters begin in one second: its text is kept for the next one. */
struct second {
	bool kept;
	int64_t second;
	char text[sizeof("0000-00-00T00:00:00.")];
};

/* Returns whether the text is to be written. */
static bool is_new(struct second *s, int64_t second)
{
	if (s->kept && s->second == second)
		return false;
	*s = (struct second){ .kept = true, .second = second };
	return true;
}

static void put_clock(char *text, unsigned int hour, unsigned int minute, unsigned int second)
{
	memcpy(text, "00:00:00.", 9);
	number_pad(text, hour, 2);
	number_pad(text + 3, minute, 2);
	number_pad(text + 6, second, 2);
}

static int64_t day_of(int64_t seconds)
{
	return seconds / S_PER_DAY - (seconds % S_PER_DAY < 0);
}

static void put_utc(char *text, int64_t seconds)
{
	int64_t days = day_of(seconds);
	unsigned int second = (unsigned int)(seconds - days * S_PER_DAY);
	struct date d = civil_date(days);

	memcpy(text, "0000-00-00T", 11);
	number_pad(text, (uint32_t)d.year, 4);
	number_pad(text + 5, d.month, 2);
	number_pad(text + 8, d.day, 2);
	put_clock(text + 11, second / 3600, second / 60 % 60, second % 60);
}

const char *text_rfc3339(char buf[TIME_MAX], int64_t realtime_ns)
{
	static struct second utc;
	unsigned int nsec;
	int64_t seconds = split_time(realtime_ns, &nsec);

	if (is_new(&utc, seconds))
		put_utc(utc.text, seconds);
	memcpy(buf, utc.text, 20);
	number_pad(buf + 20, nsec, 9);
	memcpy(buf + RFC3339_LEN - 1, "Z", 2);
	return buf;
}

static size_t put_time(char buf[TIME_MAX], const struct second *s, unsigned int nsec)
{
	memcpy(buf, s->text, 9);
	number_pad(buf + 9, nsec / 1000, 6);
	return 15;
}

const char *text_utc(char buf[TIME_MAX], int64_t realtime_ns)
{
	static struct second utc;
	unsigned int nsec, second;
	int64_t seconds = split_time(realtime_ns, &nsec);

	if (is_new(&utc, seconds)) {
		second = (unsigned int)(seconds - day_of(seconds) * S_PER_DAY);
		put_clock(utc.text, second / 3600, second / 60 % 60, second % 60);
	}
	memcpy(buf + put_time(buf, &utc, nsec), "Z", 2);
	return buf;
}

/* "+01:00" */
static void put_zone(char zone[ZONE_MAX], long east_s)
{
	unsigned int min = (unsigned int)(labs(east_s) / 60 % 6000);

	zone[0] = east_s < 0 ? '-' : '+';
	number_pad(zone + 1, min / 60, 2);
	zone[3] = ':';
	number_pad(zone + 4, min % 60, 2);
	zone[6] = '\0';
}

const char *text_wall(char buf[TIME_MAX], int64_t realtime_ns)
{
	static struct second local;
	static char zone[ZONE_MAX];
	unsigned int nsec;
	time_t seconds = split_time(realtime_ns, &nsec);
	struct tm tm;

	if (is_new(&local, seconds) && localtime_r(&seconds, &tm)) {
		put_clock(local.text, (unsigned int)tm.tm_hour, (unsigned int)tm.tm_min,
			  (unsigned int)tm.tm_sec);
		put_zone(zone, tm.tm_gmtoff);
	}
	if (!*local.text)
		return memcpy(buf, "-", 2);
	memcpy(buf + put_time(buf, &local, nsec), zone, ZONE_MAX);
	return buf;
}

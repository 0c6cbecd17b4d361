// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "number.h"

#define S_PER_DAY 86400

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

const char *text_seconds(char buf[32], int64_t ns)
{
	int64_t tenth = NS_PER_S / 10, tenths = ns / tenth + (ns % tenth >= tenth / 2);

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

static void put_utc(char *text, int64_t seconds)
{
	int64_t days = seconds / S_PER_DAY - (seconds % S_PER_DAY < 0);
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

const char *text_wall(char buf[TIME_MAX], int64_t realtime_ns)
{
	static struct second local;
	unsigned int nsec;
	time_t seconds = split_time(realtime_ns, &nsec);
	struct tm tm;

	if (is_new(&local, seconds) && localtime_r(&seconds, &tm))
		put_clock(local.text, (unsigned int)tm.tm_hour, (unsigned int)tm.tm_min,
			  (unsigned int)tm.tm_sec);
	if (!*local.text)
		return memcpy(buf, "-", 2);
	memcpy(buf, local.text, 9);
	number_pad(buf + 9, nsec / 1000, 6);
	buf[15] = '\0';
	return buf;
}

size_t text_list(char *buf, size_t size, const char *const *words)
{
	size_t len = 0;

	for (; *words; words++) {
		size_t n = strnlen(*words, size - 1 - len);

		memcpy(buf + len, *words, n);
		len += n;
	}
	buf[len] = '\0';
	return len;
}

size_t text_utf8(const char *s, size_t left)
{
	const uint8_t *b = (const uint8_t *)s;
	/* the range of the second byte (RFC 3629, section 4) */
	uint8_t low = 0x80, high = 0xbf;
	size_t len;

	if (!left)
		return 0;
	if (b[0] < 0x80)
		return 1;
	if (b[0] >= 0xc2 && b[0] <= 0xdf)
		len = 2;
	else if (b[0] >= 0xe0 && b[0] <= 0xef)
		len = 3;
	else if (b[0] >= 0xf0 && b[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (b[0] == 0xe0)
		low = 0xa0; /* a shorter form exists below */
	else if (b[0] == 0xed)
		high = 0x9f; /* surrogates above */
	else if (b[0] == 0xf0)
		low = 0x90;
	else if (b[0] == 0xf4)
		high = 0x8f; /* beyond U+10FFFF above */
	if (left < len || b[1] < low || b[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

uint32_t text_character(const char *s, size_t len)
{
	static const uint8_t lead_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = (uint8_t)s[0] & lead_bits[len];

	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((uint8_t)s[i] & 0x3f);
	return c;
}

/*
 * What controls a terminal (the C1 controls too: many terminals obey them like ESC [), breaks the line, changes
 * the writing direction, or is not visible: two names that look the same would not be.  Sorted.
 */
static const struct {
	uint32_t first, last;
} harmful[] = {
	{ 0x0, 0x1f },	      { 0x7f, 0x9f }, { 0xad, 0xad }, /* soft hyphen */
	{ 0x34f, 0x34f },				      /* combining grapheme joiner */
	{ 0x61c, 0x61c },				      /* Arabic letter mark */
	{ 0x115f, 0x1160 },				      /* Hangul fillers */
	{ 0x17b4, 0x17b5 },				      /* Khmer inherent vowels */
	{ 0x180b, 0x180f },   /* Mongolian selectors and separator */
	{ 0x200b, 0x200f },   /* zero width, direction marks */
	{ 0x2028, 0x202e },   /* line and paragraph separators, directions */
	{ 0x2060, 0x206f },   /* word joiner, invisible operators, directions */
	{ 0x2800, 0x2800 },   /* blank pattern */
	{ 0x3164, 0x3164 },   /* Hangul filler */
	{ 0xfe00, 0xfe0f },   /* variation selectors */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xffa0, 0xffa0 },   /* Hangul filler */
	{ 0xfff0, 0xfffb },   /* interlinear annotations */
	{ 0x1bca0, 0x1bca3 }, /* shorthand controls */
	{ 0x1d173, 0x1d17a }, /* musical controls */
	{ 0xe0000, 0xe0fff }, /* tags, more variation selectors */
};

bool text_is_harmless(const char *s, size_t len)
{
	uint32_t c = text_character(s, len);

	if (len == 1)
		return c >= 0x20 && c != 0x7f;
	for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]) && c >= harmful[i].first; i++)
		if (c <= harmful[i].last)
			return false;
	return true;
}

static bool ascii_only;

void text_set_ascii_only(bool only)
{
	ascii_only = only;
}

bool text_may_print(const char *s, size_t len)
{
	return text_is_harmless(s, len) && (len == 1 || !ascii_only);
}

/* The bytes of the character at s that are printed as they are; 0: the byte is escaped. */
static size_t printable(const char *s, size_t left)
{
	size_t bytes;

	/* most are plain; a backslash would look like the beginning of an escape */
	if (*s >= ' ' && *s <= '~')
		return *s != '\\';
	bytes = text_utf8(s, left);
	return bytes && text_may_print(s, bytes) ? bytes : 0;
}

static const char *escape(char *buf, size_t size, const char *s, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *b = (const uint8_t *)s;
	size_t len = 0;

	for (size_t i = 0; i < n;) {
		size_t bytes = printable(s + i, n - i);

		if (bytes) {
			if (size - len <= bytes)
				break;
			memcpy(buf + len, s + i, bytes);
			len += bytes;
			i += bytes;
			continue;
		}
		if (size - len <= 4)
			break;
		memcpy(buf + len, "\\x", 2);
		buf[len + 2] = hex[b[i] >> 4];
		buf[len + 3] = hex[b[i] & 15];
		len += 4;
		i++;
	}
	buf[len] = '\0';
	return buf;
}

const char *text_comm(char buf[COMM_TEXT_MAX], const char *comm)
{
	return escape(buf, COMM_TEXT_MAX, comm, strnlen(comm, COMM_LEN));
}

const char *text_foreign(char *buf, size_t size, const char *s)
{
	return size ? escape(buf, size, s, strlen(s)) : "";
}

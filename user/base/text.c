// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "text.h"

#include <string.h>

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

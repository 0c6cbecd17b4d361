// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "check.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 400
#define COLUMNS_MAX 128
#define COLUMNS_OF_TERMINAL 80

void check_failed(const char *what, const char *near, size_t len)
{
	fprintf(stderr, "check failed: %s", what);
	if (len)
		fputs(", at: ", stderr);
	for (size_t i = 0; i < len && i < SHOWN_MAX; i++) {
		unsigned char c = (unsigned char)near[i];

		fprintf(stderr, c >= 0x20 && c < 0x7f ? "%c" : "\\x%02x", c);
	}
	fputc('\n', stderr);
	abort();
}

/*
 * Independent of the program's text_utf8(), which is under test.  Returns the length, 0: not
 * UTF-8.
 */
static size_t decode(const uint8_t *b, size_t left, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = b[0] < 0x80 ? 1 : b[0] < 0xc0 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;

	if (!len || len > left || b[0] > 0xf4)
		return 0;
	*c = len == 1 ? b[0] : b[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if (b[i] >> 6 != 2)
			return 0;
		*c = *c << 6 | (b[i] & 0x3f);
	}
	if (*c < least[len] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return len;
}

static bool acts_on_terminal(uint32_t c)
{
	return (c < 0x20 && c != '\n') || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e ||
	       c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Length of one of our colour sequences at the start of text, 0 when there is none. */
static size_t colour_len(const char *text, size_t left)
{
	static const char *const ours[] = { "\033[0m", "\033[1m", "\033[2m", "\033[1;31m",
					    "\033[1;33m" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		size_t len = strlen(ours[i]);

		if (len <= left && !memcmp(text, ours[i], len))
			return len;
	}
	return 0;
}

void check_terminal(const char *text, size_t len, bool colour)
{
	for (size_t i = 0; i < len;) {
		size_t own = colour ? colour_len(text + i, len - i) : 0, n;
		uint32_t c;

		if (own) {
			i += own;
			continue;
		}
		n = decode((const uint8_t *)text + i, len - i, &c);
		if (!n)
			check_failed("UTF-8", text + i, len - i);
		if (acts_on_terminal(c))
			check_failed("no control characters", text + i, len - i);
		i += n;
	}
	if (len && text[len - 1] != '\n')
		check_failed("a newline at the end", text, len);
}

void check_ladder(const char *text, size_t len, bool colour)
{
	size_t columns = 0, line = 0;

	check_terminal(text, len, colour);
	for (size_t i = 0; i < len; i++) {
		size_t own = colour ? colour_len(text + i, len - i) : 0;

		if (own) {
			i += own - 1;
		} else if (text[i] == '\n') {
			if (columns > COLUMNS_OF_TERMINAL)
				check_failed("a line fits the terminal", text + line, i - line);
			columns = 0;
			line = i + 1;
		} else {
			columns += (text[i] & 0xc0) != 0x80;
		}
	}
}

/* Moves *at from the beginning of a cell (RFC 4180) to the comma or line feed after it. */
static void skip_cell(const char *text, size_t len, size_t *at)
{
	size_t i = *at;
	bool quoted = i < len && text[i] == '"';

	if (quoted) {
		for (i++; i < len && (text[i] != '"' || (i + 1 < len && text[i + 1] == '"')); i++)
			i += text[i] == '"';
		i++;
	} else {
		while (i < len && !strchr(",\n\"", text[i]))
			i++;
	}
	if (i >= len || (text[i] != ',' && text[i] != '\n'))
		check_failed("cells are quoted as RFC 4180 says", text + *at, len - *at);
	*at = i;
}

/* Do Excel, LibreOffice or Google Sheets take this for a formula? */
static bool begins_formula(const char *cell, size_t len)
{
	static const char *const wide[] = { "\uff1d", "\uff0b", "\uff0d", "\uff20" };

	if (len && *cell == '"') {
		cell++;
		len--;
	}
	for (; len && *cell == ' '; cell++)
		len--;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (len >= 3 && !memcmp(cell, wide[i], 3))
			return true;
	return len && *cell && strchr("=+-@\t\r", *cell);
}

static bool is_name(const char *column, size_t len)
{
	static const char *const names[] = { "comm", "cgroup", "closer_comm" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (len == strlen(names[i]) && !memcmp(column, names[i], len))
			return true;
	return false;
}

void check_csv(const char *text, size_t len)
{
	bool names[COLUMNS_MAX] = { false };
	size_t columns = 0, column = 0, names_seen = 0;

	check_terminal(text, len, false);
	for (size_t at = 0; at < len; at++) {
		size_t start = at;

		skip_cell(text, len, &at);
		CHECK(column < COLUMNS_MAX);
		if (!columns)
			names_seen += names[column] = is_name(text + start, at - start);
		else if (names[column] && begins_formula(text + start, at - start))
			check_failed("no name is a formula", text + start, at - start);
		column++;
		if (text[at] != '\n')
			continue;
		if (!columns)
			columns = column;
		if (column != columns)
			check_failed("a row is as wide as the header", text + start, len - start);
		column = 0;
	}
	CHECK(names_seen == 3);
}

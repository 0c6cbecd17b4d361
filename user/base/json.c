// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "json.h"

#include <string.h>

#include "number.h"
#include "text.h"

/* The longest text written in one piece: an escape or a number. */
#define PUT_MAX 32

/*
 * The escape of each ASCII byte; NULL: the byte is written as it is (RFC 8259, section 7).  '<' is escaped
 * so that a line can be part of a <script> in a web page.
 */
static const char *const escapes[128] = {
	"\\u0000", "\\u0001", "\\u0002",      "\\u0003",       "\\u0004",
	"\\u0005", "\\u0006", "\\u0007",      "\\b",	       "\\t",
	"\\n",	   "\\u000b", "\\f",	      "\\r",	       "\\u000e",
	"\\u000f", "\\u0010", "\\u0011",      "\\u0012",       "\\u0013",
	"\\u0014", "\\u0015", "\\u0016",      "\\u0017",       "\\u0018",
	"\\u0019", "\\u001a", "\\u001b",      "\\u001c",       "\\u001d",
	"\\u001e", "\\u001f", ['"'] = "\\\"", ['\\'] = "\\\\", ['<'] = "\\u003c",
};

static void flush(struct json *j)
{
	fwrite(j->buf, 1, j->len, j->out);
	j->len = 0;
}

/* Makes room for n bytes, at most the size of the buffer, and returns where they go. */
static inline char *room(struct json *j, size_t n)
{
	if (sizeof(j->buf) - j->len < n)
		flush(j);
	return j->buf + j->len;
}

static inline void put_char(struct json *j, char c)
{
	*room(j, 1) = c;
	j->len++;
}

static void put(struct json *j, const char *s, size_t n)
{
	while (n) {
		size_t part = n < sizeof(j->buf) ? n : sizeof(j->buf);

		memcpy(room(j, part), s, part);
		j->len += part;
		s += part;
		n -= part;
	}
}

/* Writes the comma if one is due, makes room for PUT_MAX bytes, and returns where the value goes. */
static inline char *begin_value(struct json *j)
{
	char *at = room(j, 1 + PUT_MAX);

	*at = ',';
	j->len += j->comma;
	at += j->comma;
	j->comma = true;
	return at;
}

/* n is a constant, so that the compiler copies without a call. */
static inline void put_literal(struct json *j, const char *literal, size_t n)
{
	memcpy(begin_value(j), literal, n);
	j->len += n;
}

void json_begin(struct json *j, FILE *out)
{
	j->out = out;
	j->len = 0;
	j->comma = false;
}

void json_end_line(struct json *j)
{
	put_char(j, '\n');
	flush(j);
	j->comma = false;
}

const char *json_end_text(struct json *j)
{
	put_char(j, '\0');
	return j->buf;
}

void json_open(struct json *j, char bracket)
{
	*begin_value(j) = bracket;
	j->len++;
	j->comma = false;
}

void json_close(struct json *j, char bracket)
{
	put_char(j, bracket);
	j->comma = true;
}

/* Writes a string that needs no escape, and then one byte (0: none).  Copies a short string at once. */
static void put_quoted(struct json *j, const char *s, char next)
{
	size_t n = strlen(s);
	char *at = begin_value(j);

	*at++ = '"';
	j->len++;
	if (n <= PUT_MAX - 3) {
		memcpy(at, s, n);
		at[n] = '"';
		at[n + 1] = next;
		j->len += n + 1 + (next != 0);
		return;
	}
	put(j, s, n);
	put_char(j, '"');
	if (next)
		put_char(j, next);
}

void json_key(struct json *j, const char *key)
{
	put_quoted(j, key, ':');
	j->comma = false;
}

void json_ready_key(struct json *j, const char key[JSON_KEY_MAX], size_t len)
{
	/* a constant length is copied without a call */
	memcpy(begin_value(j), key, JSON_KEY_MAX);
	j->len += len;
	j->comma = false;
}

void json_null(struct json *j)
{
	put_literal(j, "null", 4);
}

void json_bool(struct json *j, bool value)
{
	if (value)
		put_literal(j, "true", 4);
	else
		put_literal(j, "false", 5);
}

void json_uint(struct json *j, uint64_t value)
{
	char *at = begin_value(j);

	j->len += number_uint(at, value);
}

void json_int(struct json *j, int64_t value)
{
	char *at = begin_value(j);

	j->len += number_int(at, value);
}

void json_us(struct json *j, int64_t ns)
{
	char *at = begin_value(j);

	j->len += number_us(at, ns);
}

void json_word(struct json *j, const char *word)
{
	if (word)
		put_quoted(j, word, '\0');
	else
		json_null(j);
}

static void put_unit(struct json *j, unsigned int unit)
{
	static const char hex[] = "0123456789abcdef";
	char escape[6] = "\\u";

	for (size_t i = 0; i < 4; i++)
		escape[2 + i] = hex[unit >> (12 - 4 * i) & 15];
	put(j, escape, sizeof(escape));
}

/* Escapes a character that JSON allows, but that may not be printed.  Beyond U+FFFF it takes two UTF-16 units. */
static void put_escaped(struct json *j, const char *s, size_t n)
{
	uint32_t c = text_character(s, n);

	if (c < 0x10000) {
		put_unit(j, c);
		return;
	}
	c -= 0x10000;
	put_unit(j, 0xd800 | c >> 10);
	put_unit(j, 0xdc00 | (c & 0x3ff));
}

/* The number of ASCII bytes at the beginning of text that need no escape. */
static size_t plain_run(const char *text)
{
	size_t n = 0;

	for (uint8_t c; (c = (uint8_t)text[n]) && c < 0x7f && !escapes[c];)
		n++;
	return n;
}

/* Writes a character that is not ASCII or needs an escape.  Returns its length in s. */
static size_t put_special(struct json *j, const char *s)
{
	/* of what follows four bytes count; its whole length each time would take quadratic time */
	size_t n = text_utf8(s, strnlen(s, 4));

	if (!n) {
		put(j, "\\ufffd", 6);
		return 1;
	}
	if (n == 1 && escapes[(uint8_t)*s])
		put(j, escapes[(uint8_t)*s], strlen(escapes[(uint8_t)*s]));
	else if (text_may_print(s, n))
		put(j, s, n);
	else
		put_escaped(j, s, n);
	return n;
}

void json_text(struct json *j, const char *text)
{
	if (!text) {
		json_null(j);
		return;
	}
	*begin_value(j) = '"';
	j->len++;
	for (;;) {
		size_t n = plain_run(text);

		put(j, text, n);
		text += n;
		if (!*text)
			break;
		text += put_special(j, text);
	}
	put_char(j, '"');
}

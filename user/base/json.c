// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "json.h"

#include <string.h>

#include "number.h"
#include "text.h"

_Static_assert(JSON_VALUE_MAX >= TIME_MAX + 3 && JSON_VALUE_MAX >= ADDRESS_MAX + 3,
	       "quotes and a comma");

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

void json_end_line(struct printer *p)
{
	p->at[-1] = '\n';
	printer_flush(p);
}

const char *json_end_text(struct printer *p)
{
	p->at[-1] = '\0';
	return p->buf;
}

void json_open(struct printer *p, char bracket)
{
	/* the second byte is for json_close() */
	*printer_room(p, 2) = bracket;
	p->at++;
}

void json_close(struct printer *p, char bracket)
{
	/* the comma was the last to get room, so it is still in the buffer */
	p->at -= p->at[-1] == ',';
	*p->at++ = bracket;
	printer_char(p, ',');
}

void json_key(struct printer *p, const char *key)
{
	printer_words(p, "\"", key, "\":");
}

void json_hex(struct printer *p, uint64_t value)
{
	char *at = printer_room(p, JSON_VALUE_MAX);

	json_end_string(p, at, number_hex(at + 1, value));
}

void json_time(struct printer *p, int64_t realtime_ns)
{
	char *at = printer_room(p, JSON_VALUE_MAX);

	text_rfc3339(at + 1, realtime_ns);
	json_end_string(p, at, RFC3339_LEN);
}

void json_address(struct printer *p, const uint8_t addr[16], uint8_t family)
{
	char *at = printer_room(p, JSON_VALUE_MAX);

	json_end_string(p, at, text_put_address(at + 1, addr, family));
}

/* n bytes that need no escape. */
static void put_string(struct printer *p, const char *s, size_t n)
{
	if (n + 3 <= JSON_VALUE_MAX) {
		char *at = printer_room(p, JSON_VALUE_MAX);

		memcpy(at + 1, s, n);
		json_end_string(p, at, n);
		return;
	}
	printer_char(p, '"');
	printer_put(p, s, n);
	printer_put(p, "\",", 2);
}

void json_word(struct printer *p, const char *word)
{
	if (word)
		put_string(p, word, strlen(word));
	else
		json_null(p);
}

static void put_unit(struct printer *p, unsigned int unit)
{
	static const char hex[] = "0123456789abcdef";
	char escape[6] = "\\u";

	for (size_t i = 0; i < 4; i++)
		escape[2 + i] = hex[unit >> (12 - 4 * i) & 15];
	printer_put(p, escape, sizeof(escape));
}

/* Escapes a character that JSON allows, but that may not be printed.  Beyond U+FFFF it takes two UTF-16 units. */
static void put_escaped(struct printer *p, const char *s, size_t n)
{
	uint32_t c = text_character(s, n);

	if (c < 0x10000) {
		put_unit(p, c);
		return;
	}
	c -= 0x10000;
	put_unit(p, 0xd800 | c >> 10);
	put_unit(p, 0xdc00 | (c & 0x3ff));
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
static size_t put_special(struct printer *p, const char *s)
{
	/* of what follows four bytes count; its whole length each time would take quadratic time */
	size_t n = text_utf8(s, strnlen(s, 4));

	if (!n) {
		printer_put(p, "\\ufffd", 6);
		return 1;
	}
	if (n == 1 && escapes[(uint8_t)*s])
		printer_put(p, escapes[(uint8_t)*s], strlen(escapes[(uint8_t)*s]));
	else if (text_may_print(s, n))
		printer_put(p, s, n);
	else
		put_escaped(p, s, n);
	return n;
}

void json_text(struct printer *p, const char *text)
{
	size_t n = text ? plain_run(text) : 0;

	if (!text) {
		json_null(p);
		return;
	}
	if (!text[n]) {
		put_string(p, text, n);
		return;
	}
	printer_char(p, '"');
	for (;; n = plain_run(text)) {
		printer_put(p, text, n);
		text += n;
		if (!*text)
			break;
		text += put_special(p, text);
	}
	printer_put(p, "\",", 2);
}

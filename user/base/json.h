/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * JSON, one value after the other.  The caller opens and closes the brackets and writes the key of each
 * value.  A comma follows each value at once, and what comes at the end of an object, an array or a line
 * takes the place of the last one.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "number.h"
#include "printer.h"

/* Ends the line and writes it.  The next line may follow. */
void json_end_line(struct printer *p);

/* Ends a text that fits into the buffer with a NUL, and returns it instead of writing it. */
const char *json_end_text(struct printer *p);

/* bracket: one of { [ for open, one of } ] for close. */
void json_open(struct printer *p, char bracket);
void json_close(struct printer *p, char bracket);

/* key: a literal of this program that needs no escape. */
void json_key(struct printer *p, const char *key);

/* Such a key as a word, for printer_word(). */
#define JSON_KEY(name) WORD("\"" name "\":")

#define json_literal_key(p, name)                              \
	do {                                                   \
		static const struct word key = JSON_KEY(name); \
		printer_word(p, &key);                         \
	} while (0)

/* Room for a value that is written in one piece, and its comma: a number, an address, a time, a short word. */
#define JSON_VALUE_MAX 64

/* Ends a value of n bytes at `at`. */
static inline void json_end_value(struct printer *p, char *at, size_t n)
{
	at[n] = ',';
	p->at = at + n + 1;
}

/* Ends a string of n bytes that begins with a quote at `at`. */
static inline void json_end_string(struct printer *p, char *at, size_t n)
{
	at[0] = '"';
	at[1 + n] = '"';
	json_end_value(p, at, n + 2);
}

static inline void json_null(struct printer *p)
{
	char *at = printer_room(p, JSON_VALUE_MAX);

	memcpy(at, "null", 4);
	json_end_value(p, at, 4);
}

static inline void json_bool(struct printer *p, bool value)
{
	char *at = printer_room(p, JSON_VALUE_MAX);

	memcpy(at, value ? "true" : "false", 5);
	json_end_value(p, at, value ? 4 : 5);
}

static inline void json_uint(struct printer *p, uint64_t value)
{
	char *at = printer_room(p, JSON_VALUE_MAX);

	json_end_value(p, at, number_uint(at, value));
}

static inline void json_int(struct printer *p, int64_t value)
{
	char *at = printer_room(p, JSON_VALUE_MAX);

	json_end_value(p, at, number_int(at, value));
}

/* Writes nanoseconds as a number of microseconds. */
static inline void json_us(struct printer *p, int64_t ns)
{
	char *at = printer_room(p, JSON_VALUE_MAX);

	json_end_value(p, at, number_us(at, ns));
}

/* A word that needs no escape. */
static inline void json_name(struct printer *p, const struct word *name)
{
	char *at = printer_room(p, JSON_VALUE_MAX);

	memcpy(at + 1, name, sizeof(*name));
	json_end_string(p, at, name->len);
}

/* Strings: a number in hexadecimal, CLOCK_REALTIME ns as text_rfc3339(), and text_address(). */
void json_hex(struct printer *p, uint64_t value);
void json_time(struct printer *p, int64_t realtime_ns);
void json_address(struct printer *p, const uint8_t addr[16], uint8_t family);

/* word: a literal of this program that needs no escape; NULL is null. */
void json_word(struct printer *p, const char *word);

/* text: any bytes; each byte that is not UTF-8 becomes U+FFFD.  NULL is null. */
void json_text(struct printer *p, const char *text);

#endif

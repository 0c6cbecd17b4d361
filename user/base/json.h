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

/* The same, for a key that already has its quotes and its colon: `"name":`, of len bytes. */
#define JSON_KEY_MAX 24
static inline void json_ready_key(struct printer *p, const char key[JSON_KEY_MAX], size_t len)
{
	/* a constant length is copied without a call */
	memcpy(printer_room(p, JSON_KEY_MAX), key, JSON_KEY_MAX);
	p->at += len;
}

#define json_literal_key(p, name)                                      \
	do {                                                           \
		static const char key[JSON_KEY_MAX] = "\"" name "\":"; \
		json_ready_key(p, key, sizeof("\"" name "\":") - 1);   \
	} while (0)

static inline void json_null(struct printer *p)
{
	memcpy(printer_room(p, 8), "null,", 5);
	p->at += 5;
}

static inline void json_bool(struct printer *p, bool value)
{
	memcpy(printer_room(p, 8), value ? "true," : "false,", 6);
	p->at += value ? 5 : 6;
}

void json_uint(struct printer *p, uint64_t value);
void json_int(struct printer *p, int64_t value);

/* Writes nanoseconds as a number of microseconds. */
void json_us(struct printer *p, int64_t ns);

/* Strings: a number in hexadecimal, CLOCK_REALTIME ns as text_rfc3339(), and text_address(). */
void json_hex(struct printer *p, uint64_t value);
void json_time(struct printer *p, int64_t realtime_ns);
void json_address(struct printer *p, const uint8_t addr[16], uint8_t family);

/* word: a literal of this program that needs no escape; NULL is null. */
void json_word(struct printer *p, const char *word);

/* text: any bytes; each byte that is not UTF-8 becomes U+FFFD.  NULL is null. */
void json_text(struct printer *p, const char *text);

#endif

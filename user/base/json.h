/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A streaming JSON writer.  It collects a line in its own buffer and writes it to the FILE in one piece, or
 * in several pieces if it does not fit.  It does not use printf() and does not allocate.
 *
 * The caller opens and closes the brackets and writes the key of each value; the writer adds the commas.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	size_t len;
	bool comma; /* due before the next value */
	char buf[8192];
};

void json_begin(struct json *j, FILE *out);

/* Ends the line and writes it.  The next line may follow. */
void json_end_line(struct json *j);

/* Ends a text that fits into the buffer with a NUL, and returns it instead of writing it. */
const char *json_end_text(struct json *j);

/* bracket: one of { [ for open, one of } ] for close. */
void json_open(struct json *j, char bracket);
void json_close(struct json *j, char bracket);

/* key: a literal of this program that needs no escape. */
void json_key(struct json *j, const char *key);

/* The same, for a key that already has its quotes and its colon: `"name":`, of len bytes. */
#define JSON_KEY_MAX 24
void json_ready_key(struct json *j, const char key[JSON_KEY_MAX], size_t len);

#define json_literal_key(j, name)                                      \
	do {                                                           \
		static const char key[JSON_KEY_MAX] = "\"" name "\":"; \
		json_ready_key(j, key, sizeof("\"" name "\":") - 1);   \
	} while (0)

void json_null(struct json *j);
void json_bool(struct json *j, bool value);
void json_uint(struct json *j, uint64_t value);
void json_int(struct json *j, int64_t value);

/* Writes nanoseconds as a number of microseconds. */
void json_us(struct json *j, int64_t ns);

/* word: a literal of this program that needs no escape; NULL is null. */
void json_word(struct json *j, const char *word);

/* text: any bytes; each byte that is not UTF-8 becomes U+FFFD.  NULL is null. */
void json_text(struct json *j, const char *text);

#endif

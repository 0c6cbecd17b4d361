/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A streaming JSON writer.  It gathers a line in a buffer of its own and hands it to the FILE in
 * one piece (a line that does not fit goes in several), without printf and without allocating.
 *
 * The caller pairs the brackets and gives each value of an object its key; commas come by
 * themselves.
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
	bool comma; /* one is due before the next value */
	char buf[8192];
};

void json_begin(struct json *j, FILE *out);

/* Ends the line and writes it; the writer can be used for the next one. */
void json_end_line(struct json *j);

/*
 * Instead of the line's end: the text itself, ended by NUL, for what is known to be shorter than the
 * buffer.
 */
const char *json_end_text(struct json *j);

/* bracket: one of { } [ ] */
void json_open(struct json *j, char bracket);
void json_close(struct json *j, char bracket);

/* A literal of the program's: not escaped. */
void json_key(struct json *j, const char *key);

/* The same for one that stands ready, quotes and colon included: `"name":`, len bytes of it. */
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

/* Nanoseconds as a number of microseconds. */
void json_us(struct json *j, int64_t ns);

/* A word of the program's, known to need no escape; NULL is null. */
void json_word(struct json *j, const char *word);

/* Any bytes; what is not UTF-8 becomes U+FFFD, one for each byte.  NULL is null. */
void json_text(struct json *j, const char *text);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Collects text in a buffer of its own and writes it to a FILE in one piece, or in several if it does not
 * fit.  printf() takes five times as long to print a chapter as all else that is done for it.
 */
#ifndef PRINTER_H
#define PRINTER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct printer {
	FILE *out;
	char *at; /* where the next byte goes */
	char buf[8192];
};

static inline void printer_begin(struct printer *p, FILE *out)
{
	p->out = out;
	p->at = p->buf;
}

/* Writes what is collected. */
void printer_flush(struct printer *p);

/* Makes room for n bytes, at most the size of the buffer, and returns where they go.  The caller adds to `at`. */
static inline char *printer_room(struct printer *p, size_t n)
{
	if (p->at > p->buf + sizeof(p->buf) - n)
		printer_flush(p);
	return p->at;
}

static inline void printer_char(struct printer *p, char c)
{
	*printer_room(p, 1) = c;
	p->at++;
}

/* A short text with its length.  It is copied with two moves, neither a loop nor a call. */
struct word {
	char text[31];
	uint8_t len;
};

#define WORD(literal)                        \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

static inline void printer_word(struct printer *p, const struct word *w)
{
	memcpy(printer_room(p, sizeof(*w)), w, sizeof(*w));
	p->at += w->len;
}

void printer_put(struct printer *p, const char *s, size_t n);

/* n: at most the size of the buffer. */
void printer_blanks(struct printer *p, size_t n);

/* Prints all words, without blanks in between.  Returns how many bytes they are. */
#define printer_words(p, ...) printer_list(p, (const char *const[]){ __VA_ARGS__, NULL })
size_t printer_list(struct printer *p, const char *const *words);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Collects text in a buffer of its own and writes it to a FILE in one piece, or in several if it does not
 * fit.  With printf() the printing of a chapter takes five times as long as all else that is done for it.
 */
#ifndef PRINTER_H
#define PRINTER_H

#include <stddef.h>
#include <stdio.h>

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

void printer_put(struct printer *p, const char *s, size_t n);

/* n: at most the size of the buffer. */
void printer_blanks(struct printer *p, size_t n);

/* Prints all words, without blanks in between.  Returns how many bytes they are. */
#define printer_words(p, ...) printer_list(p, (const char *const[]){ __VA_ARGS__, NULL })
size_t printer_list(struct printer *p, const char *const *words);

#endif

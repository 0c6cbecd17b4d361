/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The phrases of a verdict, and how they become lines. */
#ifndef VERDICT_SAY_H
#define VERDICT_SAY_H

#include "render_parts.h"

#define VERDICT_INDENT 2

/* The line that is being printed, and how far it has come. */
struct verdict {
	struct printer *out;
	size_t column;
};

/*
 * Prints a phrase of words.  `separator` goes between it and the one before; a line break replaces
 * its blank.
 */
#define say(v, separator, ...) say_list(v, separator, (const char *const[]){ __VA_ARGS__, NULL })
void say_list(struct verdict *v, const char *separator, const char *const *words);

/* "rtt 12.345 ms", in words as of ms_words(); nothing if it is not known. */
void say_ms(struct verdict *v, const char *separator, const char *what, struct maybe ns);

/* "1 SYN retransmit", "2 SYN retransmits"; nothing for none. */
void say_count(struct verdict *v, const char *separator, const char *what, struct maybe count);

void say_if(struct verdict *v, enum tristate t, const char *what);

/* "OPEN: in CLOSE_WAIT for 3 min 44 s; held by sleep[12]" */
void say_open(struct verdict *v, const struct chapter *ch);

/* " (ECONNREFUSED)" or nothing. */
const char *errno_words(char buf[32], int err);

/* "12.345 ms", from ten seconds on as text_duration(): "3 min 44 s"; "-": not known. */
const char *ms_words(char buf[32], struct maybe ns);

/* "12.345 ms", from one second on as text_seconds(): "3.5 s", "3 min 44 s" */
const char *duration_words(char buf[32], struct maybe ns);

/* The cause on lines of its own, that begin with `what`; nothing if there is none. */
void say_why(struct verdict *v, const struct chapter *ch, const char *what);

void say_handshake(struct verdict *v, const struct render_context *rc, const struct chapter *ch);

#endif

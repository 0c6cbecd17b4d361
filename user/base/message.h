/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Messages for a person: one line on stderr, `tcpstates-trace: what: why (what to do)`. */
#ifndef MESSAGE_H
#define MESSAGE_H

#define PROGRAM "tcpstates-trace"

/* Adds the program's name and the newline.  Escapes what could act on a terminal. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of -o line: whose the line is, the cause, and the last column. */
#ifndef RENDER_LINE_NOTES_H
#define RENDER_LINE_NOTES_H

#include "render_parts.h"

#define LINE_NOTES_MAX 512

/* Two chapters of one connection, of which one may be NULL; last: the close, else the handshake. */
struct line_connection {
	const struct chapter *handshake, *close, *last;
};

/* Whom to ask: of an open one the process that has it, else the owner. */
const struct person *line_person(const struct chapter *ch);

/* "syn_lost,app_slow", or "". */
const char *line_cause(char buf[LINE_NOTES_MAX], const struct line_connection *c);

/* Does a narrow line have the cause in place of the result? */
bool line_cause_is_result(const struct line_connection *c);

/* Prints from the endpoints on, in `room` columns, and ends the line. */
void line_put_rest(const struct render_context *rc, const struct line_connection *c, size_t room);

/* The same of a narrow line: the peer alone. */
void line_put_narrow(const struct render_context *rc, const struct line_connection *c, size_t room);

#endif

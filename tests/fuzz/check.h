/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What must hold of any output, whatever came in.  Each aborts, after a line that says what does not. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* near: NUL-terminated or NULL; its beginning is shown, escaped. */
void check_failed(const char *what, const char *near, size_t len) __attribute__((noreturn));

#define CHECK(condition)                                 \
	do {                                             \
		if (!(condition))                        \
			check_failed(#condition, "", 0); \
	} while (0)

/*
 * Lines of valid UTF-8, the last one ended, in which nothing can move a terminal's cursor or turn
 * the writing direction.  colour: our own colours may stand in it.
 */
void check_terminal(const char *text, size_t len, bool colour);

/* As on a terminal, and no line is wider than 80 columns (each character is one, a colour none). */
void check_ladder(const char *text, size_t len, bool colour);

/* As on a terminal, and each line is one object of RFC 8259 without a key twice. */
void check_json_lines(const char *text, size_t len);

/* As on a terminal; rows as wide as the header; no name that a spreadsheet takes for a formula. */
void check_csv(const char *text, size_t len);

#endif

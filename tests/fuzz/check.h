/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What must be true of any output.  Each check aborts if it is not, after a line that says what
 * is wrong.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Aborts.  Prints the first of the len bytes at `near`, escaped. */
void check_failed(const char *what, const char *near, size_t len) __attribute__((noreturn));

#define CHECK(condition)                                 \
	do {                                             \
		if (!(condition))                        \
			check_failed(#condition, "", 0); \
	} while (0)

/*
 * Lines of valid UTF-8, the last with its newline, without control characters, line separators or
 * bidirectional controls.  colour: the program's own colours are allowed.
 */
void check_terminal(const char *text, size_t len, bool colour);

/* As check_terminal(), and no line is wider than 80 columns (a character is one, a colour none). */
void check_ladder(const char *text, size_t len, bool colour);

/* As check_terminal(), and each line is a JSON object (RFC 8259) whose keys are unique. */
void check_json_lines(const char *text, size_t len);

/*
 * As check_terminal(); rows have the header's columns, and no name is a formula to a spreadsheet.
 */
void check_csv(const char *text, size_t len);

#endif

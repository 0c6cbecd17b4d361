/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Text for the columns of a line: times of few digits, names that are cut. */
#ifndef RENDER_SHORT_H
#define RENDER_SHORT_H

#include "base/maybe.h"
#include "base/text.h"

#define SHORT_MAX 48

/*
 * A span of ns, at most 5 columns: milliseconds with four digits, such as "0.054", "40.12" and
 * "61000", and from 100 s on with its units, "3m44s", "2h05m", "50d".  so_far: with a plus sign
 * behind it.  "-": not known.
 */
const char *short_ms(char buf[SHORT_MAX], struct maybe ns, bool so_far);

/* The same in seconds: "0.054", "61.00". */
const char *short_s(char buf[SHORT_MAX], struct maybe ns, bool so_far);

/* The columns that a text takes: one for each character. */
size_t short_columns(const char *text);

/*
 * The text in `width` columns, 3 at least: if it has more, two dots stand for its middle.  What
 * follows the last `from`, with it, is kept if possible: "systemd..[123456]"; NUL: nothing is.
 */
const char *short_cut(char *buf, size_t size, const char *text, size_t width, char from);

/*
 * Keeps the end of an address, in which those of one network differ: "..0.100:443".  width: at least 3.  Returns buf.
 */
const char *short_end(char *buf, size_t size, const char *text, size_t width);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The keys of a row as columns of text. */
#ifndef SUMMARY_BY_LABEL_H
#define SUMMARY_BY_LABEL_H

#include "base/text.h"
#include "summary_by_table.h"

/* blanks between two columns */
#define SUMMARY_BY_GAP 2

/* A name, or the end of a path, with all bytes escaped; or a name and a number: "python3[4711]". */
#define SUMMARY_BY_LABEL_MAX (4 * 64)

/* The text of one key of a row that is not the others', fit for a terminal; "-": not known. */
const char *summary_by_label(char buf[SUMMARY_BY_LABEL_MAX], const struct by *by,
			     const struct by_row *row, unsigned int number);

/* How many columns of text each key takes. */
struct by_widths {
	size_t of[BY_KEYS_MAX];
};

/* Makes room for the keys of a row; NULL: for their names. */
void summary_by_widen(struct by_widths *w, const struct by_table *t, const struct by_row *row);

/* Cuts the widest, so that all keys take no more than max, with what separates them. */
void summary_by_narrow(struct by_widths *w, const struct by_table *t, size_t max);

/* All of them, with what separates them. */
size_t summary_by_keys_width(const struct by_table *t, const struct by_widths *w);

/* Prints the keys of a row, padded; NULL: their names. */
void summary_by_put_keys(FILE *out, const struct by_table *t, const struct by_widths *w,
			 const struct by_row *row);

/* "41 min", or "over 41 min" if some of them were in their state before the trace; before: if that is all. */
#define SUMMARY_BY_AGE_MAX (DURATION_MAX + 8)
const char *summary_by_age(char buf[SUMMARY_BY_AGE_MAX], const struct by_open *open,
			   const char *before);

#endif

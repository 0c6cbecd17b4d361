/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A cell of CSV. */
#ifndef CSV_CELL_H
#define CSV_CELL_H

#include "base/printer.h"

/* Quoted where RFC 4180 asks for it. */
void csv_cell(struct printer *p, const char *text);

/*
 * Bytes a process chose: escaped, and with an apostrophe before what looks like a formula.  In
 * many locales a spreadsheet begins another cell after a semicolon, even one inside quotes.
 */
void csv_foreign(struct printer *p, const char *text);

#endif

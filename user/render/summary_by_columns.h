/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The table of --by alone, and what belongs to it. */
#ifndef SUMMARY_BY_COLUMNS_H
#define SUMMARY_BY_COLUMNS_H

#include "summary_by_table.h"

/* Prints the columns that have something, and the details of the first rows.  All fits the width. */
void summary_by_print_columns(FILE *out, const struct by_table *t);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The options of the rows of a summary: --by, --sort and --limit. */
#ifndef OPTIONS_BY_H
#define OPTIONS_BY_H

#include "options_row.h"

options_set set_by;
options_set set_sort;

/* The words of --sort, ended by one without a name. */
extern const struct choice sort_words[];

/* As options_row.put_words: the keys of --by. */
size_t put_keys(const char *separator, FILE *f);

/* None of them makes sense alone. */
enum options_result options_check_by(const struct options *o, FILE *err);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The command line: one table of options gives the parser, --help and the shell's completion. */
#ifndef OPTIONS_PARSE_H
#define OPTIONS_PARSE_H

#include <stdio.h>

#include "base/options.h"

enum options_result {
	OPTIONS_RUN,
	OPTIONS_DONE, /* help or version went to out: exit 0 */
	OPTIONS_BAD,  /* one line on err says why: exit 2 */
};

/* Fills all of *o, which options_free() must empty whatever is returned. */
int options_parse(struct options *o, int argc, char **argv, FILE *out, FILE *err);
void options_free(struct options *o);

void options_print_help(FILE *out);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The command line.  The parser, --help and the shell completion use the same table of options. */
#ifndef OPTIONS_PARSE_H
#define OPTIONS_PARSE_H

#include <stdio.h>

#include "base/options.h"

enum options_result {
	OPTIONS_RUN,
	OPTIONS_DONE, /* --help or --version was printed on out: exit with status 0 */
	OPTIONS_BAD,  /* a line on err says why: exit with status 2 */
};

/* Sets all of *o.  Call options_free() whatever it returns.  Not reentrant: uses getopt_long(). */
int options_parse(struct options *o, int argc, char **argv, FILE *out, FILE *err);
void options_free(struct options *o);

void options_print_help(FILE *out);

#endif

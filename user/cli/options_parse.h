/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The command line.  The parser, --help and the shell completion use the same table of options. */
#ifndef OPTIONS_PARSE_H
#define OPTIONS_PARSE_H

#include <stdio.h>

#include "base/options.h"

/*
 * Sets all of *o.  Call options_free() whatever it returns.  out is for --help and --version, err for
 * complaints.  Not reentrant: it uses getopt_long().
 */
int options_parse(struct options *o, int argc, char **argv, FILE *out, FILE *err);
void options_free(struct options *o);

#endif

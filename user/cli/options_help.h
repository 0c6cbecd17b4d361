/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Prints --help from the table of options. */
#ifndef OPTIONS_HELP_H
#define OPTIONS_HELP_H

#include "options_row.h"

options_set set_help;

#endif

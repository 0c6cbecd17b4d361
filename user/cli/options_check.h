/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Checks the options against each other, once all are read. */
#ifndef OPTIONS_CHECK_H
#define OPTIONS_CHECK_H

#include <stdio.h>

#include "base/options.h"

/* OPTIONS_RUN; or OPTIONS_BAD after a line on err. */
enum options_result options_check(struct options *o, FILE *err);

#endif

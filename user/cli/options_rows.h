/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What has a row of the metrics: --metrics-by, --metrics-ports and --metrics-rows. */
#ifndef OPTIONS_ROWS_H
#define OPTIONS_ROWS_H

#include <stdio.h>

#include "base/options.h"

/* Checks them, and sets those that are not given. */
enum options_result options_check_rows(struct options *o, FILE *err);

#endif

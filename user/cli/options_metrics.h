/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The options of the metrics: --metrics and --metrics-tls. */
#ifndef OPTIONS_METRICS_H
#define OPTIONS_METRICS_H

#include "options_row.h"

options_set set_metrics;
options_set set_metrics_tls;

/* Metrics are of a live trace. */
enum options_result options_check_metrics(const struct options *o, FILE *err);

#endif

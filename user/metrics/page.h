/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The page that Prometheus reads. */
#ifndef METRICS_PAGE_H
#define METRICS_PAGE_H

#include <stdio.h>

#include "metrics.h"
#include "negotiate.h"

/* Writes the page to out.  0, or -errno: then the scraper gets an error. */
typedef int (*metrics_page_fn)(void *ctx, FILE *out, enum metrics_format format);

/*
 * Writes all of it; the connections that are exemplars, which only OpenMetrics has, are then forgotten.
 * clock_offset_ns: as of clock_offset_ns().
 */
void metrics_page(struct metrics *m, FILE *out, enum metrics_format format,
		  int64_t clock_offset_ns);

#endif

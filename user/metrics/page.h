/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The page that Prometheus reads. */
#ifndef METRICS_PAGE_H
#define METRICS_PAGE_H

#include <stdio.h>

#include "exposition.h"
#include "metrics.h"
#include "negotiate.h"

/* Writes the page to out.  0, or -errno: then the scraper gets an error. */
typedef int (*metrics_page_fn)(void *ctx, FILE *out, enum metrics_format format);

/*
 * Writes all of it; the connections that are exemplars, which the text format 0.0.4 lacks, are then forgotten.
 * clock_offset_ns: as of clock_offset_ns().  0 or -ENOMEM.
 */
int metrics_page(struct metrics *m, FILE *out, const struct exposition_format *format,
		 int64_t clock_offset_ns);

#endif

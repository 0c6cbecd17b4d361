/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Content negotiation (RFC 9110, 12.5): in which format a scraper wants the page, and whether compressed. */
#ifndef METRICS_NEGOTIATE_H
#define METRICS_NEGOTIATE_H

#include <stdbool.h>

enum metrics_format {
	METRICS_TEXT,	     /* Prometheus' text format 0.0.4 */
	METRICS_OPENMETRICS, /* OpenMetrics 1.0.0 */
	METRICS_PROTOBUF,    /* io.prometheus.client.MetricFamily, each after its length */
	METRICS_FORMATS,
};

/* By the field Accept; NULL: there is none.  Text if nothing is acceptable: an answer is better than none. */
enum metrics_format metrics_negotiate(const char *accept);

/* By the field Accept-Encoding; NULL: there is none. */
bool metrics_accepts_gzip(const char *accept_encoding);

/* The value of Content-Type. */
const char *metrics_content_type(enum metrics_format format);

#endif

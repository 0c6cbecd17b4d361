/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Prometheus's text format 0.0.4 and OpenMetrics 1.0, which differ in little: a counter's family has no _total there,
 * a histogram's buckets may have exemplars, and a line ends the page.
 */
#ifndef EXPOSITION_H
#define EXPOSITION_H

#include <stdint.h>
#include <stdio.h>

#include "negotiate.h"
#include "shared/row.h"

enum family_type {
	FAMILY_COUNTER,
	FAMILY_GAUGE,
	FAMILY_HISTOGRAM,
};

struct family {
	const char *name; /* without tcpstates_ and _total */
	enum family_type type;
	const char *unit; /* NULL: none */
	const char *help;
};

struct exposition {
	FILE *out;
	enum metrics_format format;
	int64_t clock_offset_ns;
	const struct family *family; /* the last one that began */
};

/* `name="value",`, for any string; a label without a value is omitted. */
/* a path of a cgroup that does not fit beside the others is left out */
#define LABELS_MAX 2048
struct labels {
	char text[LABELS_MAX];
};
void labels_add(struct labels *l, const char *name, const char *value);

/* Begins a family: its metadata come before its first sample. */
void exposition_family(struct exposition *e, const struct family *family);

/* The samples of the family that began last. */
void exposition_count(struct exposition *e, const struct labels *l, uint64_t n);
void exposition_seconds(struct exposition *e, const struct labels *l, uint64_t ns);
void exposition_histogram(struct exposition *e, const struct labels *l,
			  const struct row_histogram *h, const struct exemplar *exemplar);

void exposition_end(struct exposition *e);

#endif

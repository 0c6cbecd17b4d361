/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a page is made of, families of samples, and the formats that it is written in: Prometheus' text format 0.0.4 and
 * OpenMetrics 1.0, which differ in little (exposition_text.c), and protobuf, which has native histograms
 * (server_protobuf.c).
 */
#ifndef EXPOSITION_H
#define EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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

#define LABELS_MAX 6
/* a path of a cgroup that does not fit beside the others is left out */
#define LABELS_TEXT_MAX 2048

struct labels {
	size_t n;
	struct {
		const char *name;
		const char *value; /* in text; valid UTF-8 */
	} of[LABELS_MAX];
	size_t used;
	char text[LABELS_TEXT_MAX];
};

/* For any string, of which what is not UTF-8 is replaced; a label without a value is omitted. */
void labels_add(struct labels *l, const char *name, const char *value);

struct exposition;

/* A format.  All but family() write a sample of the family that began last. */
struct exposition_format {
	bool has_exemplars;
	void (*family)(struct exposition *e);
	void (*count)(struct exposition *e, const struct labels *l, uint64_t n);
	void (*seconds)(struct exposition *e, const struct labels *l, uint64_t ns);
	/* exemplar->ns 0: there is none */
	void (*histogram)(struct exposition *e, const struct labels *l,
			  const struct row_histogram *h, const struct exemplar *exemplar);
	void (*end)(struct exposition *e);
};

extern const struct exposition_format exposition_text, exposition_openmetrics;

struct exposition {
	FILE *out;
	const struct exposition_format *format;
	int64_t clock_offset_ns;
	const struct family *family; /* the last one that began */
	void *of_format;	     /* the format's own */
	int err;		     /* -ENOMEM: the page is not whole */
};

/* Begins a family: its metadata come before its first sample. */
void exposition_family(struct exposition *e, const struct family *family);

/* As a family is called in the text format. */
#define FAMILY_NAME_MAX 64
void exposition_name(char name[FAMILY_NAME_MAX], const struct family *family);

/* The labels of an exemplar: peer, comm and conn as far as they are known. */
void exposition_exemplar_labels(struct labels *l, const struct exemplar *x);

/* The bounds of the classic histogram: how many durations are not above bound_ns. */
typedef void classic_fn(void *ctx, uint64_t bound_ns, uint64_t n);
void exposition_classic(const struct row_histogram *h, classic_fn *fn, void *ctx);

/*
 * The buckets of the native one: of[i] counts what is above 2^((NATIVE_FIRST + i) / 2) s and not above the next bound;
 * the last one also all that is longer.
 */
struct native_histogram {
	uint64_t zero; /* not above 2^(NATIVE_FIRST / 2) s */
	uint64_t of[NATIVE_BUCKETS];
};
void exposition_native(struct native_histogram *native, const struct row_histogram *h);

uint64_t exposition_observations(const struct row_histogram *h);

#endif

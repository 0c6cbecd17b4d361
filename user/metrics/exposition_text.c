// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The two text formats.  In OpenMetrics a counter's family has no _total, a family has its unit, the bucket of a
 * histogram may have an exemplar, and a line ends the page.
 */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "exposition.h"

static const char *const type_words[] = {
	[FAMILY_COUNTER] = "counter",
	[FAMILY_GAUGE] = "gauge",
	[FAMILY_HISTOGRAM] = "histogram",
};

/* Seconds, as short as they are exact: "0.0001", "31.0". */
static void put_seconds(FILE *out, uint64_t ns)
{
	char digits[16];
	size_t len;

	snprintf(digits, sizeof(digits), "%09" PRIu64, (uint64_t)(ns % NS_PER_S));
	len = strlen(digits);
	while (len > 1 && digits[len - 1] == '0')
		len--;
	fprintf(out, "%" PRIu64 ".%.*s", (uint64_t)(ns / NS_PER_S), (int)len, digits);
}

/* As in a sample, or as in a family's metadata: "# WORD name text". */
static void put_name(const struct exposition *e)
{
	char name[FAMILY_NAME_MAX];

	exposition_name(name, e->family);
	fputs(name, e->out);
}

static void put_metadata(const struct exposition *e, const char *word, const char *text)
{
	fprintf(e->out, "# %s ", word);
	if (e->format == &exposition_openmetrics)
		fprintf(e->out, "tcpstates_%s", e->family->name);
	else
		put_name(e);
	fprintf(e->out, " %s\n", text);
}

static void put_family(struct exposition *e)
{
	put_metadata(e, "HELP", e->family->help);
	put_metadata(e, "TYPE", type_words[e->family->type]);
	if (e->family->unit && e->format == &exposition_openmetrics)
		put_metadata(e, "UNIT", e->family->unit);
}

/* Both formats escape backslash, quote and line feed; of these a value has no line feed. */
static void put_label(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%s=\"", name);
	for (const char *s = value; *s; s++) {
		if (*s == '\\' || *s == '"')
			fputc('\\', out);
		fputc(*s, out);
	}
	fputc('"', out);
}

static void put_labels(FILE *out, const struct labels *l)
{
	for (size_t i = 0; i < l->n; i++) {
		fputc(i ? ',' : '{', out);
		put_label(out, l->of[i].name, l->of[i].value);
	}
	if (l->n)
		fputc('}', out);
}

static void put_count(struct exposition *e, const struct labels *l, uint64_t n)
{
	put_name(e);
	put_labels(e->out, l);
	fprintf(e->out, " %" PRIu64 "\n", n);
}

static void put_duration(struct exposition *e, const struct labels *l, uint64_t ns)
{
	put_name(e);
	put_labels(e->out, l);
	fputc(' ', e->out);
	put_seconds(e->out, ns);
	fputc('\n', e->out);
}

static void put_exemplar(const struct exposition *e, const struct exemplar *x)
{
	struct labels l = { 0 };

	exposition_exemplar_labels(&l, x);
	if (!l.n)
		return;
	fputs(" # ", e->out);
	put_labels(e->out, &l);
	fputc(' ', e->out);
	put_seconds(e->out, x->ns);
	fputc(' ', e->out);
	put_seconds(e->out, x->t_ns + (uint64_t)e->clock_offset_ns);
}

struct buckets {
	const struct exposition *e;
	const struct labels *labels;
	/* NULL: none, or written */
	const struct exemplar *exemplar;
};

/* bound_ns: UINT64_MAX: all. */
static void put_bucket(void *ctx, uint64_t bound_ns, uint64_t n)
{
	struct buckets *b = ctx;
	FILE *out = b->e->out;

	put_name(b->e);
	fputs("_bucket{", out);
	for (size_t i = 0; i < b->labels->n; i++) {
		put_label(out, b->labels->of[i].name, b->labels->of[i].value);
		fputc(',', out);
	}
	fputs("le=\"", out);
	if (bound_ns == UINT64_MAX)
		fputs("+Inf", out);
	else
		put_seconds(out, bound_ns);
	fprintf(out, "\"} %" PRIu64, n);
	if (b->exemplar && b->exemplar->ns <= bound_ns) {
		put_exemplar(b->e, b->exemplar);
		b->exemplar = NULL;
	}
	fputc('\n', out);
}

static void put_histogram(struct exposition *e, const struct labels *l,
			  const struct row_histogram *h, const struct exemplar *exemplar)
{
	bool shown = e->format->has_exemplars && exemplar->ns;
	struct buckets b = { e, l, shown ? exemplar : NULL };
	uint64_t n = exposition_observations(h);

	exposition_classic(h, put_bucket, &b);
	put_bucket(&b, UINT64_MAX, n);
	put_name(e);
	fputs("_sum", e->out);
	put_labels(e->out, l);
	fputc(' ', e->out);
	put_seconds(e->out, h->sum_ns);
	fputc('\n', e->out);
	put_name(e);
	fputs("_count", e->out);
	put_labels(e->out, l);
	fprintf(e->out, " %" PRIu64 "\n", n);
}

static void put_end(struct exposition *e)
{
	if (e->format == &exposition_openmetrics)
		fputs("# EOF\n", e->out);
}

const struct exposition_format exposition_text = {
	.family = put_family,
	.count = put_count,
	.seconds = put_duration,
	.histogram = put_histogram,
	.end = put_end,
};

const struct exposition_format exposition_openmetrics = {
	.has_exemplars = true,
	.family = put_family,
	.count = put_count,
	.seconds = put_duration,
	.histogram = put_histogram,
	.end = put_end,
};

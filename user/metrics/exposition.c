// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "exposition.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

/* OpenMetrics, "Exemplars": of all names and values together */
#define EXEMPLAR_LABELS_MAX 128

#define BOUND_NS(ns) ns,
static const uint64_t bounds_ns[ROW_BUCKETS] = { ROW_BOUNDS(BOUND_NS) 0 };

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

/* Both formats: backslash, quote and line feed; a name is valid UTF-8. */
void labels_add(struct labels *l, const char *name, const char *value)
{
	size_t used = strlen(l->text), room = sizeof(l->text) - used;
	char clean[LABELS_MAX / 2], escaped[LABELS_MAX];
	size_t n = 0;

	if (!*value)
		return;
	text_foreign(clean, sizeof(clean), value);
	for (const char *s = clean; *s; s++) {
		if (*s == '\\' || *s == '"')
			escaped[n++] = '\\';
		escaped[n++] = *s;
	}
	escaped[n] = '\0';
	if (strlen(name) + n + sizeof("=\"\",") > room)
		return;
	snprintf(l->text + used, room, "%s=\"%s\",", name, escaped);
}

static void put_name(const struct exposition *e, bool of_sample)
{
	bool total = e->family->type == FAMILY_COUNTER && (of_sample || e->format == METRICS_TEXT);

	fprintf(e->out, "tcpstates_%s%s", e->family->name, total ? "_total" : "");
}

void exposition_family(struct exposition *e, const struct family *family)
{
	e->family = family;
	fputs("# HELP ", e->out);
	put_name(e, false);
	fprintf(e->out, " %s\n# TYPE ", family->help);
	put_name(e, false);
	fprintf(e->out, " %s\n", type_words[family->type]);
	if (!family->unit || e->format != METRICS_OPENMETRICS)
		return;
	fputs("# UNIT ", e->out);
	put_name(e, false);
	fprintf(e->out, " %s\n", family->unit);
}

/* The commas stand behind the labels: one of them is the last. */
static void put_labels(FILE *out, const struct labels *l)
{
	int len = (int)strlen(l->text);

	if (len)
		fprintf(out, "{%.*s}", len - 1, l->text);
}

void exposition_count(struct exposition *e, const struct labels *l, uint64_t n)
{
	put_name(e, true);
	put_labels(e->out, l);
	fprintf(e->out, " %" PRIu64 "\n", n);
}

void exposition_seconds(struct exposition *e, const struct labels *l, uint64_t ns)
{
	put_name(e, true);
	put_labels(e->out, l);
	fputc(' ', e->out);
	put_seconds(e->out, ns);
	fputc('\n', e->out);
}

static void put_exemplar(const struct exposition *e, const struct exemplar *x)
{
	bool v4 = IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)x->remote);
	char peer[ENDPOINT_MAX], conn[24], comm[COMM_LEN + 1] = "";
	struct labels l = { "" };

	text_endpoint(peer, x->remote, v4 ? 4 : 6, "", known_unless_0(x->remote_port));
	labels_add(&l, "peer", peer);
	memcpy(comm, x->comm, COMM_LEN);
	labels_add(&l, "comm", comm);
	snprintf(conn, sizeof(conn), "0x%llx", x->cookie);
	labels_add(&l, "conn", x->cookie ? conn : "");
	if (strlen(l.text) > EXEMPLAR_LABELS_MAX)
		return;
	fputs(" # ", e->out);
	put_labels(e->out, &l);
	fputc(' ', e->out);
	put_seconds(e->out, x->ns);
	fputc(' ', e->out);
	put_seconds(e->out, x->t_ns + (uint64_t)e->clock_offset_ns);
}

void exposition_histogram(struct exposition *e, const struct labels *l,
			  const struct row_histogram *h, const struct exemplar *exemplar)
{
	uint32_t of_exemplar = exemplar->ns ? row_bucket(exemplar->ns) : ROW_BUCKETS;
	uint64_t n = 0;

	for (uint32_t i = 0; i < ROW_BUCKETS; i++) {
		n += h->n[i];
		fprintf(e->out, "tcpstates_%s_bucket{%sle=\"", e->family->name, l->text);
		if (i < ROW_BUCKETS - 1)
			put_seconds(e->out, bounds_ns[i]);
		else
			fputs("+Inf", e->out);
		fprintf(e->out, "\"} %" PRIu64, n);
		if (i == of_exemplar && e->format == METRICS_OPENMETRICS)
			put_exemplar(e, exemplar);
		fputc('\n', e->out);
	}
	fprintf(e->out, "tcpstates_%s_sum", e->family->name);
	put_labels(e->out, l);
	fputc(' ', e->out);
	put_seconds(e->out, h->sum_ns);
	fprintf(e->out, "\ntcpstates_%s_count", e->family->name);
	put_labels(e->out, l);
	fprintf(e->out, " %" PRIu64 "\n", n);
}

void exposition_end(struct exposition *e)
{
	if (e->format == METRICS_OPENMETRICS)
		fputs("# EOF\n", e->out);
}

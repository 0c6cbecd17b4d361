// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "server_protobuf.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "metrics/page.pb-c.h"

/*
 * The family that is being made.  Each of its samples is packed as a family with that sample alone: messages one after
 * the other are read as one message (protobuf's encoding, "Last One Wins").
 */
struct packed {
	ProtobufCBufferSimple bytes;
	uint8_t room[4096];
};

static void pack(struct exposition *e, const Page__Family *family)
{
	struct packed *p = e->of_format;
	size_t before = p ? p->bytes.len : 0;

	/* without memory, what is added is left out */
	if (!p || page__family__pack_to_buffer(family, &p->bytes.base) != p->bytes.len - before)
		e->err = -ENOMEM;
}

/* The length before it: 7 bits a byte, the lowest first. */
static void put_packed(struct exposition *e)
{
	struct packed *p = e->of_format;
	size_t left = p ? p->bytes.len : 0;

	if (!left)
		return;
	for (; left >> 7; left >>= 7)
		fputc((int)(left & 0x7f) | 0x80, e->out);
	fputc((int)left, e->out);
	fwrite(p->bytes.data, 1, p->bytes.len, e->out);
	p->bytes.len = 0;
}

static struct packed *make_packed(void)
{
	struct packed *p = malloc(sizeof(*p));

	if (p)
		p->bytes = (ProtobufCBufferSimple)PROTOBUF_C_BUFFER_SIMPLE_INIT(p->room);
	return p;
}

static void put_family(struct exposition *e)
{
	static const Page__Type types[] = {
		[FAMILY_COUNTER] = PAGE__TYPE__COUNTER,
		[FAMILY_GAUGE] = PAGE__TYPE__GAUGE,
		[FAMILY_HISTOGRAM] = PAGE__TYPE__HISTOGRAM,
	};
	Page__Family family = PAGE__FAMILY__INIT;
	char name[FAMILY_NAME_MAX];

	put_packed(e);
	if (!e->of_format)
		e->of_format = make_packed();
	exposition_name(name, e->family);
	family.name = name;
	family.help = (char *)e->family->help;
	family.type = types[e->family->type];
	pack(e, &family);
}

struct label_list {
	Page__Label labels[LABELS_MAX];
	Page__Label *of[LABELS_MAX];
};

static void list_labels(struct label_list *list, const struct labels *l)
{
	for (size_t i = 0; i < l->n; i++) {
		page__label__init(&list->labels[i]);
		list->labels[i].name = (char *)l->of[i].name;
		list->labels[i].value = (char *)l->of[i].value;
		list->of[i] = &list->labels[i];
	}
}

static void pack_metric(struct exposition *e, const struct labels *l, Page__Metric metric)
{
	Page__Family family = PAGE__FAMILY__INIT;
	Page__Metric *of[] = { &metric };
	struct label_list list;

	list_labels(&list, l);
	metric.label = list.of;
	metric.n_label = l->n;
	family.metric = of;
	family.n_metric = 1;
	/* its type, 0, is not packed */
	pack(e, &family);
}

static void put_value(struct exposition *e, const struct labels *l, double number)
{
	Page__Metric metric = PAGE__METRIC__INIT;
	Page__Value value = PAGE__VALUE__INIT;

	value.value = number;
	if (e->family->type == FAMILY_COUNTER)
		metric.counter = &value;
	else
		metric.gauge = &value;
	pack_metric(e, l, metric);
}

static void put_count(struct exposition *e, const struct labels *l, uint64_t n)
{
	put_value(e, l, (double)n);
}

static double seconds(uint64_t ns)
{
	return (double)ns / NS_PER_S;
}

static void put_seconds(struct exposition *e, const struct labels *l, uint64_t ns)
{
	put_value(e, l, seconds(ns));
}

struct classic {
	Page__Bucket buckets[CLASSIC_BUCKETS];
	Page__Bucket *of[CLASSIC_BUCKETS];
	size_t n;
};

/* bound_ns: UINT64_MAX: all. */
static void add_bucket(void *ctx, uint64_t bound_ns, uint64_t n)
{
	struct classic *c = ctx;
	Page__Bucket *b = &c->buckets[c->n];

	page__bucket__init(b);
	b->cumulative_count = n;
	b->upper_bound = bound_ns == UINT64_MAX ? INFINITY : seconds(bound_ns);
	c->of[c->n++] = b;
}

struct native {
	struct native_histogram counts;
	int64_t deltas[NATIVE_BUCKETS];
	Page__Span span, *spans[1];
};

/* One span, from the first bucket that has something to the last. */
static void add_native(Page__Histogram *histogram, struct native *n, const struct row_histogram *h)
{
	size_t first = 0, end = NATIVE_BUCKETS;
	uint64_t before = 0;

	exposition_native(&n->counts, h);
	while (end && !n->counts.of[end - 1])
		end--;
	while (first < end && !n->counts.of[first])
		first++;
	for (size_t i = first; i < end; i++) {
		n->deltas[i - first] = (int64_t)(n->counts.of[i] - before);
		before = n->counts.of[i];
	}
	page__span__init(&n->span);
	/* a bucket is called by its upper bound */
	n->span.offset = NATIVE_FIRST + 1 + (int32_t)first;
	n->span.length = (uint32_t)(end - first);
	n->spans[0] = &n->span;
	histogram->schema = NATIVE_SCHEMA;
	histogram->zero_threshold = exp2(NATIVE_FIRST / 2.0);
	histogram->zero_count = n->counts.zero;
	histogram->positive_span = n->spans;
	histogram->n_positive_span = end > first;
	histogram->positive_delta = n->deltas;
	histogram->n_positive_delta = end - first;
}

struct sample {
	Page__Exemplar exemplar;
	Page__Timestamp timestamp;
	struct labels labels;
	struct label_list list;
};

static void add_exemplar(const struct exposition *e, struct classic *c, struct sample *s,
			 const struct exemplar *x)
{
	uint64_t t_ns = x->t_ns + (uint64_t)e->clock_offset_ns;
	size_t i = 0;

	s->labels.n = s->labels.used = 0;
	exposition_exemplar_labels(&s->labels, x);
	if (!s->labels.n)
		return;
	list_labels(&s->list, &s->labels);
	page__exemplar__init(&s->exemplar);
	page__timestamp__init(&s->timestamp);
	s->timestamp.seconds = (int64_t)(t_ns / NS_PER_S);
	s->timestamp.nanos = (int32_t)(t_ns % NS_PER_S);
	s->exemplar.label = s->list.of;
	s->exemplar.n_label = s->labels.n;
	s->exemplar.value = seconds(x->ns);
	s->exemplar.timestamp = &s->timestamp;
	while (c->buckets[i].upper_bound < s->exemplar.value)
		i++;
	c->buckets[i].exemplar = &s->exemplar;
}

static void put_histogram(struct exposition *e, const struct labels *l,
			  const struct row_histogram *h, const struct exemplar *exemplar)
{
	Page__Histogram histogram = PAGE__HISTOGRAM__INIT;
	Page__Metric metric = PAGE__METRIC__INIT;
	struct classic classic = { .n = 0 };
	struct native native;
	struct sample sample;

	histogram.sample_count = exposition_observations(h);
	histogram.sample_sum = seconds(h->sum_ns);
	exposition_classic(h, add_bucket, &classic);
	add_bucket(&classic, UINT64_MAX, histogram.sample_count);
	histogram.bucket = classic.of;
	histogram.n_bucket = classic.n;
	if (exemplar->ns)
		add_exemplar(e, &classic, &sample, exemplar);
	add_native(&histogram, &native, h);
	metric.histogram = &histogram;
	pack_metric(e, l, metric);
}

static void put_end(struct exposition *e)
{
	struct packed *p = e->of_format;

	put_packed(e);
	if (p)
		PROTOBUF_C_BUFFER_SIMPLE_CLEAR(&p->bytes);
	free(p);
	e->of_format = NULL;
}

const struct exposition_format exposition_protobuf = {
	.has_exemplars = true,
	.family = put_family,
	.count = put_count,
	.seconds = put_seconds,
	.histogram = put_histogram,
	.end = put_end,
};

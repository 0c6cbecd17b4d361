// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A page in protobuf says what the page in text says, and its native histograms have each duration in its bucket. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "metrics/page.pb-c.h"
#include "metrics/server_protobuf.h"

#define FAMILIES_MAX 8

struct page {
	uint8_t *bytes;
	size_t len;
	Page__Family *families[FAMILIES_MAX];
	size_t n;
};

/* The families, each after its length. */
static void unpack(struct page *p)
{
	for (size_t at = 0; at < p->len;) {
		size_t len = 0;
		int shift = 0;

		do
			len |= (size_t)(p->bytes[at] & 0x7f) << shift;
		while (shift += 7, p->bytes[at++] & 0x80);
		assert_true(p->n < FAMILIES_MAX && len <= p->len - at);
		p->families[p->n] = page__family__unpack(NULL, len, p->bytes + at);
		assert_non_null(p->families[p->n++]);
		at += len;
	}
}

static void page_free(struct page *p)
{
	for (size_t i = 0; i < p->n; i++)
		page__family__free_unpacked(p->families[i], NULL);
	free(p->bytes);
}

static const struct family waits = { "waits_seconds", FAMILY_HISTOGRAM, "seconds", "How long." };
static const struct family events = { "events", FAMILY_COUNTER, NULL, "How many." };
static const struct family oldest = { "oldest_seconds", FAMILY_GAUGE, "seconds", "How old." };

static struct exposition begin(struct page *p)
{
	*p = (struct page){ 0 };
	return (struct exposition){ .out = open_memstream((char **)&p->bytes, &p->len),
				    .format = &exposition_protobuf,
				    .clock_offset_ns = 1000 * NS_PER_S };
}

static void end(struct exposition *e, struct page *p)
{
	e->format->end(e);
	assert_int_equal(e->err, 0);
	assert_int_equal(fclose(e->out), 0);
	unpack(p);
}

static void values(void **state)
{
	struct labels l = { 0 }, none = { 0 };
	struct page p;
	struct exposition e = begin(&p);

	(void)state;
	labels_add(&l, "role", "client");
	labels_add(&l, "port", "443");
	exposition_family(&e, &events);
	e.format->count(&e, &none, 0);
	/* more than there is room for at first */
	for (int i = 1; i < 1000; i++)
		e.format->count(&e, &l, (uint64_t)i << 32);
	exposition_family(&e, &waits);
	exposition_family(&e, &oldest);
	e.format->seconds(&e, &l, 1500000000);
	end(&e, &p);
	assert_int_equal(p.n, 3);
	assert_string_equal(p.families[0]->name, "tcpstates_events_total");
	assert_string_equal(p.families[0]->help, "How many.");
	assert_int_equal(p.families[0]->type, PAGE__TYPE__COUNTER);
	assert_int_equal(p.families[0]->n_metric, 1000);
	assert_non_null(p.families[0]->metric[0]->counter);
	for (int i = 1; i < 1000; i++)
		assert_true(p.families[0]->metric[i]->counter->value ==
			    (double)((uint64_t)i << 32));
	assert_int_equal(p.families[1]->n_metric, 0);
	assert_int_equal(p.families[1]->type, PAGE__TYPE__HISTOGRAM);
	assert_int_equal(p.families[2]->type, PAGE__TYPE__GAUGE);
	assert_string_equal(p.families[2]->name, "tcpstates_oldest_seconds");
	assert_true(p.families[2]->metric[0]->gauge->value == 1.5);
	assert_string_equal(p.families[2]->metric[0]->label[1]->name, "port");
	assert_string_equal(p.families[2]->metric[0]->label[1]->value, "443");
	page_free(&p);
}

/* How many of a native histogram are not above 2^(i/2) s, which is a bound. */
static uint64_t native_up_to(const Page__Histogram *h, int i)
{
	uint64_t n = h->zero_count;
	int64_t count = 0;
	size_t at = 0;

	for (size_t s = 0; s < h->n_positive_span; s++)
		for (uint32_t b = 0; b < h->positive_span[s]->length; b++) {
			count += h->positive_delta[at++];
			assert_true(count >= 0);
			if (h->positive_span[s]->offset + (int)b <= i)
				n += (uint64_t)count;
		}
	assert_int_equal(at, h->n_positive_delta);
	return n;
}

static const uint64_t durations[] = { 1,	   30517,	  30518,	 100000,
				      100001,	   250000000,	  250000001,	 1000000000,
				      31000000000, 8192000000000, 8192000000001, 1000000000000000 };
#define N (sizeof(durations) / sizeof(durations[0]))

static uint64_t up_to(long double s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < N; i++)
		n += durations[i] / 1e9L <= s;
	return n;
}

static void histogram(void **state)
{
	struct exemplar x = { .ns = 250000001, .t_ns = NS_PER_S / 2, .cookie = 7, .comm = "nginx" };
	struct row_counts row = { 0 };
	struct labels l = { 0 };
	struct page p;
	struct exposition e = begin(&p);
	const Page__Histogram *h;

	(void)state;
	for (size_t i = 0; i < N; i++)
		row_observe(&row, ROW_CLOSE, durations[i], row_bucket(durations[i]));
	labels_add(&l, "role", "server");
	exposition_family(&e, &waits);
	e.format->histogram(&e, &l, &row.histograms[ROW_CLOSE], &x);
	end(&e, &p);
	h = p.families[0]->metric[0]->histogram;
	assert_int_equal(h->sample_count, N);
	assert_true(h->sample_sum == row.histograms[ROW_CLOSE].sum_ns / 1e9);
	assert_int_equal(h->n_bucket, CLASSIC_BUCKETS);
	for (size_t i = 0; i < h->n_bucket; i++) {
		assert_int_equal(h->bucket[i]->cumulative_count, up_to(h->bucket[i]->upper_bound));
		assert_int_equal(!!h->bucket[i]->exemplar, h->bucket[i]->upper_bound == .5);
	}
	assert_true(isinf(h->bucket[CLASSIC_BUCKETS - 1]->upper_bound));
	assert_int_equal(h->schema, 1);
	assert_int_equal(h->zero_count, up_to(h->zero_threshold));
	/* what is longer than the longest bound has a bucket, too */
	for (int i = NATIVE_FIRST; i < NATIVE_FIRST + NATIVE_BUCKETS; i++)
		assert_int_equal(native_up_to(h, i), up_to(exp2l(i / 2.0L)));
	assert_int_equal(native_up_to(h, NATIVE_FIRST + NATIVE_BUCKETS), N);
	page_free(&p);
}

static void exemplar(void **state)
{
	struct exemplar x = {
		.ns = 31000000001, .t_ns = NS_PER_S / 2, .cookie = 7, .comm = "nginx"
	};
	struct row_histogram row = { .sum_ns = x.ns };
	struct page p;
	struct exposition e = begin(&p);
	const Page__Exemplar *shown;

	(void)state;
	row.n[row_bucket(x.ns)] = 1;
	exposition_family(&e, &waits);
	e.format->histogram(&e, &(struct labels){ 0 }, &row, &x);
	end(&e, &p);
	shown = p.families[0]->metric[0]->histogram->bucket[CLASSIC_BUCKETS - 1]->exemplar;
	assert_non_null(shown);
	assert_true(shown->value == 31.000000001);
	assert_int_equal(shown->timestamp->seconds, 1000);
	assert_int_equal(shown->timestamp->nanos, NS_PER_S / 2);
	assert_int_equal(shown->n_label, 3);
	assert_string_equal(shown->label[1]->name, "comm");
	assert_string_equal(shown->label[1]->value, "nginx");
	page_free(&p);
}

/* Prometheus takes one without buckets for native by its threshold. */
static void nothing_but_zero(void **state)
{
	struct row_histogram row = { .sum_ns = 5, .n = { 5 } };
	struct page p;
	struct exposition e = begin(&p);
	const Page__Histogram *h;

	(void)state;
	exposition_family(&e, &waits);
	e.format->histogram(&e, &(struct labels){ 0 }, &row, &(struct exemplar){ 0 });
	end(&e, &p);
	h = p.families[0]->metric[0]->histogram;
	assert_int_equal(h->zero_count, 5);
	assert_int_equal(h->n_positive_span, 0);
	assert_true(h->zero_threshold > 0);
	page_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(histogram),
		cmocka_unit_test(exemplar),
		cmocka_unit_test(nothing_but_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

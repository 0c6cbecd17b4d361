// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/histogram.h"

/* Pseudo-random numbers of all magnitudes. */
static uint64_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> (*seed >> 58);
}

static void close_to(uint64_t value, uint64_t exact)
{
	uint64_t off = value > exact ? value - exact : exact - value;

	assert_true(off <= exact / 64);
}

static void buckets(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (uint64_t v = 0; v < 64; v++) {
		assert_int_equal(tally_bucket(v), v);
		assert_int_equal(histogram_value((unsigned int)v), v);
	}
	assert_int_equal(tally_bucket(UINT64_MAX), BUCKETS - 1);
	for (unsigned int b = 0; b < BUCKETS; b++)
		assert_int_equal(tally_bucket(histogram_value(b)), b);
	assert_int_equal(histogram_value(BUCKETS), histogram_value(BUCKETS - 1));
	for (unsigned int bit = 6; bit < 64; bit++) {
		assert_int_equal(tally_bucket(1ULL << bit), tally_bucket((1ULL << bit) - 1) + 1);
		close_to(histogram_value(tally_bucket(1ULL << bit)), 1ULL << bit);
		close_to(histogram_value(tally_bucket((1ULL << bit) - 1)), (1ULL << bit) - 1);
	}
	for (int i = 0; i < 1000000; i++) {
		uint64_t v = next(&seed);

		close_to(histogram_value(tally_bucket(v)), v);
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void percentiles(void **state)
{
	static uint64_t values[10007];
	const size_t sizes[] = { 1, 2, 3, 99, 100, 101, 1000, 10007 };
	struct histogram *h;
	uint64_t seed = 7;

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		size_t n = sizes[s];

		h = calloc(1, sizeof(*h));
		assert_non_null(h);
		for (size_t i = 0; i < n; i++) {
			values[i] = next(&seed);
			histogram_add(h, values[i]);
		}
		qsort(values, n, sizeof(values[0]), compare);
		assert_int_equal(h->total, n);
		for (unsigned int p = 1; p < 100; p++)
			close_to(histogram_percentile(h, p), values[(n * p + 99) / 100 - 1]);
		close_to(histogram_percentile(h, 0), values[0]);
		assert_int_equal(histogram_percentile(h, 100), values[n - 1]);
		assert_int_equal(histogram_percentile(h, 1000), values[n - 1]);
		/* memory only for the buckets that have values */
		assert_true(h->n_cells <= n && h->room <= (n < 8 ? 8 : 2 * n));
		histogram_free(h);
		assert_int_equal(h->total, 0);
		free(h);
	}
}

static void edges(void **state)
{
	struct histogram *h = calloc(1, sizeof(*h));
	uint64_t lowest;

	(void)state;
	assert_non_null(h);
	assert_int_equal(histogram_percentile(h, 50), 0);
	assert_int_equal(histogram_percentile(h, 100), 0);
	histogram_add(h, 1000000);
	/* never outside the range of the values: a single one is exact */
	assert_int_equal(histogram_percentile(h, 50), 1000000);
	histogram_add(h, 1000001);
	lowest = histogram_percentile(h, 1);
	assert_true(lowest >= 1000000 && lowest <= 1000001);
	histogram_add(h, UINT64_MAX);
	assert_int_equal(h->max, UINT64_MAX);
	close_to(histogram_percentile(h, 99), UINT64_MAX);
	histogram_free(h);
	free(h);
}

/* Two histograms added up are the one of all values. */
static void sums(void **state)
{
	struct histogram a = { 0 }, b = { 0 }, all = { 0 };
	uint64_t seed = 3;

	(void)state;
	histogram_add_all(&a, &b);
	assert_int_equal(a.total, 0);
	for (unsigned int i = 0; i < 5000; i++) {
		uint64_t v = next(&seed);

		histogram_add(i % 3 ? &a : &b, v);
		histogram_add(&all, v);
	}
	histogram_add_all(&a, &b);
	assert_int_equal(a.total, all.total);
	assert_int_equal(a.min, all.min);
	for (unsigned int p = 0; p <= 100; p++)
		assert_int_equal(histogram_percentile(&a, p), histogram_percentile(&all, p));
	histogram_free(&a);
	histogram_free(&b);
	histogram_free(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets),
		cmocka_unit_test(percentiles),
		cmocka_unit_test(edges),
		cmocka_unit_test(sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

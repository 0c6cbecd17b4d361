// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Spans and names in the columns of a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "render/render_short.h"

static void spans(void **state)
{
	static const struct {
		int64_t ns;
		const char *ms, *s;
	} cases[] = {
		{ 0, "0.000", "0.000" },
		{ 54 * US, "0.054", "0.000" },
		{ 9999499, "9.999", "0.010" },
		{ 9999500, "10.00", "0.010" },
		{ 40123 * (int64_t)US, "40.12", "0.040" },
		{ 99994999, "99.99", "0.100" },
		{ 99995000, "100.0", "0.100" },
		{ 980 * (int64_t)MS, "980.0", "0.980" },
		{ 999949999, "999.9", "1.000" },
		{ 999950000, "1000", "1.000" },
		{ 61 * (int64_t)S, "61000", "61.00" },
		{ 100 * (int64_t)S - 500001, "99999", "100.0" },
		{ 100 * (int64_t)S - 500000, "1m40s", "1m40s" },
		{ 100 * (int64_t)S, "1m40s", "1m40s" },
		{ 224 * (int64_t)S, "3m44s", "3m44s" },
		{ 599 * (int64_t)S, "9m59s", "9m59s" },
		{ 600 * (int64_t)S, "10m", "10m" },
		{ 5969 * (int64_t)S, "99m", "99m" },
		{ 5970 * (int64_t)S, "1h40m", "1h40m" },
		{ 7500 * (int64_t)S, "2h05m", "2h05m" },
		{ 36000 * (int64_t)S, "10h", "10h" },
		{ 4320000 * (int64_t)S, "50d", "50d" },
		{ INT64_MAX, "106751d", "106751d" },
	};
	char buf[SHORT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(short_ms(buf, known(cases[i].ns), false), cases[i].ms);
		assert_string_equal(short_s(buf, known(cases[i].ns), false), cases[i].s);
	}
	assert_string_equal(short_ms(buf, known(7201 * (int64_t)MS), true), "7201+");
	assert_string_equal(short_ms(buf, (struct maybe){ 0 }, false), "-");
	assert_string_equal(short_s(buf, (struct maybe){ 0 }, true), "-");
}

static void cuts(void **state)
{
	static const struct {
		const char *text;
		size_t width;
		char from;
		const char *cut;
	} cases[] = {
		{ "nginx[80]", 15, '[', "nginx[80]" },
		{ "nginx[80]", 9, '[', "nginx[80]" },
		{ "nginx[80]", 8, '[', "ng..[80]" },
		{ "systemd-resolve[123456]", 15, '[', "syste..[123456]" },
		{ "x[4294967295]", 11, '[', "..94967295]" },
		{ "192.168.100.101:54321", 15, ':', "192.168..:54321" },
		{ "[2001:db80:1111::1]:443", 12, ':', "[2001:..:443" },
		{ "retransmit_timeout", 14, '\0', "retransmit_t.." },
		{ "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80xyz[1]", 8, '[',
		  "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80..[1]" },
		{ "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80xyz[1]", 9, '[',
		  "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80xyz[1]" },
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		short_cut(buf, sizeof(buf), cases[i].text, cases[i].width, cases[i].from);
		assert_string_equal(buf, cases[i].cut);
		assert_true(short_columns(buf) <= cases[i].width);
	}
}

static void ends(void **state)
{
	char buf[64];

	(void)state;
	assert_string_equal(short_end(buf, sizeof(buf), "10.0.0.9:443", 12), "10.0.0.9:443");
	assert_string_equal(short_end(buf, sizeof(buf), "10.0.0.9:443", 11), "..0.0.9:443");
	assert_string_equal(short_end(buf, sizeof(buf), "192.168.100.101:54321", 15),
			    "..100.101:54321");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans),
		cmocka_unit_test(cuts),
		cmocka_unit_test(ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

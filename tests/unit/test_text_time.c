// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Times, and how long something took, as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/text.h"

#define S 1000000000LL

static void ms(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "0.000" },
		{ 499, "0.000" },
		{ 500, "0.001" },
		{ 1499, "0.001" },
		{ 35412000, "35.412" },
		{ 35412499, "35.412" },
		{ 35412500, "35.413" },
		{ 999999499, "999.999" },
		{ 999999500, "1000.000" },
		{ -500, "0.000" },
		{ -501, "-0.001" },
		{ -1500000, "-1.500" },
		{ INT64_MAX, "9223372036854.776" },
		{ INT64_MIN, "-9223372036854.776" },
	};
	char buf[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(text_ms(buf, known(cases[i].ns)), cases[i].text);
	assert_string_equal(text_ms(buf, (struct maybe){ false, 5 }), "-");
}

static void rfc3339(void **state)
{
	char buf[TIME_MAX], expected[64], day[32];
	unsigned int seed = 2;

	(void)state;
	assert_string_equal(text_rfc3339(buf, 0), "1970-01-01T00:00:00.000000000Z");
	assert_string_equal(text_rfc3339(buf, -1), "1969-12-31T23:59:59.999999999Z");
	assert_string_equal(text_rfc3339(buf, 951782400 * S), "2000-02-29T00:00:00.000000000Z");
	assert_string_equal(text_rfc3339(buf, 1700000000 * S + 123456789),
			    "2023-11-14T22:13:20.123456789Z");
	/* the text of a second is kept: within it, after it, back again */
	assert_string_equal(text_rfc3339(buf, 1700000000 * S + 999999999),
			    "2023-11-14T22:13:20.999999999Z");
	assert_string_equal(text_rfc3339(buf, 1700000001 * S), "2023-11-14T22:13:21.000000000Z");
	assert_string_equal(text_rfc3339(buf, 1700000000 * S), "2023-11-14T22:13:20.000000000Z");
	assert_string_equal(text_rfc3339(buf, INT64_MAX), "2262-04-11T23:47:16.854775807Z");
	assert_string_equal(text_rfc3339(buf, INT64_MIN), "1677-09-21T00:12:43.145224192Z");
	for (int64_t days = -106751; days < 106751; days++) {
		time_t t = days * 86400 + rand_r(&seed) % 86400;
		struct tm tm;

		gmtime_r(&t, &tm);
		strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
		snprintf(expected, sizeof(expected), "%s.000000007Z", day);
		assert_string_equal(text_rfc3339(buf, t * S + 7), expected);
	}
}

static void wall(void **state)
{
	char buf[TIME_MAX];

	(void)state;
	setenv("TZ", "UTC-2", 1);
	tzset();
	assert_string_equal(text_wall(buf, 1700000000 * S + 123456789), "00:13:20.123456+02:00");
	assert_string_equal(text_wall(buf, 1700000000 * S + 999999999), "00:13:20.999999+02:00");
	assert_string_equal(text_wall(buf, 1700000001 * S), "00:13:21.000000+02:00");
	assert_string_equal(text_wall(buf, -1), "01:59:59.999999+02:00");
	assert_int_equal(strlen(text_wall(buf, INT64_MAX)), 21);
	assert_int_equal(strlen(text_wall(buf, INT64_MIN)), 21);
	assert_string_equal(text_utc(buf, 1700000000 * S + 123456789), "22:13:20.123456Z");
	assert_string_equal(text_utc(buf, 1700000000 * S + 999999999), "22:13:20.999999Z");
	assert_string_equal(text_utc(buf, -1), "23:59:59.999999Z");
	assert_string_equal(text_utc(buf, INT64_MAX), "23:47:16.854775Z");
	assert_string_equal(text_utc(buf, INT64_MIN), "00:12:43.145224Z");
	setenv("TZ", "XXX3:30", 1);
	tzset();
	assert_string_equal(text_wall(buf, 1700000002 * S), "18:43:22.000000-03:30");
}

static void durations(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "0.000 ms" },
		{ 41999, "0.041 ms" },
		{ 4219999, "4.21 ms" },
		{ 42000000, "42.0 ms" },
		{ S - 1, "999 ms" },
		{ S, "1.00 s" },
		{ 59999000000, "59.9 s" },
		{ 60ULL * S, "1 min" },
		{ 224ULL * S, "3 min 44 s" },
		{ 2519ULL * S, "41 min" },
		{ 7500ULL * S, "2 h 5 min" },
		{ 273600ULL * S, "3 d 4 h" },
		{ UINT64_MAX, "213503 d 23 h" },
	};
	char buf[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(text_duration(buf, cases[i].ns), cases[i].text);
}

static void test_seconds(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(text_seconds(buf, 0), "0.0 s");
	assert_string_equal(text_seconds(buf, 49999999), "0.0 s");
	assert_string_equal(text_seconds(buf, 50000000), "0.1 s");
	assert_string_equal(text_seconds(buf, 12449999999), "12.4 s");
	assert_string_equal(text_seconds(buf, 59949999999), "59.9 s");
	assert_string_equal(text_seconds(buf, 59999999999), "60.0 s");
	assert_string_equal(text_seconds(buf, 60 * S), "1 min");
	assert_string_equal(text_seconds(buf, 224 * S), "3 min 44 s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seconds), cmocka_unit_test(ms),
		cmocka_unit_test(rfc3339),	cmocka_unit_test(wall),
		cmocka_unit_test(durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

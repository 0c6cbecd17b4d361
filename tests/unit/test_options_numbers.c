// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Numbers and their units: every valid form, and every invalid one with its message. */
#include "options_run.h"

static void test_numbers(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "--min-connect", "0.5", "--min-close", "1500", "-n", "7", "-u", ".25", "-s", "-i",
	    "2.", "--ring", "1024", "--max-connections", "100");
	assert_run(&r);
	assert_int_equal(r.o.min_connect_ns, 500000);
	assert_int_equal(r.o.min_close_ns, 1500000000);
	assert_int_equal(r.o.count, 7);
	assert_true(r.o.duration_s == 0.25);
	assert_true(r.o.interval_s == 2.0);
	assert_int_equal(r.o.ring_mib, 1024);
	assert_int_equal(r.o.max_connections, 100);
	run_free(&r);

	/* the smallest number, with digits beyond it, and the largest */
	RUN(&r, "--min-connect", "0.0000019", "--min-close", "31536000000", "-n", "4294967295");
	assert_run(&r);
	assert_int_equal(r.o.min_connect_ns, 1);
	assert_int_equal(r.o.min_close_ns, 31536000000ULL * 1000000);
	assert_int_equal(r.o.count, 4294967295);
	run_free(&r);
}

static void test_units(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "--min-connect", "100ms", "--min-close", "2min", "-u", "5s", "-s", "-i", "1h");
	assert_run(&r);
	assert_int_equal(r.o.min_connect_ns, 100000000);
	assert_int_equal(r.o.min_close_ns, 120000000000);
	assert_true(r.o.duration_s == 5.0);
	assert_true(r.o.interval_s == 3600.0);
	run_free(&r);

	RUN(&r, "--min-connect", "0.5s", "--min-close", "250us", "-u", "1.5d", "-s", "-i", "3sec");
	assert_run(&r);
	assert_int_equal(r.o.min_connect_ns, 500000000);
	assert_int_equal(r.o.min_close_ns, 250000);
	assert_true(r.o.duration_s == 129600.0);
	assert_true(r.o.interval_s == 3.0);
	run_free(&r);

	BAD("-u 5m: m could mean minutes: give min or ms", "seconds above 0", "-u", "5m");
	BAD("-u s: not a decimal number", "", "-u", "s");
	BAD("-u 5 s: not a decimal number", "", "-u", "5 s");
	BAD("-u 0ms: too small", "", "-u", "0ms");
	BAD("-u 366d: too large", "", "-u", "366d");
	BAD("--min-close 1h30min: not a decimal number", "", "--min-close", "1h30min");
}

static void test_bad_numbers(void **state)
{
	static const char *const not_numbers[] = {
		"-1",
		"nan",
		"inf",
		"-inf",
		"1e400",
		"1e3",
		"0x10",
		"010",
		"+1",
		" 1",
		"1 ",
		"",
		".",
		"1.2.3",
		"1,5",
		"99999999999999999999999999",
		"31536000001000",
		"0",
		"0.0",
		"0.00000000001",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(not_numbers) / sizeof(not_numbers[0]); i++) {
		BAD("--min-connect ", "milliseconds above 0", "--min-connect", not_numbers[i]);
		BAD("--min-close ", "milliseconds above 0", "--min-close", not_numbers[i]);
		BAD("-u ", "seconds above 0", "-u", not_numbers[i]);
		BAD("-i ", "seconds above 0", "-s", "-i", not_numbers[i]);
		BAD("-n ", "1 to 4294967295", "-n", not_numbers[i]);
		BAD("--max-connections ", "1 to 16777216", "--max-connections", not_numbers[i]);
		BAD("--ring ", "power of two", "--ring", not_numbers[i]);
	}
	BAD("-n 0: too small", "", "-n", "0");
	BAD("--count 4294967296: too large", "", "--count", "4294967296");
	BAD("-n 1.5: not a decimal number", "", "-n", "1.5");
	BAD("--min-connect 31536000001: too large", "", "--min-connect", "31536000001");
	BAD("--max-connections 16777217: too large", "", "--max-connections", "16777217");
	BAD("--ring 3: not a power of two", "", "--ring", "3");
	BAD("--ring 2048: too large", "", "--ring", "2048");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_bad_numbers),
		cmocka_unit_test(test_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

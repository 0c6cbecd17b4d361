// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Strings of unknown origin, numbers, and words that are joined. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/number.h"
#include "base/text.h"

static void utf8(void **state)
{
	static const struct {
		const char *s;
		size_t left, len;
	} cases[] = {
		{ "", 0, 0 },
		{ "a", 1, 1 },
		{ "\0", 1, 1 },
		{ "\x7f", 1, 1 },
		{ "\x80", 1, 0 },
		{ "\xc1\xbf", 2, 0 },
		{ "\xc2\x80", 2, 2 },
		{ "\xc2", 1, 0 },
		{ "\xc2\x7f", 2, 0 },
		{ "\xc2\xc0", 2, 0 },
		{ "\xdf\xbf", 2, 2 },
		{ "\xe0\x9f\xbf", 3, 0 },
		{ "\xe0\xa0\x80", 3, 3 },
		{ "\xe0\xa0", 2, 0 },
		{ "\xed\x9f\xbf", 3, 3 },
		{ "\xed\xa0\x80", 3, 0 },
		{ "\xee\x80\x80", 3, 3 },
		{ "\xef\xbf\xbf", 3, 3 },
		{ "\xef\xbf\x41", 3, 0 },
		{ "\xf0\x8f\xbf\xbf", 4, 0 },
		{ "\xf0\x90\x80\x80", 4, 4 },
		{ "\xf0\x90\x80", 3, 0 },
		{ "\xf4\x8f\xbf\xbf", 4, 4 },
		{ "\xf4\x90\x80\x80", 4, 0 },
		{ "\xf5\x80\x80\x80", 4, 0 },
		{ "\xff", 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(text_utf8(cases[i].s, cases[i].left), cases[i].len);
}

static void foreign(void **state)
{
	static const struct {
		const char *comm, *text;
	} cases[] = {
		{ "", "" },
		{ "curl", "curl" },
		{ "nginx: worker", "nginx: worker" },
		{ "a\nb\t\x1b[31m", "a\\x0ab\\x09\\x1b[31m" },
		{ "\x7f\\", "\\x7f\\x5c" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "caf\xc3", "caf\\xc3" },
		{ "\xc2\x9b"
		  "31m",
		  "\\xc2\\x9b31m" },
		{ "\xc2\xa0", "\xc2\xa0" },
		{ "\xe2\x80\xae"
		  "a\xe2\x81\xa6\xe2\x80\xa8",
		  "\\xe2\\x80\\xaea\\xe2\\x81\\xa6\\xe2\\x80\\xa8" },
		{ "\xd8\x9c\xd8\x9b", "\\xd8\\x9c\xd8\x9b" },
		{ "\xe2\x82\xac\xf0\x9f\x98\x80", "\xe2\x82\xac\xf0\x9f\x98\x80" },
	};
	char full[COMM_LEN];
	char buf[COMM_TEXT_MAX], all[COMM_LEN + 1], small[6];

	(void)state;
	/* no NUL, as in an untrusted record */
	memcpy(full, "0123456789abcdef", sizeof(full));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(text_comm(buf, cases[i].comm), cases[i].text);
	memset(all, '\xff', COMM_LEN);
	all[COMM_LEN] = '\0';
	assert_int_equal(strlen(text_comm(buf, all)), 4 * COMM_LEN);
	assert_memory_equal(text_comm(buf, full), full, COMM_LEN);
	assert_int_equal(strlen(buf), COMM_LEN);

	/* cut between characters, never inside one */
	assert_string_equal(text_foreign(small, sizeof(small), "abcdefgh"), "abcde");
	assert_string_equal(text_foreign(small, sizeof(small), "ab\n"), "ab");
	assert_string_equal(text_foreign(small, sizeof(small), "a\n"), "a\\x0a");
	assert_string_equal(text_foreign(small, sizeof(small), "abcd\xc3\xa9"), "abcd");
	assert_string_equal(text_foreign(small, sizeof(small), "abc\xc3\xa9"), "abc\xc3\xa9");
	assert_string_equal(text_foreign(small, 1, "abc"), "");
	assert_string_equal(text_foreign(small, 0, "abc"), "");
}

static const char *text_of(char *buf, size_t len)
{
	buf[len] = '\0';
	return buf;
}

static void numbers(void **state)
{
	char buf[NUMBER_MAX + 1], expected[32];
	uint64_t value = 1;

	(void)state;
	assert_string_equal(text_of(buf, number_uint(buf, UINT64_MAX)), "18446744073709551615");
	assert_string_equal(text_of(buf, number_int(buf, INT64_MIN)), "-9223372036854775808");
	assert_string_equal(text_of(buf, number_hex(buf, 0)), "0");
	assert_string_equal(text_of(buf, number_hex(buf, UINT64_MAX)), "ffffffffffffffff");
	for (uint64_t i = 0; i < 20000; i++, value = value * 6364136223846793005ULL + 1) {
		uint64_t v = i < 10000 ? i : value >> (i % 64);

		snprintf(expected, sizeof(expected), "%llu", (unsigned long long)v);
		assert_string_equal(text_of(buf, number_uint(buf, v)), expected);
		snprintf(expected, sizeof(expected), "%lld", (long long)v);
		assert_string_equal(text_of(buf, number_int(buf, (int64_t)v)), expected);
		snprintf(expected, sizeof(expected), "%llx", (unsigned long long)v);
		assert_string_equal(text_of(buf, number_hex(buf, v)), expected);
	}
	assert_string_equal(text_of(buf, number_us(buf, 0)), "0");
	assert_string_equal(text_of(buf, number_us(buf, 12500)), "12.5");
	assert_string_equal(text_of(buf, number_us(buf, 40312004)), "40312.004");
	assert_string_equal(text_of(buf, number_us(buf, 7000)), "7");
	assert_string_equal(text_of(buf, number_us(buf, 10000)), "10");
	assert_string_equal(text_of(buf, number_us(buf, 10)), "0.01");
	assert_string_equal(text_of(buf, number_us(buf, 1230)), "1.23");
	assert_string_equal(text_of(buf, number_us(buf, -1)), "-0.001");
	assert_string_equal(text_of(buf, number_us(buf, INT64_MIN)), "-9223372036854775.808");
}

static void joined(void **state)
{
	char buf[8];

	(void)state;
	assert_int_equal(text_join(buf, sizeof(buf), "ab", "", "cd"), 4);
	assert_string_equal(buf, "abcd");
	assert_int_equal(text_join(buf, sizeof(buf), "abcd", "efg"), 7);
	assert_string_equal(buf, "abcdefg");
	assert_int_equal(text_join(buf, sizeof(buf), "abcd", "efgh", "i"), 7);
	assert_string_equal(buf, "abcdefg");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8),
		cmocka_unit_test(foreign),
		cmocka_unit_test(numbers),
		cmocka_unit_test(joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

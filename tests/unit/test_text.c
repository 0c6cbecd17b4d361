// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/number.h"
#include "base/text.h"

#define S 1000000000LL

static void ipv6(const char *text, const char *expected)
{
	char buf[ADDRESS_MAX];
	uint8_t addr[16];

	assert_int_equal(inet_pton(AF_INET6, text, addr), 1);
	assert_string_equal(text_address(buf, addr, 6), expected);
}

/* The interface that a socket is bound to; of the peer's address only a link-local one has it. */
static void zones(void **state)
{
	static const uint8_t linklocal[16] = { 0xfe, 0xbf, [15] = 10 };
	static const uint8_t global[16] = { 0xfe, 0xc0, [15] = 10 };
	static const uint8_t v4[16] = { [10] = 0xff, 0xff, 169, 254, 0, 5 };
	static const uint8_t v4_global[16] = { [10] = 0xff, 0xff, 169, 253, 0, 5 };
	char end[ENDPOINT_MAX], zoned[ZONED_MAX];

	(void)state;
	assert_string_equal(text_endpoint(end, linklocal, 6, "eth0", known(179)),
			    "[febf::a%eth0]:179");
	assert_string_equal(text_endpoint(end, v4_global, 4, "red", known(80)),
			    "169.253.0.5%red:80");
	assert_string_equal(text_zoned(zoned, linklocal, 6, "3"), "febf::a%3");
	assert_string_equal(text_zoned(zoned, v4, 4, "\033%\xff"), "169.254.0.5%\\x1b%\\xff");
	assert_string_equal(text_remote_zone(linklocal, "eth0"), "eth0");
	assert_string_equal(text_remote_zone(v4, "eth0"), "eth0");
	assert_string_equal(text_remote_zone(global, "eth0"), "");
	assert_string_equal(text_remote_zone(v4_global, "eth0"), "");
	/* the longest */
	memset(zoned, 0xff, 16);
	assert_int_equal(
		strlen(text_endpoint(end, (uint8_t *)zoned, 6,
				     "\033\033\033\033\033\033\033\033\033\033\033\033\033\033\033",
				     known(65535))),
		39 + 1 + 15 * 4 + 2 + 6);
}

static void addresses(void **state)
{
	static const uint8_t v4[16] = { [10] = 0xff, 0xff, 10, 0, 0, 5 };
	static const uint8_t top[16] = { [10] = 0xff, 0xff, 255, 255, 255, 255 };
	char buf[ADDRESS_MAX], end[ENDPOINT_MAX];
	uint8_t addr[16];

	(void)state;
	assert_string_equal(text_address(buf, v4, 4), "10.0.0.5");
	assert_string_equal(text_endpoint(end, v4, 4, "", known(443)), "10.0.0.5:443");
	assert_string_equal(text_endpoint(end, v4, 4, "", (struct maybe){ 0 }), "10.0.0.5:-");
	assert_string_equal(text_endpoint(end, top, 4, "", known(65535)), "255.255.255.255:65535");
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::1", addr), 1);
	assert_string_equal(text_endpoint(end, addr, 6, "", known(443)), "[2001:db8::1]:443");
	memset(addr, 0xff, 16);
	assert_string_equal(text_endpoint(end, addr, 6, "", known(65535)),
			    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
	ipv6("::", "::");
	ipv6("::1", "::1");
	ipv6("1::", "1::");
	ipv6("fe80::1:0:0:1", "fe80::1:0:0:1");
	ipv6("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1");
	ipv6("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");
	ipv6("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1");
	ipv6("::ffff:1.2.3.4", "::ffff:1.2.3.4");
	ipv6("1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0");
	ipv6("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::");
}

/* inet_ntop() has the same rules. */
static void addresses_like_libc(void **state)
{
	unsigned int seed = 1;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		char buf[ADDRESS_MAX], expected[INET6_ADDRSTRLEN];
		uint8_t addr[16];

		for (int j = 0; j < 8; j++) {
			int word = rand_r(&seed) % 3 ? 0 : rand_r(&seed) >> rand_r(&seed) % 16;

			if (rand_r(&seed) % 16 == 0)
				word = 0xffff;
			addr[2 * j] = (uint8_t)(word >> 8);
			addr[2 * j + 1] = (uint8_t)word;
		}
		inet_ntop(AF_INET6, addr, expected, sizeof(expected));
		assert_string_equal(text_address(buf, addr, 6), expected);
		inet_ntop(AF_INET, addr + 12, expected, sizeof(expected));
		assert_string_equal(text_address(buf, addr, 4), expected);
	}
}

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
		cmocka_unit_test(test_seconds), cmocka_unit_test(addresses),
		cmocka_unit_test(zones),	cmocka_unit_test(addresses_like_libc),
		cmocka_unit_test(ms),		cmocka_unit_test(rfc3339),
		cmocka_unit_test(wall),		cmocka_unit_test(durations),
		cmocka_unit_test(utf8),		cmocka_unit_test(foreign),
		cmocka_unit_test(numbers),	cmocka_unit_test(joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Addresses as text. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(zones),
		cmocka_unit_test(addresses_like_libc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What lists of names, processes, ports and prefixes have, with and without exclusions. */
#include <errno.h>
#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/workload.h"
#include "base/sets.h"
#include "shared/endpoint.h"

/* Selects the name? */
static bool has(const char *const *patterns, const char *name)
{
	struct comm_patterns p = { 0 };
	char comm[COMM_LEN] = "";

	for (; *patterns; patterns++) {
		bool excluded = **patterns == '!';

		assert_int_equal(comm_patterns_add(&p, *patterns + excluded, excluded), 0);
	}
	memcpy(comm, name, strlen(name) < COMM_LEN ? strlen(name) : COMM_LEN - 1);
	return comm_selected(&p, comm);
}
#define HAS(name, ...) has((const char *const[]){ __VA_ARGS__, NULL }, name)

static void names(void **state)
{
	(void)state;
	assert_true(HAS("nginx", "nginx"));
	assert_false(HAS("nginx2", "nginx") || HAS("ngin", "nginx") || HAS("", "nginx"));
	assert_true(HAS("fifteen-bytes-x", "fifteen-bytes-x"));
	assert_true(HAS("php-fpm", "nginx", "php*"));
	assert_true(HAS("", "*") && HAS("x", "*") && HAS("fifteen-bytes-x", "*"));
	assert_true(HAS("abcabc", "*abc") && HAS("ab", "a*b") && HAS("axxb", "a*b"));
	assert_false(HAS("abx", "*ab") || HAS("ba", "a*b"));
	/* those of a pattern's end do not run into the next */
	assert_false(HAS("fifteen-bytes-xa", "fifteen-bytes-y", "a"));
	assert_true(HAS("h", "a", "b", "c", "d", "e", "f", "g", "h"));
	assert_true(HAS("d", "fifteen-bytes-1", "fifteen-bytes-2", "fifteen-bytes-3", "d*"));
	/* exclusions */
	assert_true(HAS("nginx", "!haproxy") && HAS("", "!haproxy"));
	assert_false(HAS("haproxy", "!haproxy") || HAS("haproxy2", "!haproxy*"));
	assert_true(HAS("php-fpm", "php*", "!php-cgi"));
	assert_false(HAS("php-cgi", "php*", "!php-cgi") || HAS("nginx", "php*", "!php-cgi"));
	assert_false(HAS("a", "!a", "b") || HAS("c", "!a", "b"));
	assert_true(HAS("b", "!a", "b"));
	assert_false(HAS("e", "a", "b", "c", "d", "e", "!e"));
	assert_false(HAS("x", "!a", "!b", "!c", "!d", "!x"));
}

static const char *random_text(char *buf, size_t max, const char *letters)
{
	size_t len = (size_t)rand() % (max + 1);

	for (size_t i = 0; i < len; i++)
		buf[i] = letters[(size_t)rand() % strlen(letters)];
	buf[len] = '\0';
	return buf;
}

/* fnmatch() is another implementation. */
static void random_names(void **state)
{
	char patterns[COMM_PATTERNS][COMM_LEN], name[COMM_LEN];

	(void)state;
	srand(1);
	for (int i = 0; i < 20000; i++) {
		struct comm_patterns p = { 0 };
		int n = 1 + rand() % COMM_PATTERNS;
		bool expected = false;

		random_text(name, COMM_LEN - 1, "ab\xff");
		for (int k = 0; k < n; k++) {
			random_text(patterns[k], COMM_LEN - 1, "aab*\xff");
			assert_int_equal(comm_patterns_add(&p, patterns[k], false), 0);
			expected |= !fnmatch(patterns[k], name, FNM_NOESCAPE);
		}
		if (comm_selected(&p, name) != expected)
			fail_msg("'%s' in '%s' and %d others", name, patterns[0], n - 1);
	}
}

static void too_long_and_too_many(void **state)
{
	struct comm_patterns p = { 0 };

	(void)state;
	assert_int_equal(comm_patterns_add(&p, "sixteen-bytes-xx", false), -E2BIG);
	for (int i = 0; i < COMM_PATTERNS; i++)
		assert_int_equal(comm_patterns_add(&p, "*fifteen*bytes*-*x*", false), 0);
	assert_int_equal(comm_patterns_add(&p, "a", false), -ENOSPC);
}

static void pids(void **state)
{
	uint32_t one[] = { 1 }, two[] = { 2 };
	const struct pid_list included = { .included = { one, 1 } };
	const struct pid_list excluded = { .excluded = { two, 1 } };
	const struct pid_list both = { { one, 1 }, { two, 1 } }, none = { 0 };

	(void)state;
	assert_true(pid_list_has(&included, 1) && !pid_list_has(&included, 2));
	assert_true(pid_list_has(&excluded, 1) && !pid_list_has(&excluded, 2));
	assert_true(pid_list_has(&both, 1) && !pid_list_has(&both, 2) && !pid_list_has(&both, 3));
	assert_true(pid_list_has(&none, 1));
}

#define V4(a, b, c, d)                                                           \
	{                                                                        \
		[10] = 0xff, [11] = 0xff, [12] = a, [13] = b, [14] = c, [15] = d \
	}

static void prefixes(void **state)
{
	struct prefix ten = { 104, V4(10, 0, 0, 0) }, one = { 112, V4(10, 1, 0, 0) };
	const uint8_t in_ten[16] = V4(10, 2, 0, 1), in_one[16] = V4(10, 1, 0, 1);
	const uint8_t other[16] = V4(11, 0, 0, 1), v6[16] = { [15] = 1 };
	const struct prefix_list not_ten = { .excluded = { &ten, 1 } };
	const struct prefix_list ten_but_one = { { &ten, 1 }, { &one, 1 } };
	const struct prefix_list none = { 0 };

	(void)state;
	assert_true(prefix_within(&one, &ten) && prefix_within(&ten, &ten));
	assert_false(prefix_within(&ten, &one));
	assert_true(prefix_list_has(&not_ten, 4, other) && prefix_list_has(&not_ten, 6, v6));
	assert_false(prefix_list_has(&not_ten, 4, in_one));
	assert_true(prefix_list_has(&ten_but_one, 4, in_ten));
	assert_false(prefix_list_has(&ten_but_one, 4, in_one) ||
		     prefix_list_has(&ten_but_one, 4, other));
	assert_true(prefix_list_has_either(&ten_but_one, 4, other, in_ten));
	assert_false(prefix_list_has_either(&ten_but_one, 4, in_ten, in_one));
	assert_true(prefix_list_has(&none, 4, other) &&
		    prefix_list_has_either(&none, 4, other, other));
}

static void one_connection(void **state)
{
	struct endpoint ends[2] = { { V4(10, 0, 0, 1), 4711 }, { V4(10, 0, 0, 2), 443 } };
	struct handshake_part h = {
		.local = V4(10, 0, 0, 1),
		.remote = V4(10, 0, 0, 2),
		.local_port = 4711,
		.remote_port = 443,
	}, swapped = {
		.local = V4(10, 0, 0, 2),
		.remote = V4(10, 0, 0, 1),
		.local_port = 443,
		.remote_port = 4711,
	};

	(void)state;
	assert_true(endpoints_are(ends, &h) && endpoints_are(ends, &swapped));
	h.local_port = 0;
	assert_true(endpoints_are(ends, &h));
	h.local_port = 4712;
	assert_false(endpoints_are(ends, &h));
	swapped.local[15] = 3;
	assert_false(endpoints_are(ends, &swapped));
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void containers(void **state)
{
	(void)state;
	assert_true(workload_in_container("/system.slice/docker-" ID ".scope", "0123456789ab"));
	assert_true(workload_in_container("/docker/" ID "/init", ID));
	assert_true(workload_in_container("/kubepods.slice/x/cri-containerd-" ID ".scope", "0123"));
	assert_false(workload_in_container("/machine.slice/libpod-conmon-" ID ".scope", "0123"));
	assert_false(workload_in_container("/docker/" ID, "1234"));
	assert_false(workload_in_container("/docker/" ID, ID "0"));
	assert_false(workload_in_container("/abcd1234", "abcd"));
	assert_false(workload_in_container("/pod01234567-89ab-cdef-0123-456789abcdef", "0123"));
	assert_false(workload_in_container("/", "0123") || workload_in_container("", "0123"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),      cmocka_unit_test(random_names),
		cmocka_unit_test(pids),	      cmocka_unit_test(too_long_and_too_many),
		cmocka_unit_test(prefixes),   cmocka_unit_test(one_connection),
		cmocka_unit_test(containers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What tells the rows of --by apart, and the container in the path of a cgroup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/workload.h"
#include "render/summary_key.h"

#define MS 1000000ULL
#define S (1000 * MS)
#define MIN (60 * S)

static const uint8_t v4[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 7 };

static const char *path_of(void *ctx, uint64_t id)
{
	(void)ctx;
	return id == 77	  ? "/docker/"
			    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	       : id == 78 ? "/system.slice/nginx.service"
			  : NULL;
}

static void expect_key(unsigned int key, const struct chapter *ch, const char *expected)
{
	const struct by by = { .n = 1, .keys = { key }, .ipv4_bits = 24, .ipv6_bits = 40 };
	const struct summary_paths paths = { path_of, NULL };
	char buf[SUMMARY_KEY_MAX];

	assert_int_equal(summary_key(buf, &by, ch, &paths), strlen(expected) + 1);
	assert_string_equal(buf, expected);
}

static void keys(void **state)
{
	struct chapter ch = {
		.type = CHAPTER_HANDSHAKE,
		.family = 4,
		.role = ROLE_CLIENT,
		.local_port = known(40000),
		.remote_port = known(443),
		.owner = { .pid = known(4711), .cgroup = known(77), .comm = "curl" },
	};
	struct chapter none = { .type = CHAPTER_HANDSHAKE };

	(void)state;
	memcpy(ch.remote, v4, sizeof(v4));
	expect_key(BY_COMM, &ch, "curl");
	expect_key(BY_PID, &ch, "4711");
	expect_key(BY_PEER, &ch, "192.0.2.0/24");
	expect_key(BY_PORT, &ch, "443");
	expect_key(BY_ROLE, &ch, "client");
	expect_key(BY_LISTENER, &ch, "");
	expect_key(BY_CONTAINER, &ch, "0123456789ab");
	expect_key(BY_NETNS, &ch, "");
	ch.netns = 4026531840;
	expect_key(BY_NETNS, &ch, "4026531840");
	ch.role = ROLE_SERVER;
	memcpy(ch.local, v4, sizeof(v4));
	expect_key(BY_PORT, &ch, "40000");
	expect_key(BY_LISTENER, &ch, "192.0.2.7:40000");
	ch.family = 6;
	memcpy(ch.remote, "\x20\x01\x0d\xb8\xff\xff\0\0\0\0\0\0\0\0\0\1", 16);
	expect_key(BY_PEER, &ch, "2001:db8:ff00::/40");
	ch.owner.cgroup = known(78);
	expect_key(BY_CGROUP, &ch, "/system.slice/nginx.service");
	expect_key(BY_CONTAINER, &ch, "none");
	ch.owner.cgroup = known(79);
	expect_key(BY_CGROUP, &ch, "");
	expect_key(BY_CONTAINER, &ch, "");
	/* who has an open one open */
	ch.open = true;
	ch.holder = (struct person){ .pid = known(9), .cgroup = known(78), .comm = "worker" };
	expect_key(BY_COMM, &ch, "worker");
	expect_key(BY_PID, &ch, "9");
	expect_key(BY_CGROUP, &ch, "/system.slice/nginx.service");
	for (unsigned int key = 0; key < BY_KEYS; key++)
		expect_key(key, &none, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

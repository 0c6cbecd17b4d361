// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The two ends of one connection find each other, and no other one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chapter/other_ends.h"

static struct chapter end_of(enum role role, uint16_t client_port, uint32_t isn, uint64_t conn)
{
	struct chapter ch = { .role = role, .conn = conn };
	bool client = role == ROLE_CLIENT;

	ch.local[15] = client ? 1 : 2;
	ch.remote[15] = client ? 2 : 1;
	ch.local_port = known(client ? client_port : 443);
	ch.remote_port = known(client ? 443 : client_port);
	*(client ? &ch.iss : &ch.irs) = known(isn);
	return ch;
}

static uint64_t find(struct other_ends *ends, struct chapter ch)
{
	other_ends_find(ends, &ch);
	return ch.other_conn;
}

static void pairs(void **state)
{
	struct other_ends *ends = other_ends_create();
	struct chapter ch;

	(void)state;
	assert_non_null(ends);
	assert_int_equal(find(ends, end_of(ROLE_CLIENT, 40000, 7, 1)), 0);
	/* another use of the same addresses and ports */
	assert_int_equal(find(ends, end_of(ROLE_SERVER, 40000, 8, 2)), 0);
	assert_int_equal(find(ends, end_of(ROLE_SERVER, 40001, 7, 3)), 0);
	assert_int_equal(find(ends, end_of(ROLE_SERVER, 40000, 7, 4)), 1);
	/* the close of the client */
	assert_int_equal(find(ends, end_of(ROLE_CLIENT, 40000, 7, 1)), 4);
	ch = end_of(ROLE_CLIENT, 40000, 7, 5);
	ch.iss.known = false;
	assert_int_equal(find(ends, ch), 0);
	ch = end_of(ROLE_CLIENT, 40000, 7, 5);
	ch.role = ROLE_UNKNOWN;
	assert_int_equal(find(ends, ch), 0);
	other_ends_destroy(ends);
}

/* More than are remembered: what is found is right. */
static void many(void **state)
{
	struct other_ends *ends = other_ends_create();
	unsigned int found = 0;

	(void)state;
	assert_non_null(ends);
	for (uint32_t i = 1; i <= 3 * OTHER_ENDS_MAX; i++)
		find(ends, end_of(ROLE_CLIENT, (uint16_t)(1 + i % 60000), i, i));
	for (uint32_t i = 1; i <= 3 * OTHER_ENDS_MAX; i++) {
		uint64_t other = find(ends, end_of(ROLE_SERVER, (uint16_t)(1 + i % 60000), i,
						   i + 100000));

		assert_true(!other || other == i);
		found += other != 0;
	}
	assert_true(found > 0);
	other_ends_destroy(ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Whose connections -p, -c and --cgroup choose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "shared/wanted.h"

static void expect(bool wanted, uint32_t h_flags, uint64_t accept_ns, uint8_t fate,
		   uint32_t c_flags)
{
	const struct config all = { 0 }, some = { .by_owner = true };
	const struct record r = {
		.h = { .flags = h_flags, .accept_ns = accept_ns, .accept_fate = fate },
		.c = { .flags = c_flags }
	};

	assert_true(wanted_owner(&all, &r));
	assert_int_equal(wanted_owner(&some, &r), wanted);
}

static void before_accept(void **state)
{
	(void)state;
	expect(true, HANDSHAKE_OWNER_SELECTED, 0, ACCEPT_POSTED, 0);
	expect(false, 0, 0, ACCEPT_POSTED, 0);
	/* accept_ns vouches for what accept()'s hook writes */
	expect(true, HANDSHAKE_OWNER_SELECTED, 0, ACCEPT_UNSELECTED, 0);
}

static void after_accept(void **state)
{
	(void)state;
	expect(true, 0, 1, ACCEPT_POSTED, 0);
	expect(true, 0, 1, ACCEPT_LATE, 0);
	expect(false, HANDSHAKE_OWNER_SELECTED, 1, ACCEPT_UNSELECTED, 0);
	expect(false, HANDSHAKE_OWNER_SELECTED, 1, ACCEPT_UNSELECTED | ACCEPT_LATE, 0);
	expect(false, 0, 1, ACCEPT_UNSELECTED | ACCEPT_UNPOSTED, CLOSE_OVER);
}

static void by_its_closer(void **state)
{
	(void)state;
	expect(true, 0, 1, ACCEPT_UNSELECTED, CLOSE_CLOSER_SELECTED);
	expect(true, 0, 0, ACCEPT_POSTED, CLOSE_CLOSER_SELECTED);
}

static void a_fate_has_one_value(void **state)
{
	(void)state;
	for (int fate = ACCEPT_POSTED; fate <= ACCEPT_LATE; fate++) {
		const struct handshake_part selected = { .accept_fate = (uint8_t)fate };
		const struct handshake_part other = { .accept_fate = (uint8_t)(fate |
									       ACCEPT_UNSELECTED) };

		assert_int_equal(accept_fate_of(&selected), fate);
		assert_int_equal(accept_fate_of(&other), fate);
	}
}

static void only_what_is_open(void **state)
{
	const struct config all = { 0 }, open = { .by_chapter = true, .open = true };
	const struct record r = { 0 };

	(void)state;
	assert_true(wanted_handshake(&all, &r) && wanted_close(&all, &r));
	assert_false(wanted_handshake(&open, &r) || wanted_close(&open, &r));
	assert_true(wanted_open(&open, &r, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_accept),     cmocka_unit_test(after_accept),
		cmocka_unit_test(by_its_closer),     cmocka_unit_test(a_fate_has_one_value),
		cmocka_unit_test(only_what_is_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

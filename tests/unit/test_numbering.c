// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Connections are numbered from 1 in the order in which they are reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/numbering.h"

/* As the BPF side makes them: the number of the processor and a counter. */
static uint64_t key_of(uint64_t i)
{
	return i % 2 ? (uint64_t)3 << 48 | i : i * 4096;
}

static void in_order(void **state)
{
	struct numbering n = { 0 };

	(void)state;
	assert_int_equal(numbering_number(&n, 3076390, false), 1);
	assert_int_equal(numbering_number(&n, 17, true), 2);
	assert_int_equal(numbering_number(&n, 0, false), 3);
	assert_int_equal(numbering_number(&n, UINT64_MAX, false), 4);
	/* the second chapters */
	assert_int_equal(numbering_number(&n, 0, true), 3);
	assert_int_equal(numbering_number(&n, 3076390, false), 1);
	assert_int_equal(numbering_number(&n, 3076390, true), 1);
	assert_int_equal(numbering_number(&n, UINT64_MAX, true), 4);
	/* forgotten: another one that has the same key */
	assert_int_equal(numbering_number(&n, 3076390, true), 5);
	assert_int_equal(n.young.n, 0);
	/* another trace */
	assert_int_equal(numbering_number(&n, 1, false), 6);
	numbering_forget(&n);
	assert_int_equal(numbering_number(&n, 1, false), 7);
	numbering_forget(&n);
}

/* Whatever ends in between, the others keep their numbers. */
static void many(void **state)
{
	const uint64_t conns = 100000;
	struct numbering n = { 0 };

	(void)state;
	for (uint64_t i = 0; i < conns; i++)
		assert_int_equal(numbering_number(&n, key_of(i), false), i + 1);
	for (uint64_t i = 0; i < conns; i += 3)
		assert_int_equal(numbering_number(&n, key_of(i), true), i + 1);
	for (uint64_t i = 0; i < conns; i++)
		if (i % 3)
			assert_int_equal(numbering_number(&n, key_of(i), i % 2), i + 1);
	for (uint64_t i = 0; i < conns; i++)
		if (i % 3 && !(i % 2))
			assert_int_equal(numbering_number(&n, key_of(i), true), i + 1);
	assert_int_equal(n.young.n + n.old.n, 0);
	assert_false(n.no_memory);
	numbering_forget(&n);
}

/* Of connections whose ends are never reported, the memory is bounded, and the latest are remembered. */
static void bounded(void **state)
{
	const uint64_t conns = 3 * (uint64_t)NUMBERING_MAX + 1;
	struct numbering n = { 0 };

	(void)state;
	for (uint64_t i = 0; i < conns; i++)
		assert_int_equal(numbering_number(&n, key_of(i), false), i + 1);
	assert_true(n.young.n + n.old.n <= 2 * (size_t)NUMBERING_MAX);
	assert_true(n.young.n_slots + n.old.n_slots <= 4 * (size_t)NUMBERING_MAX);
	for (uint64_t i = conns - NUMBERING_MAX; i < conns; i++)
		assert_int_equal(numbering_number(&n, key_of(i), true), i + 1);
	assert_int_equal(numbering_number(&n, key_of(0), true), conns + 1);
	numbering_forget(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(many),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

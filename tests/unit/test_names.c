// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chapter/names.h"

static void states(void **state)
{
	static const char *const expected[] = {
		"ESTABLISHED", "SYN_SENT",   "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT",
		"CLOSE",       "CLOSE_WAIT", "LAST_ACK", "LISTEN",    "CLOSING",   "NEW_SYN_RECV",
	};

	(void)state;
	for (unsigned int i = 1; i <= 12; i++)
		assert_string_equal(name_state(i), expected[i - 1]);
	assert_string_equal(name_state(0), "UNKNOWN(0)");
	assert_string_equal(name_state(13), "UNKNOWN(13)");
	assert_string_equal(name_state(-1U), "UNKNOWN(4294967295)");
	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(name_word(NAMES_STATE, i)->len, strlen(name_state(i)));
}

/*
 * Every enum: NULL for an unknown member, which is the first, a name for all others, "UNKNOWN(N)"
 * after them.
 */
static void words(void **state)
{
	static const struct {
		const char *(*name)(unsigned int);
		unsigned int count;
		const char *first, *last;
	} tables[] = {
		{ name_outcome, OUTCOMES, "established", "failed" },
		{ name_first_closer, CLOSERS, "local", "none" },
		{ name_ending, ENDINGS, "graceful", "half_open" },
		{ name_missing, MISSINGS, "before_trace", "table_full" },
		{ name_role, ROLE_SERVER + 1, "client", "server" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		unsigned int n = tables[i].count;
		char unknown[32];

		assert_null(tables[i].name(0));
		for (unsigned int j = 1; j < n; j++)
			assert_non_null(tables[i].name(j));
		assert_string_equal(tables[i].name(1), tables[i].first);
		assert_string_equal(tables[i].name(n - 1), tables[i].last);
		snprintf(unknown, sizeof(unknown), "UNKNOWN(%u)", n);
		assert_string_equal(tables[i].name(n), unknown);
		assert_string_equal(tables[i].name(-1U), "UNKNOWN(4294967295)");
	}
}

static void errnos(void **state)
{
	(void)state;
	assert_null(name_errno(0));
	assert_string_equal(name_errno(ECONNREFUSED), "ECONNREFUSED");
	assert_string_equal(name_errno(ETIMEDOUT), "ETIMEDOUT");
	assert_string_equal(name_errno(EPIPE), "EPIPE");
	assert_string_equal(name_errno(EADDRNOTAVAIL), "EADDRNOTAVAIL");
	assert_string_equal(name_errno(4711), "UNKNOWN(4711)");
	assert_string_equal(name_errno(-ECONNREFUSED), "UNKNOWN(-111)");
	for (int i = -1000; i < 1000; i++)
		assert_int_equal(name_errno(i) == NULL, i == 0);
}

static void segments(void **state)
{
	static const struct {
		struct segment segment;
		const char *text;
	} cases[] = {
		{ { true, SEGMENT_SYN, 0, false }, "> SYN" },
		{ { true, SEGMENT_SYN, 1, false }, "> SYN" },
		{ { true, SEGMENT_SYN, 0, true }, "x SYN" },
		{ { true, SEGMENT_SYN, 2, false }, "> SYN (2)" },
		{ { false, SEGMENT_SYN | SEGMENT_ACK, 0, false }, "< SYN,ACK" },
		{ { false, SEGMENT_FIN | SEGMENT_ACK, 0, false }, "< FIN,ACK" },
		{ { false, SEGMENT_RST | SEGMENT_ACK, 0, false }, "< RST,ACK" },
		{ { true, SEGMENT_RST, 0, false }, "> RST" },
		{ { true, SEGMENT_ACK, 0, false }, "> ACK" },
		{ { true, 0xff, 255, false }, "> SYN,FIN,RST,ACK (255)" },
		{ { true, 0, 7, false }, NULL },
		{ { true, 0xf0, 0, false }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct word buf;
		const char *text = name_segment(&buf, &cases[i].segment);

		if (cases[i].text)
			assert_string_equal(text, cases[i].text);
		else
			assert_null(text);
	}
}

static void completeness(void **state)
{
	(void)state;
	for (unsigned int mask = 0; mask < 300; mask++) {
		const char *text = name_completeness(mask)->text, *expected = "Incomplete";

		if (mask == 1)
			expected = "Incomplete, SYN_SENT";
		else if (mask == 3)
			expected = "Incomplete, CLIENT_ESTABLISHED";
		else if (mask == 7)
			expected = "Incomplete, ESTABLISHED";
		else if (mask == 15)
			expected = "Incomplete, DATA";
		else if (mask == 31 || mask == 47 || mask == 63)
			expected = "Complete, WITH_DATA";
		else if (mask == 23 || mask == 39 || mask == 55)
			expected = "Complete, NO_DATA";
		assert_string_equal(text, expected);
	}
	assert_string_equal(name_completeness(-1U)->text, "Incomplete");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states),	cmocka_unit_test(words),
		cmocka_unit_test(errnos),	cmocka_unit_test(segments),
		cmocka_unit_test(completeness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

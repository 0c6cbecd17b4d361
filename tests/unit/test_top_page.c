// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Columns of a screen: characters that take two of them, or none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render/top/top_parts.h"

static void columns(void **state)
{
	(void)state;
	assert_int_equal(top_text_columns("nginx"), 5);
	assert_int_equal(top_text_columns("caf\u00e9"), 4);
	/* an e, and the accent as a character of its own */
	assert_int_equal(top_text_columns("cafe\u0301"), 4);
	assert_int_equal(top_text_columns("\u30c7\u30fc\u30bf[7]"), 9);
	assert_string_equal(top_after("\u30c7\u30fc\u30bf", 2), "\u30fc\u30bf");
	/* half of a character is none of it */
	assert_string_equal(top_after("\u30c7\u30fc\u30bf", 3), "\u30fc\u30bf");
}

static void expect_padded(const char *text, size_t width, bool keep_end, const char *expected)
{
	char *got = NULL;
	size_t len;
	FILE *out = open_memstream(&got, &len);

	assert_non_null(out);
	top_put_padded(out, text, width, keep_end);
	fclose(out);
	assert_string_equal(got, expected);
	assert_int_equal(top_text_columns(got), width);
	free(got);
}

static void padded(void **state)
{
	(void)state;
	expect_padded("nginx", 8, false, "nginx   ");
	expect_padded("postgresql", 9, false, "postgre..");
	expect_padded("postgresql", 9, true, "..tgresql");
	expect_padded("\u30c7\u30fc\u30bf", 8, false, "\u30c7\u30fc\u30bf  ");
	/* seven columns are left for characters of two */
	expect_padded("\u30c7\u30fc\u30bf\u30d9\u30fc\u30b9", 9, false, "\u30c7\u30fc\u30bf.. ");
	expect_padded("\u30c7\u30fc\u30bf\u30d9\u30fc\u30b9", 9, true, "..\u30d9\u30fc\u30b9 ");
	expect_padded("\u30c7\u30fc\u30bf", 3, false, "\u30c7 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns),
		cmocka_unit_test(padded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

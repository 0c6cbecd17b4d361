// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* How wide the lines of tests/golden are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "golden_cases.h"
#include "golden_files.h"

/* In columns: a character takes one, a colour none. */
static size_t width(const char *line, size_t len)
{
	size_t columns = 0;

	for (size_t i = 0; i < len; i++) {
		if (line[i] == '\033')
			i += strcspn(line + i, "m");
		else
			columns += (line[i] & 0xc0) != 0x80;
	}
	return columns;
}

/* Every ladder fits 80 columns. */
static void ladder_width(void **state)
{
	static const char *const forms[] = { "ladder", "ladder-ascii", "ladder-v",
					     "ladder-colour" };
	char path[256];

	(void)state;
	for (const struct golden_case *c = golden_cases; c->name; c++) {
		for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
			size_t len = 0;
			char *text;

			snprintf(path, sizeof(path), GOLDEN_FOLDER "%s.%s", c->name, forms[i]);
			text = golden_read(path, &len);
			for (const char *at = text; at && *at; at += strcspn(at, "\n") + 1)
				if (width(at, strcspn(at, "\n")) > 80)
					fail_msg("%s: %.*s", path, golden_shown(at), at);
			free(text);
		}
	}
}

/* A line fits 120 columns unless it has an IPv6 address, a narrow one 80. */
static void line_width(void **state)
{
	static const char *const forms[] = { "line", "line-narrow" };
	char path[256];

	(void)state;
	for (const struct golden_case *c = golden_cases; c->name; c++) {
		for (size_t i = 0; i < 2; i++) {
			size_t len = 0, columns, most = i ? 80 : 120;
			char *text, *bracket;

			snprintf(path, sizeof(path), GOLDEN_FOLDER "%s.%s", c->name, forms[i]);
			text = golden_read(path, &len);
			assert_non_null(text);
			for (const char *at = text; *at; at += strcspn(at, "\n") + 1) {
				columns = strcspn(at, "\n");
				bracket = memmem(at, columns, "]:", 2);
				if (width(at, columns) > most && (i || !bracket))
					fail_msg("%s: %.*s", path, golden_shown(at), at);
			}
			free(text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ladder_width),
		cmocka_unit_test(line_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/printer.h"

/* All functions, at each distance from the end of the buffer. */
static void across_the_end(void **state)
{
	static const struct word word = WORD("word");
	static char xs[sizeof(((struct printer *)0)->buf)];

	(void)state;
	memset(xs, 'x', sizeof(xs));
	for (size_t left = 0; left < 64; left++) {
		struct printer p;
		size_t len, before = sizeof(xs) - left;
		char *text;

		printer_begin(&p, open_memstream(&text, &len));
		assert_non_null(p.out);
		printer_put(&p, xs, before);
		printer_char(&p, '<');
		assert_int_equal(printer_words(&p, "one", "", "two"), 6);
		printer_blanks(&p, 3);
		printer_blanks(&p, 0);
		printer_word(&p, &word);
		printer_put(&p, xs, sizeof(xs));
		printer_char(&p, '>');
		printer_flush(&p);
		printer_flush(&p);
		assert_int_equal(fclose(p.out), 0);
		assert_int_equal(len, before + 14 + sizeof(xs) + 1);
		assert_memory_equal(text, xs, before);
		assert_memory_equal(text + before, "<onetwo   word", 14);
		assert_memory_equal(text + before + 14, xs, sizeof(xs));
		assert_int_equal(text[len - 1], '>');
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(across_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "golden_files.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool updating(void)
{
	return getenv("GOLDEN_UPDATE") != NULL;
}

char *golden_read(const char *path, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	long size;

	if (!f)
		return NULL;
	if (!fseek(f, 0, SEEK_END) && (size = ftell(f)) >= 0) {
		rewind(f);
		text = calloc(1, (size_t)size + 1);
		*len = text ? fread(text, 1, (size_t)size, f) : 0;
	}
	fclose(f);
	return text;
}

static void write_file(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

int golden_shown(const char *text)
{
	size_t len = strcspn(text, "\n");

	return len < 160 ? (int)len : 160;
}

/* Prints where the texts differ, with up to 60 bytes before that. */
static void explain(const char *path, const char *expected, const char *got)
{
	size_t at = 0, from = 0;
	unsigned int line = 1;

	for (; expected[at] && expected[at] == got[at]; at++) {
		if (expected[at] == '\n') {
			line++;
			from = at + 1;
		}
	}
	if (at - from > 60)
		from = at - 60;
	print_error("%s:%u\nexpected: %.*s\ngot:      %.*s\n", path, line,
		    golden_shown(expected + from), expected + from, golden_shown(got + from),
		    got + from);
}

bool golden_compare(const char *path, const char *text, size_t len)
{
	size_t expected_len = 0;
	char *expected;
	bool same;

	if (updating())
		write_file(path, text, len);
	expected = golden_read(path, &expected_len);
	if (!expected) {
		print_error("%s: %s\n", path, strerror(errno));
		return false;
	}
	same = expected_len == len && !memcmp(expected, text, len);
	if (!same)
		explain(path, expected, text);
	free(expected);
	return same;
}

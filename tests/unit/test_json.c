// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/text.h"

/* One line of JSON, in memory. */
struct output {
	char *text;
	size_t len;
	struct printer p;
};

static void start(struct output *o)
{
	FILE *out = open_memstream(&o->text, &o->len);

	assert_non_null(out);
	printer_begin(&o->p, out);
}

static void finish(struct output *o)
{
	json_end_line(&o->p);
	assert_int_equal(fclose(o->p.out), 0);
}

static void expect_text(const char *bytes, const char *expected)
{
	struct output o;

	start(&o);
	json_text(&o.p, bytes);
	finish(&o);
	assert_int_equal(o.text[0], '"');
	assert_memory_equal(o.text + o.len - 2, "\"\n", 2);
	assert_int_equal(o.len, strlen(expected) + 3);
	assert_memory_equal(o.text + 1, expected, o.len - 3);
	free(o.text);
}

static void single_bytes(void **state)
{
	(void)state;
	for (int b = 1; b < 256; b++) {
		char bytes[2] = { (char)b }, expected[8] = { (char)b };

		if (b == '"' || b == '\\')
			snprintf(expected, sizeof(expected), "\\%c", b);
		else if (b == '\b' || b == '\t' || b == '\n' || b == '\f' || b == '\r')
			snprintf(expected, sizeof(expected), "\\%c", "btn?fr"[b - '\b']);
		else if (b < 0x20 || b == '<' || b == 0x7f)
			snprintf(expected, sizeof(expected), "\\u%04x", (unsigned int)b);
		else if (b >= 0x80)
			snprintf(expected, sizeof(expected), "\\ufffd");
		expect_text(bytes, expected);
	}
}

/*
 * A text of which each byte needs an escape takes time in proportion to its length: in quadratic time this one
 * takes hours.
 */
static void long_text(void **state)
{
	const size_t n = 16 << 20;
	char *bytes = malloc(n + 1);
	struct output o;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 1, n);
	bytes[n] = '\0';
	start(&o);
	json_text(&o.p, bytes);
	finish(&o);
	assert_int_equal(o.len, 6 * n + 3);
	free(o.text);
	free(bytes);
}

/* Every pair of bytes gives one line of valid UTF-8 without control characters. */
static void pairs_of_bytes(void **state)
{
	(void)state;
	for (int a = 1; a < 256; a++) {
		struct output o;
		size_t n;

		start(&o);
		json_open(&o.p, '[');
		for (int b = 1; b < 256; b++) {
			char bytes[3] = { (char)a, (char)b };

			json_text(&o.p, bytes);
		}
		json_close(&o.p, ']');
		finish(&o);
		for (size_t i = 0; i < o.len - 1; i += n) {
			n = text_utf8(o.text + i, o.len - i);
			assert_true(n > 0);
			assert_true((uint8_t)o.text[i] >= 0x20);
			/* no C1 control either */
			assert_false((uint8_t)o.text[i] == 0xc2 && (uint8_t)o.text[i + 1] < 0xa0);
		}
		assert_int_equal(o.text[o.len - 1], '\n');
		free(o.text);
	}
}

static void utf8(void **state)
{
	(void)state;
	expect_text("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
		    "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
	/* line separators and bidirectional controls, and their harmless neighbours */
	expect_text("\xe2\x80\xa8\xe2\x80\xa9\x7f", "\\u2028\\u2029\\u007f");
	expect_text("\xe2\x80\xae\xe2\x81\xa6\xd8\x9c", "\\u202e\\u2066\\u061c");
	expect_text("\xe2\x80\xaf\xe2\x81\xb0\xd8\x9b", "\xe2\x80\xaf\xe2\x81\xb0\xd8\x9b");
	expect_text("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\\u0080\\u009b\\u009f\xc2\xa0");
	expect_text("\xc3", "\\ufffd");
	expect_text("\xc3(", "\\ufffd(");
	expect_text("\xc0\x80", "\\ufffd\\ufffd");
	expect_text("\xe2\x82", "\\ufffd\\ufffd");
	expect_text("\xe2\x82x", "\\ufffd\\ufffdx");
	expect_text("\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd");
	expect_text("\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80");
	expect_text("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf");
	expect_text("\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd");
	expect_text("\xf0\x9f\x98", "\\ufffd\\ufffd\\ufffd");
	expect_text("\xf8\x88\x80\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd");
	expect_text("\xef\xbf\xbd", "\xef\xbf\xbd");
	expect_text("", "");
}

static void structure(void **state)
{
	struct output o;

	(void)state;
	start(&o);
	json_open(&o.p, '{');
	json_key(&o.p, "a");
	json_null(&o.p);
	json_key(&o.p, "b");
	json_bool(&o.p, true);
	json_key(&o.p, "c");
	json_open(&o.p, '[');
	json_close(&o.p, ']');
	json_key(&o.p, "d");
	json_open(&o.p, '[');
	json_bool(&o.p, false);
	json_uint(&o.p, UINT64_MAX);
	json_int(&o.p, INT64_MIN);
	json_us(&o.p, 40312004);
	json_us(&o.p, 12500);
	json_us(&o.p, 7000);
	json_open(&o.p, '{');
	json_close(&o.p, '}');
	json_close(&o.p, ']');
	json_key(&o.p, "e");
	json_word(&o.p, "word");
	json_key(&o.p, "f");
	json_word(&o.p, NULL);
	json_key(&o.p, "g");
	json_text(&o.p, NULL);
	json_close(&o.p, '}');
	json_end_line(&o.p);
	json_open(&o.p, '{');
	json_close(&o.p, '}');
	finish(&o);
	assert_string_equal(
		o.text,
		"{\"a\":null,\"b\":true,\"c\":[],\"d\":[false,18446744073709551615,"
		"-9223372036854775808,40312.004,12.5,7,{}],\"e\":\"word\",\"f\":null,\"g\":null}\n"
		"{}\n");
	free(o.text);
}

/* A line longer than the buffer, with escapes and numbers across its end at each offset. */
static void longer_than_the_buffer(void **state)
{
	const size_t size = sizeof(((struct printer *)0)->buf);
	char *text = malloc(3 * size + 1);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 3 * size);
	text[3 * size] = '\0';
	for (size_t shift = 0; shift < 64; shift++) {
		struct output o;
		size_t n = size - 40 + shift;

		start(&o);
		json_open(&o.p, '[');
		json_word(&o.p, text + 3 * size - n);
		json_uint(&o.p, 1234567890123456789ULL);
		json_text(&o.p, "\n\xff");
		json_word(&o.p, text);
		json_close(&o.p, ']');
		finish(&o);
		assert_int_equal(o.len, 1 + n + 2 + 1 + 19 + 1 + 10 + 1 + 3 * size + 2 + 2);
		assert_memory_equal(o.text + n + 3, ",1234567890123456789,\"\\n\\ufffd\",\"", 33);
		assert_memory_equal(o.text + o.len - 3, "\"]\n", 3);
		free(o.text);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_bytes),	  cmocka_unit_test(long_text),
		cmocka_unit_test(pairs_of_bytes), cmocka_unit_test(utf8),
		cmocka_unit_test(structure),	  cmocka_unit_test(longer_than_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A JSON reader, stricter than RFC 8259.  It keeps only the keys of the objects that it is in. */
#include <string.h>

#include "check.h"

#define DEPTH_MAX 8
#define KEYS_MAX 128

struct reader {
	const char *at, *end;
	unsigned int depth;
};

static void fail(const struct reader *r, const char *what)
{
	check_failed(what, r->at, (size_t)(r->end - r->at));
}

static bool take(struct reader *r, char c)
{
	if (r->at >= r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

static void expect(struct reader *r, char c)
{
	char what[] = "JSON: 'x' is due";

	what[7] = c;
	if (!take(r, c))
		fail(r, what);
}

static void take_string(struct reader *r)
{
	static const char hex[] = "0123456789abcdefABCDEF";

	expect(r, '"');
	while (!take(r, '"')) {
		if (r->at >= r->end || (unsigned char)*r->at < 0x20)
			fail(r, "JSON: a string");
		if (*r->at++ != '\\')
			continue;
		if (r->at >= r->end || !*r->at || !strchr("\"\\/bfnrtu", *r->at))
			fail(r, "JSON: an escape");
		if (*r->at++ != 'u')
			continue;
		for (int i = 0; i < 4; i++, r->at++)
			if (r->at >= r->end || !*r->at || !strchr(hex, *r->at))
				fail(r, "JSON: four digits");
	}
}

static size_t take_digits(struct reader *r)
{
	const char *start = r->at;

	while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
		r->at++;
	return (size_t)(r->at - start);
}

/* No exponents and no negative numbers: durations and counts are neither. */
static void take_number(struct reader *r)
{
	const char *start = r->at;

	if (!take_digits(r) || (*start == '0' && r->at - start > 1))
		fail(r, "JSON: a number");
	if (take(r, '.') && !take_digits(r))
		fail(r, "JSON: decimals");
}

static void take_word(struct reader *r, const char *word)
{
	for (; *word; word++)
		expect(r, *word);
}

static void take_value(struct reader *r);

static void take_object(struct reader *r)
{
	struct {
		const char *text;
		size_t len;
	} keys[KEYS_MAX];
	size_t n = 0;

	expect(r, '{');
	if (take(r, '}'))
		return;
	do {
		if (n == KEYS_MAX)
			fail(r, "JSON: too many keys");
		keys[n].text = r->at;
		take_string(r);
		keys[n].len = (size_t)(r->at - keys[n].text);
		for (size_t i = 0; i < n; i++)
			if (keys[i].len == keys[n].len &&
			    !memcmp(keys[i].text, keys[n].text, keys[n].len))
				fail(r, "JSON: a key twice");
		n++;
		expect(r, ':');
		take_value(r);
	} while (take(r, ','));
	expect(r, '}');
}

static void take_array(struct reader *r)
{
	expect(r, '[');
	if (take(r, ']'))
		return;
	do
		take_value(r);
	while (take(r, ','));
	expect(r, ']');
}

static void take_value(struct reader *r)
{
	if (r->at >= r->end || ++r->depth > DEPTH_MAX)
		fail(r, "JSON: a value");
	switch (*r->at) {
	case '{':
		take_object(r);
		break;
	case '[':
		take_array(r);
		break;
	case '"':
		take_string(r);
		break;
	case 't':
		take_word(r, "true");
		break;
	case 'f':
		take_word(r, "false");
		break;
	case 'n':
		take_word(r, "null");
		break;
	default:
		take_number(r);
	}
	r->depth--;
}

void check_json_lines(const char *text, size_t len)
{
	struct reader r = { .at = text, .end = text + len };

	check_terminal(text, len, false);
	while (r.at < r.end) {
		take_object(&r);
		expect(&r, '\n');
	}
}

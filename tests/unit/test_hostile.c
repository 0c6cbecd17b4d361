// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Hostile names of processes and cgroups, everywhere that each format prints them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "post.h"
#include "render/render_short.h"
#include "stage.h"

#define CGROUP_ID 77 /* of owner_set() */
#define HEADER 1     /* lines of a format's header */

/*
 * Names of at most 16 bytes, like a comm's, and what terminals (text), JSON and CSV (NULL: text)
 * get.
 */
static const struct hostile {
	const char *name, *text, *json, *csv;
} hostiles[] = {
	{ "\033[2J\033]0;x\a", "\\x1b[2J\\x1b]0;x\\x07", "\\u001b[2J\\u001b]0;x\\u0007", NULL },
	{ "\xc2\x9b"
	  "2J\x7f\r\n",
	  "\\xc2\\x9b2J\\x7f\\x0d\\x0a", "\\u009b2J\\u007f\\r\\n", NULL },
	{ "\xff\xc3(\xed\xa0\x80", "\\xff\\xc3(\\xed\\xa0\\x80",
	  "\\ufffd\\ufffd(\\ufffd\\ufffd\\ufffd", NULL },
	{ "\xe2\x80\xae"
	  "cod\xe2\x81\xa6.exe",
	  "\\xe2\\x80\\xaecod\\xe2\\x81\\xa6.exe", "\\u202ecod\\u2066.exe", NULL },
	{ "\xe2\x80\xa8\xe2\x80\xa9", "\\xe2\\x80\\xa8\\xe2\\x80\\xa9", "\\u2028\\u2029", NULL },
	/* not visible: zero width space, word joiner, byte order mark, a tag */
	{ "a\xe2\x80\x8b\xe2\x81\xa0\xef\xbb\xbf"
	  "b",
	  "a\\xe2\\x80\\x8b\\xe2\\x81\\xa0\\xef\\xbb\\xbf"
	  "b",
	  "a\\u200b\\u2060\\ufeffb", NULL },
	{ "a\xf3\xa0\x81\x81\xc2\xad", "a\\xf3\\xa0\\x81\\x81\\xc2\\xad", "a\\udb40\\udc41\\u00ad",
	  NULL },
	{ "</script>", "</script>", "\\u003c/script>", NULL },
	{ "a\\x1b", "a\\x5cx1b", "a\\\\x1b", NULL },
	{ "a\"b,c;d", "a\"b,c;d", "a\\\"b,c;d", "\"a\"\"b,c;d\"" },
	{ "\"", "\"", "\\\"", "\"\"\"\"" },
	{ "=cmd()", "=cmd()", "=cmd()", "'=cmd()" },
	{ "=\"a\",\"b\"", "=\"a\",\"b\"", "=\\\"a\\\",\\\"b\\\"", "\"'=\"\"a\"\",\"\"b\"\"\"" },
	{ "+1-1", "+1-1", "+1-1", "'+1-1" },
	{ "-1+1", "-1+1", "-1+1", "'-1+1" },
	{ "@SUM(1)", "@SUM(1)", "@SUM(1)", "'@SUM(1)" },
	{ "  =1", "  =1", "  =1", "'  =1" },
	{ "\t=1", "\\x09=1", "\\t=1", "'\\x09=1" },
	{ "\r=1", "\\x0d=1", "\\r=1", "'\\x0d=1" },
	{ "\xef\xbc\x9d"
	  "1",
	  "\xef\xbc\x9d"
	  "1",
	  "\xef\xbc\x9d"
	  "1",
	  "'\xef\xbc\x9d"
	  "1" },
	{ "'=1", "'=1", "'=1", NULL },
	/* in the locales whose cells end at semicolons */
	{ "a;=1", "a;=1", "a;=1", "a;'=1" },
	{ "a; \"@b;;-1", "a; \"@b;;-1", "a; \\\"@b;;-1", "\"a;' \"\"@b;;'-1\"" },
	{ "a=1", "a=1", "a=1", NULL },
	{ "0123456789abcdef", "0123456789abcdef", "0123456789abcdef", NULL },
};
#define HOSTILES (sizeof(hostiles) / sizeof(hostiles[0]))

/* Posts a connection whose owner, closer and cgroup have the name, and one of its transitions. */
static void post_all(struct reporter *t, const char *name)
{
	struct {
		uint64_t id;
		char path[COMM_LEN + 1];
	} cgroup = { .id = CGROUP_ID };
	struct transition tr = { .family = 4, .from = 7, .to = 2, .pid = 666 };
	struct poster poster = { .sink = reporter_item, .ctx = t };
	struct flow f;

	memcpy(cgroup.path, name, strlen(name));
	post_item(&poster, ITEM_CGROUP, &cgroup, sizeof(cgroup.id) + strlen(name));
	flow_open(&f, ROLE_CLIENT);
	owner_set(&f.r.h.owner, 666, name);
	flow_fin(&f, 0);
	owner_set(&f.r.c.closer, 667, name);
	flow_peer_fin_ack(&f);
	post_close(&poster, &f);
	memcpy(tr.comm, f.r.h.owner.comm, COMM_LEN);
	post_item(&poster, ITEM_TRANSITION, &tr, sizeof(tr));
	assert_int_equal(poster.err, 0);
}

/* To be freed. */
static char *rendered(const char *format, const char *name)
{
	struct stage s = { 0 };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	stage_open(&s, format, out, false);
	post_all(&s.reporter, name);
	assert_int_equal(reporter_end(&s.reporter), 0);
	stage_close(&s);
	fclose(out);
	assert_int_equal(strlen(text), len);
	return text;
}

static void check(const char *format, const char *name, const char *expected, unsigned int times,
		  unsigned int lines)
{
	char *text = rendered(format, name);
	unsigned int n = 0, n_lines = 0;

	for (const char *at = text; (at = strstr(at, expected)); at++)
		n++;
	for (const char *at = text; *at; at++)
		n_lines += *at == '\n';
	if (n != times || n_lines != lines)
		fail_msg("%s: not %u times in %u lines: %s\n%s", format, times, lines, expected,
			 text);
	free(text);
}

/* The owner, and in the verdict the closer. */
static void check_persons(const char *format)
{
	char expected[128];

	for (size_t i = 0; i < HOSTILES; i++) {
		const struct hostile *h = &hostiles[i];
		char *text = rendered(format, h->name);

		snprintf(expected, sizeof(expected), " %s[666]", h->text);
		assert_non_null(strstr(text, expected));
		snprintf(expected, sizeof(expected), " %s[667]", h->text);
		assert_non_null(strstr(text, expected));
		free(text);
	}
}

static void timeline(void **state)
{
	(void)state;
	check_persons("timeline");
}

static void ladder(void **state)
{
	(void)state;
	check_persons("ladder");
}

static void line(void **state)
{
	char who[128], cut[128], expected[256];

	(void)state;
	for (size_t i = 0; i < HOSTILES; i++) {
		snprintf(who, sizeof(who), "%s[666]", hostiles[i].text);
		snprintf(expected, sizeof(expected), "Z %s ",
			 short_cut(cut, sizeof(cut), who, 15, '['));
		check("line", hostiles[i].name, expected, 1, 1 + HEADER);
	}
}

static void states(void **state)
{
	char expected[128];

	(void)state;
	for (size_t i = 0; i < HOSTILES; i++) {
		snprintf(expected, sizeof(expected), " 666     %-10s 0.0.0.0 ", hostiles[i].text);
		check("states", hostiles[i].name, expected, 1, 1 + HEADER);
	}
}

/* A handshake, a close and the totals. */
static void json(void **state)
{
	char expected[128];

	(void)state;
	for (size_t i = 0; i < HOSTILES; i++) {
		const struct hostile *h = &hostiles[i];

		snprintf(expected, sizeof(expected), "\"comm\":\"%s\",\"uid\"", h->json);
		check("json", h->name, expected, 2, 3);
		snprintf(expected, sizeof(expected), "\"cgroup\":\"%s\",\"unit\"", h->json);
		check("json", h->name, expected, 2, 3);
		snprintf(expected, sizeof(expected), "\"closer_comm\":\"%s\",\"close_us\"",
			 h->json);
		check("json", h->name, expected, 1, 3);
	}
}

static void csv(void **state)
{
	char expected[256];

	(void)state;
	for (size_t i = 0; i < HOSTILES; i++) {
		const struct hostile *h = &hostiles[i];
		const char *cell = h->csv ? h->csv : h->text;

		snprintf(expected, sizeof(expected), ",666,%s,1000,%s,,,,true,", cell, cell);
		check("csv", h->name, expected, 2, 2 + HEADER);
		snprintf(expected, sizeof(expected), ",667,%s,", cell);
		check("csv", h->name, expected, 1, 2 + HEADER);
	}
}

/* In a locale without UTF-8 each format prints nothing else than ASCII. */
static void ascii(void **state)
{
	static const char *const formats[] = {
		"timeline", "ladder", "line", "states", "json", "csv"
	};

	(void)state;
	text_set_ascii_only(true);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		char *text = rendered(formats[i], "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80");

		for (const char *at = text; *at; at++)
			if (*at & 0x80)
				fail_msg("%s: %s", formats[i], text);
		free(text);
	}
	check("json", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80",
	      "\"comm\":\"\\u00fc\\u20ac\\ud83d\\ude00\",\"uid\"", 2, 3);
	text_set_ascii_only(false);
}

/* The data has nothing that a browser takes for the end of the script or for markup. */
static void html(void **state)
{
	char expected[128];

	(void)state;
	for (size_t i = 0; i < HOSTILES; i++) {
		char *text = rendered("html", hostiles[i].name);
		char *data = strstr(text, " id=\"data\">\n"), *tail;

		assert_non_null(data);
		tail = strstr(data, "</script>\n</body>\n</html>\n");
		assert_non_null(tail);
		/* except the "< " of a segment, which begins no tag */
		for (const char *at = strchr(data, '<'); at != tail; at = strchr(at + 1, '<'))
			assert_int_equal(at[1], ' ');
		snprintf(expected, sizeof(expected), "\"closer_comm\":\"%s\",\"close_us\"",
			 hostiles[i].json);
		assert_non_null(strstr(data, expected));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timeline), cmocka_unit_test(ladder), cmocka_unit_test(line),
		cmocka_unit_test(states),   cmocka_unit_test(json),   cmocka_unit_test(csv),
		cmocka_unit_test(html),	    cmocka_unit_test(ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

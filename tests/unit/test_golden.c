// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Replays each recording of tests/golden through every renderer and compares byte for byte.
 *
 *	GOLDEN_UPDATE=1 build/unit/test_golden
 *
 * at the top of the tree records the cases of golden_cases.h again, and replaces what the
 * recordings print.  Read the difference before committing it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "golden_cases.h"
#include "packets.h"
#include "recording/recording.h"
#include "stage.h"

#define FOLDER "tests/golden/"

static const struct view {
	const char *renderer;
	const char *suffix;
	const char *only; /* a view of this case alone; NULL: of all */
	bool verbose;
	bool colour;
	bool utf8;
	enum time_style time_style;
	bool narrow;
	bool pair;
} views[] = {
	{ .renderer = "timeline", .suffix = "timeline" },
	{ .renderer = "timeline", .suffix = "timeline-v", .only = "ssh-client", .verbose = true },
	{ .renderer = "timeline",
	  .suffix = "timeline-colour",
	  .only = "resets",
	  .colour = true,
	  .time_style = TIME_RELATIVE },
	{ .renderer = "ladder", .suffix = "ladder", .utf8 = true },
	{ .renderer = "ladder", .suffix = "ladder-ascii" },
	{ .renderer = "ladder",
	  .suffix = "ladder-v",
	  .only = "widest",
	  .verbose = true,
	  .utf8 = true,
	  .time_style = TIME_RELATIVE },
	{ .renderer = "ladder",
	  .suffix = "ladder-colour",
	  .only = "resets",
	  .colour = true,
	  .utf8 = true },
	{ .renderer = "line", .suffix = "line" },
	{ .renderer = "json", .suffix = "json" },
	{ .renderer = "csv", .suffix = "csv" },
	{ .renderer = "states", .suffix = "states", .only = "states" },
	{ .renderer = "states",
	  .suffix = "states-t",
	  .only = "states",
	  .time_style = TIME_RELATIVE },
	{ .renderer = "html", .suffix = "html-data", .only = "resets" },
	{ .renderer = "html", .suffix = "html-data", .only = "stuck" },
	{ .renderer = "line", .suffix = "line-narrow", .narrow = true },
	{ .renderer = "line", .suffix = "line-T", .only = "ssh-server", .time_style = TIME_WALL },
	{ .renderer = "timeline", .suffix = "timeline-pair", .only = "both-ends", .pair = true },
	{ .renderer = "ladder", .suffix = "ladder-pair-v", .only = "both-ends", .verbose = true },
	{ .renderer = "json", .suffix = "json-pair", .only = "both-ends", .pair = true },
	{ .renderer = "html", .suffix = "html-data", .only = "both-ends" },
};

/* The rows of --by; of JSON only the last object. */
static const struct grouped {
	const char *renderer, *suffix, *only;
	struct by by;
} grouped[] = {
	{ "none", "by-comm", "open", { .n = 1, .keys = { BY_COMM } } },
	{ "none", "by-port", "listeners", { .n = 2, .keys = { BY_ROLE, BY_PORT } } },
	{ "none", "by-peer", "resets", { .n = 1, .keys = { BY_PEER }, .ipv4_bits = 24 } },
	{ "json", "by-json", "open", { .n = 2, .keys = { BY_PID, BY_CGROUP } } },
	{ "json", "by-json", "resets", { .n = 2, .keys = { BY_ROLE, BY_PORT } } },
	{ "json", "by-json", "hostile-comm", { .n = 1, .keys = { BY_COMM }, .limit = 4 } },
	{ "none", "by-comm", "hostile-comm", { .n = 1, .keys = { BY_COMM }, .limit = 5 } },
};

static bool updating(void)
{
	return getenv("GOLDEN_UPDATE") != NULL;
}

static int record_item(void *ctx, const struct item *item)
{
	return recorder_item(ctx, item, 1);
}

static void record_case(const struct golden_case *c, const char *path)
{
	const struct options options = { .write_file = path };
	struct poster t = { .sink = record_item };
	struct cgroups *cgroups = cgroups_open(false);
	struct recorder *recorder;

	assert_non_null(cgroups);
	assert_int_equal(recorder_create(&recorder, &options, cgroups), 0);
	recorder_last(recorder);
	t.ctx = recorder;
	post_begin(&t);
	c->post(&t);
	assert_int_equal(t.err, 0);
	assert_int_equal(recorder_close(recorder), 0);
	cgroups_close(cgroups);
	assert_int_equal(chmod(path, 0644), 0);
}

/* NULL when there is no such file; ended by a NUL that is not counted. */
static char *read_file(const char *path, size_t *len)
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

/* Keeps of a page just its data, the last script: the end-to-end tests have a browser for the rest. */
static void keep_data(char *page, size_t *len)
{
	char *data = strstr(page, " id=\"data\">\n");

	assert_non_null(data);
	data = strchr(data, '\n') + 1;
	*len = (size_t)(strstr(data, "</script>\n") - data);
	memmove(page, data, *len);
	page[*len] = '\0';
}

/* The last line alone. */
static void keep_last(char *text, size_t *len)
{
	char *last = text + *len;

	while (last > text + 1 && last[-2] != '\n')
		last--;
	*len = strlen(--last);
	memmove(text, last, *len + 1);
}

/* by: of --by, NULL: without it. */
static char *replay(const char *path, const struct view *v, const struct by *by, size_t *len)
{
	struct stage s = {
		.options = { .verbose = v->verbose,
			     .time_style = v->time_style,
			     .narrow = v->narrow,
			     .pair = v->pair,
			     .read_files = &path,
			     .n_read_files = 1 },
	};
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	int err;

	if (by)
		s.options.by = *by;
	/* with JSON the table is on the standard error */
	s.options.summary = by && !strcmp(v->renderer, "none");
	stage_open(&s, v->renderer, out, v->colour);
	s.reporter.context.utf8 = v->utf8;
	err = recording_read(path, reporter_item, &s.reporter);
	if (!err)
		err = reporter_end(&s.reporter);
	stage_close(&s);
	fclose(out);
	if (err) {
		free(text);
		fail_msg("%s: %s", path, strerror(-err));
	}
	if (!strcmp(v->renderer, "html"))
		keep_data(text, len);
	if (by && !strcmp(v->renderer, "json"))
		keep_last(text, len);
	return text;
}

static void write_file(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* How much of a line fits print_error(). */
static int shown(const char *text)
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
	print_error("%s:%u\nexpected: %.*s\ngot:      %.*s\n", path, line, shown(expected + from),
		    expected + from, shown(got + from), got + from);
}

static bool compare(const char *path, const char *text, size_t len)
{
	size_t expected_len = 0;
	char *expected;
	bool same;

	if (updating())
		write_file(path, text, len);
	expected = read_file(path, &expected_len);
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

/* The cases record the same bytes as before. */
static void recordings(void **state)
{
	char path[] = "/tmp/golden-XXXXXX", golden[256];
	int fd = mkstemp(path), wrong = 0;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	for (const struct golden_case *c = golden_cases; c->name; c++) {
		size_t len = 0;
		char *bytes;

		record_case(c, path);
		bytes = read_file(path, &len);
		assert_non_null(bytes);
		snprintf(golden, sizeof(golden), FOLDER "%s.rec", c->name);
		wrong += !compare(golden, bytes, len);
		free(bytes);
	}
	unlink(path);
	assert_int_equal(wrong, 0);
}

/* The packets in the recordings. */
static void packets(void **state)
{
	char rec[256], path[256];
	int wrong = 0;

	(void)state;
	for (const struct golden_case *c = golden_cases; c->name; c++) {
		char *bytes, *text = NULL;
		size_t len = 0;
		FILE *out;

		snprintf(rec, sizeof(rec), FOLDER "%s.rec", c->name);
		snprintf(path, sizeof(path), FOLDER "%s.packets", c->name);
		bytes = read_file(rec, &len);
		assert_non_null(bytes);
		out = open_memstream(&text, &len);
		assert_non_null(out);
		packets_print(out, bytes, len);
		free(bytes);
		fclose(out);
		wrong += !compare(path, text, len);
		free(text);
	}
	assert_int_equal(wrong, 0);
}

static void view_by(const struct view *v, const struct by *by)
{
	char rec[256], path[256];
	int wrong = 0;

	for (const struct golden_case *c = golden_cases; c->name; c++) {
		size_t len = 0;
		char *text;

		if (v->only && strcmp(v->only, c->name))
			continue;
		snprintf(rec, sizeof(rec), FOLDER "%s.rec", c->name);
		snprintf(path, sizeof(path), FOLDER "%s.%s", c->name, v->suffix);
		text = replay(rec, v, by, &len);
		wrong += !compare(path, text, len);
		free(text);
	}
	assert_int_equal(wrong, 0);
}

static void view(const struct view *v)
{
	view_by(v, NULL);
}

static void by(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(grouped) / sizeof(grouped[0]); i++) {
		const struct view v = {
			.renderer = grouped[i].renderer,
			.suffix = grouped[i].suffix,
			.only = grouped[i].only,
		};

		view_by(&v, &grouped[i].by);
	}
}

#define VIEW(name, number)             \
	static void name(void **state) \
	{                              \
		(void)state;           \
		view(&views[number]);  \
	}
VIEW(timeline, 0)
VIEW(timeline_verbose, 1)
VIEW(timeline_colour, 2)
VIEW(ladder, 3)
VIEW(ladder_ascii, 4)
VIEW(ladder_verbose, 5)
VIEW(ladder_colour, 6)
VIEW(line, 7)
VIEW(json, 8)
VIEW(csv, 9)
VIEW(states, 10)
VIEW(states_relative, 11)
VIEW(html, 12)
VIEW(html_stuck, 13)
VIEW(line_narrow, 14)
VIEW(line_local, 15)
VIEW(timeline_pair, 16)
VIEW(ladder_pair_verbose, 17)
VIEW(json_pair, 18)
VIEW(html_pair, 19)

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

			snprintf(path, sizeof(path), FOLDER "%s.%s", c->name, forms[i]);
			text = read_file(path, &len);
			for (const char *at = text; at && *at; at += strcspn(at, "\n") + 1)
				if (width(at, strcspn(at, "\n")) > 80)
					fail_msg("%s: %.*s", path, shown(at), at);
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

			snprintf(path, sizeof(path), FOLDER "%s.%s", c->name, forms[i]);
			text = read_file(path, &len);
			assert_non_null(text);
			for (const char *at = text; *at; at += strcspn(at, "\n") + 1) {
				columns = strcspn(at, "\n");
				bracket = memmem(at, columns, "]:", 2);
				if (width(at, columns) > most && (i || !bracket))
					fail_msg("%s: %.*s", path, shown(at), at);
			}
			free(text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* first: it may write those that the others read */
		cmocka_unit_test(recordings),
		cmocka_unit_test(packets),
		cmocka_unit_test(timeline),
		cmocka_unit_test(timeline_verbose),
		cmocka_unit_test(timeline_colour),
		cmocka_unit_test(ladder),
		cmocka_unit_test(ladder_ascii),
		cmocka_unit_test(ladder_verbose),
		cmocka_unit_test(ladder_colour),
		cmocka_unit_test(ladder_width),
		cmocka_unit_test(timeline_pair),
		cmocka_unit_test(ladder_pair_verbose),
		cmocka_unit_test(json_pair),
		cmocka_unit_test(html_pair),
		cmocka_unit_test(line),
		cmocka_unit_test(line_narrow),
		cmocka_unit_test(line_local),
		cmocka_unit_test(line_width),
		cmocka_unit_test(json),
		cmocka_unit_test(csv),
		cmocka_unit_test(states),
		cmocka_unit_test(states_relative),
		cmocka_unit_test(html),
		cmocka_unit_test(html_stuck),
		cmocka_unit_test(by),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Replays each recording of tests/golden through every renderer and compares byte for byte.
 *
 *	GOLDEN_UPDATE=1 build/unit/test_golden
 *
 * at the top of the tree records the cases of golden_cases.h again, and replaces what the
 * recordings print.  Read the difference before committing it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cgroups.h"
#include "golden_cases.h"
#include "golden_files.h"
#include "golden_replay.h"
#include "packets.h"
#include "recording/recorder.h"

static const struct golden_view views[] = {
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
		bytes = golden_read(path, &len);
		assert_non_null(bytes);
		snprintf(golden, sizeof(golden), GOLDEN_FOLDER "%s.rec", c->name);
		wrong += !golden_compare(golden, bytes, len);
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

		snprintf(rec, sizeof(rec), GOLDEN_FOLDER "%s.rec", c->name);
		snprintf(path, sizeof(path), GOLDEN_FOLDER "%s.packets", c->name);
		bytes = golden_read(rec, &len);
		assert_non_null(bytes);
		out = open_memstream(&text, &len);
		assert_non_null(out);
		packets_print(out, bytes, len);
		free(bytes);
		fclose(out);
		wrong += !golden_compare(path, text, len);
		free(text);
	}
	assert_int_equal(wrong, 0);
}

static void view_by(const struct golden_view *v, const struct by *by)
{
	char rec[256], path[256];
	int wrong = 0;

	for (const struct golden_case *c = golden_cases; c->name; c++) {
		size_t len = 0;
		char *text;

		if (v->only && strcmp(v->only, c->name))
			continue;
		snprintf(rec, sizeof(rec), GOLDEN_FOLDER "%s.rec", c->name);
		snprintf(path, sizeof(path), GOLDEN_FOLDER "%s.%s", c->name, v->suffix);
		text = golden_replay(rec, v, by, &len);
		wrong += !golden_compare(path, text, len);
		free(text);
	}
	assert_int_equal(wrong, 0);
}

static void view(const struct golden_view *v)
{
	view_by(v, NULL);
}

static void by(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(grouped) / sizeof(grouped[0]); i++) {
		const struct golden_view v = {
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
		cmocka_unit_test(timeline_pair),
		cmocka_unit_test(ladder_pair_verbose),
		cmocka_unit_test(json_pair),
		cmocka_unit_test(html_pair),
		cmocka_unit_test(line),
		cmocka_unit_test(line_narrow),
		cmocka_unit_test(line_local),
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

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The page of metrics that is made of a recording in tests/golden, compared byte for byte.
 *
 *	GOLDEN_UPDATE=1 build/unit/test_metrics_page
 *
 * replaces what is expected.  Read the difference before committing it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "metrics/exposition.h"
#include "metrics/metrics_parts.h"
#include "metrics/page.h"
#include "recording/recordings.h"

#define FOLDER "tests/golden/"
/* the clock of the recordings */
#define OFFSET_NS (1700000000 * S)

static const struct workload *workload(void *ctx, uint64_t cgroup)
{
	static struct workload w = { .unit = "web.service" };

	(void)ctx;
	return cgroup ? &w : NULL;
}

static const char *path_of(void *ctx, uint64_t cgroup)
{
	(void)ctx;
	return cgroup ? "/system.slice/web.service" : NULL;
}

static const struct metrics_cgroups cgroups = { workload, path_of, NULL };

static int count_item(void *ctx, const struct item *item)
{
	metrics_item(ctx, item);
	return metrics_listener(ctx, item);
}

static void set_ports(struct options *o)
{
	o->metrics_ports.given = true;
	o->metrics_ports.words[443 / 64] |= 1ULL << 443 % 64;
}

/* All of it but the program's own part. */
static char *make_page(struct options *o, const char *name, const struct exposition_format *format)
{
	struct state_count states[ROLES][STATE_NUMBERS] = {
		[ROLE_SERVER] = { [BPF_TCP_CLOSE_WAIT] = { 3, BEGIN_NS } },
		[ROLE_UNKNOWN] = { [BPF_TCP_ESTABLISHED] = { 1, 0 } },
	};
	const struct shortfalls shortfalls = { .events_lost = 1, .table_full = 2, .rows_full = 3 };
	struct metrics *m;
	char path[256], *text = NULL, *end;
	const char *paths[] = { path };
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	snprintf(path, sizeof(path), FOLDER "%s.rec", name);
	set_ports(o);
	m = metrics_create(o, &cgroups);
	assert_non_null(m);
	metrics_begin(m, BEGIN_NS + 90 * S);
	assert_int_equal(recordings_read(paths, 1, count_item, m), 0);
	metrics_set_states(m, states);
	metrics_set_shortfalls(m, &shortfalls);
	metrics_page(m, out, format, OFFSET_NS);
	assert_int_equal(fclose(out), 0);
	metrics_destroy(m);
	metrics_destroy(NULL);
	end = strstr(text, "# HELP tcpstates_feature_info");
	assert_non_null(end);
	if (format == &exposition_openmetrics)
		assert_string_equal(text + len - 6, "# EOF\n");
	*end = '\0';
	return text;
}

static void compare(const char *path, const char *page)
{
	static char expected[1 << 18];
	FILE *f = fopen(path, getenv("GOLDEN_UPDATE") ? "we" : "re");

	assert_non_null(f);
	if (getenv("GOLDEN_UPDATE"))
		assert_true(fputs(page, f) >= 0);
	else
		expected[fread(expected, 1, sizeof(expected) - 1, f)] = '\0';
	assert_int_equal(fclose(f), 0);
	if (!getenv("GOLDEN_UPDATE"))
		assert_string_equal(page, expected);
}

static void golden(void **state)
{
	static const struct {
		const char *name, *suffix;
		const struct exposition_format *format;
		enum metrics_by by;
		uint32_t rows;
	} pages[] = {
		{ "resets", "prom", &exposition_text, METRICS_BY_PORT, 32 },
		{ "failed", "openmetrics", &exposition_openmetrics, METRICS_BY_UNIT, 1 },
		{ "forked-server", "openmetrics", &exposition_openmetrics, METRICS_BY_ROLE, 32 },
		{ "listeners", "prom", &exposition_text, METRICS_BY_CONTAINER, 32 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct options o = { .metrics_by = pages[i].by, .metrics_rows = pages[i].rows };
		char path[256], *page = make_page(&o, pages[i].name, pages[i].format);

		snprintf(path, sizeof(path), FOLDER "%s.%s", pages[i].name, pages[i].suffix);
		compare(path, page);
		free(page);
	}
}

/* A name may have any bytes. */
static void hostile_label(void **state)
{
	struct labels l = { 0 };
	char longest[LABELS_TEXT_MAX];

	(void)state;
	labels_add(&l, "comm", "a\"b\\c\nd\xff");
	assert_string_equal(l.of[0].value, "a\"b\\x5cc\\x0ad\\xff");
	labels_add(&l, "none", "");
	assert_int_equal(l.n, 1);
	memset(longest, '"', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	for (int i = 0; i < 2 * LABELS_MAX; i++)
		labels_add(&l, "long", longest);
	assert_true(l.n < LABELS_MAX && l.used <= sizeof(l.text));
}

/* Weeks of clients and servers at any port, seen by user space: rows, page and memory stay where they are. */
static void many_ports(void **state)
{
	struct options o = { .metrics_by = METRICS_BY_PORT, .metrics_rows = 32 };
	struct metrics *m;
	struct flow f;

	(void)state;
	set_ports(&o);
	m = metrics_create(&o, &cgroups);
	for (uint32_t i = 0; i < 300000; i++) {
		flow_open_with_data(&f, i % 2 ? ROLE_SERVER : ROLE_CLIENT);
		f.r.h.local_port = f.r.h.remote_port = (uint16_t)(i % 60000 + 1);
		metrics_item(m, &(struct item){ ITEM_HANDSHAKE, &f.r.h, sizeof(f.r.h) });
	}
	assert_int_equal(metrics_rows_number(m->rows), 32 + ROLES);
	metrics_begin(m, BEGIN_NS);
	metrics_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(hostile_label),
		cmocka_unit_test(many_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The files of several traces, some without an end, read as one: their order, where one ends, and the numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cases.h"
#include "recorded.h"
#include "recording/recordings.h"
#include "stage.h"

#define FILES 4

static char names[FILES][64];
static const char *paths[FILES] = { names[0], names[1], names[2], names[3] };

/* Of which host, and which trace of it; 0: the file does not say so. */
struct of {
	uint8_t host;
	uint64_t begin_ns;
};

/* A connection, which is opened in one file and closed in the same or another one. */
struct part {
	struct of of;
	uint64_t t_ns, conn;
	bool opened, closed;
	bool ends; /* with its counts */
};

static void add(struct recording *r, enum item_type type, const void *data, size_t len)
{
	assert_int_equal(recording_add(r, &(struct item){ type, data, len }), 0);
}

static void write_part(const char *name, const struct part *part)
{
	const struct recording_files files = { .path = name };
	const struct item_host host = { .boot = { part->of.host }, .begin_ns = part->of.begin_ns };
	const struct item_counted counted = { .now_ns = part->t_ns, .port = 1 };
	const int64_t offset_ns = 0;
	struct recording *r;
	struct flow f;

	flow_open(&f, ROLE_CLIENT);
	f.r.h.conn = part->conn;
	assert_int_equal(recording_create(&r, &files), 0);
	add(r, ITEM_CLOCK, &offset_ns, sizeof(offset_ns));
	if (part->of.host)
		add(r, ITEM_HOST, &host, sizeof(host));
	add(r, ITEM_COUNTED, &counted, sizeof(counted));
	if (part->opened)
		add(r, ITEM_HANDSHAKE, &f.r.h, sizeof(f.r.h));
	flow_fin(&f, 0);
	f.r.h.flags |= HANDSHAKE_POSTED;
	if (part->closed)
		add(r, ITEM_CLOSE, &f.r, sizeof(f.r));
	if (part->ends)
		add(r, ITEM_COUNTS, &(struct item_counts){ 0 }, sizeof(struct item_counts));
	assert_int_equal(recording_close(r), 0);
}

static void write_parts(const struct part parts[FILES])
{
	for (int i = 0; i < FILES; i++) {
		snprintf(names[i], sizeof(names[i]), "%s.%d", path, i);
		write_part(names[i], &parts[i]);
	}
}

static void remove_parts(void)
{
	for (int i = 0; i < FILES; i++)
		assert_int_equal(unlink(names[i]), 0);
}

/* In the order of the items: c of ITEM_COUNTED, with its time; / of ITEM_CUT_OFF; . of ITEM_COUNTS. */
static int note_order(void *ctx, const struct item *item)
{
	char *order = ctx + strlen(ctx);
	struct item_counted counted;

	if (item->type == ITEM_CUT_OFF)
		strcpy(order, "/");
	if (item->type == ITEM_COUNTS)
		strcpy(order, ".");
	if (item->type != ITEM_COUNTED)
		return 0;
	memcpy(&counted, item->data, sizeof(counted));
	sprintf(order, "c%d", (int)counted.now_ns);
	return 0;
}

static void check_order(const struct part parts[FILES], const char *wanted)
{
	char order[64] = "";

	write_parts(parts);
	silence();
	assert_int_equal(recordings_read(paths, FILES, note_order, order), 0);
	speak();
	assert_string_equal(order, wanted);
	remove_parts();
}

/* Of two hosts that were traced at the same time, the files of each are read together. */
static void in_order(void **state)
{
	const struct of a = { 1, 5 }, b = { 2, 6 }, again = { 1, 9 };

	(void)state;
	check_order((struct part[]){ { .of = b, .t_ns = 2 },
				     { .of = a, .t_ns = 1 },
				     { .of = a, .t_ns = 3 },
				     { .of = b, .t_ns = 4, .ends = true } },
		    "c1c3/c2c4.");
	check_order((struct part[]){ { .of = a, .t_ns = 1 },
				     { .of = b, .t_ns = 2, .ends = true },
				     { .of = a, .t_ns = 3, .ends = true },
				     { .of = again, .t_ns = 4 } },
		    "c1c3.c2.c4");
	check_order((struct part[]){ { .of = a, .t_ns = 1 },
				     { .of = again, .t_ns = 2 },
				     { .of = b, .t_ns = 3 },
				     { .of = a, .t_ns = 4 } },
		    "c1c4/c2/c3");
	/* older files do not name their host, and may be of one trace */
	check_order((struct part[]){ { .t_ns = 4 }, { .t_ns = 2 }, { .t_ns = 3 }, { .t_ns = 1 } },
		    "c1c2c3c4");
}

/* The numbers in the JSON lines, in their order. */
static void find_numbers(const char *text, char *numbers)
{
	for (const char *at = strstr(text, "\"conn\":"); at; at = strstr(at + 1, "\"conn\":"))
		numbers += sprintf(numbers, "%d ", atoi(at + strlen("\"conn\":")));
}

/* Two connections have two numbers, and the chapters of one have one. */
static void numbered(void **state)
{
	const struct of a = { 1, 5 }, b = { 2, 6 };
	const struct part parts[] = {
		{ .of = a, .t_ns = 1, .conn = 7, .opened = true },
		{ .of = b, .t_ns = 2, .conn = 7, .opened = true },
		{ .of = a, .t_ns = 3, .conn = 7, .closed = true },
		{ .of = b, .t_ns = 4, .conn = 7, .closed = true, .ends = true }
	};
	struct stage s = {
		.options = { .read_file = paths[0], .read_files = paths, .n_read_files = FILES }
	};
	char *text = NULL, numbers[64] = "";
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	write_parts(parts);
	stage_open(&s, "json", out, false);
	silence();
	assert_int_equal(recordings_read(paths, FILES, reporter_item, &s.reporter), 0);
	speak();
	assert_int_equal(reporter_end(&s.reporter), 0);
	stage_close(&s);
	fclose(out);
	find_numbers(text, numbers);
	assert_string_equal(numbers, "7 7 14 14 ");
	free(text);
	remove_parts();
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(in_order), TEST(numbered) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

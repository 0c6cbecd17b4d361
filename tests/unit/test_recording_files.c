// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* -C and -W: a recording in several files. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "recorded.h"
#include "recording/recordings.h"

static void append(FILE *to, const char *from)
{
	FILE *f = fopen(from, "re");
	char bytes[4096];
	size_t n;

	assert_non_null(f);
	n = fread(bytes, 1, sizeof(bytes), f);
	assert_true(feof(f));
	assert_int_equal(fwrite(bytes, 1, n, to), n);
	fclose(f);
}

static bool is_there(const char *name)
{
	return !access(name, F_OK);
}

/* FILE, FILE1, FILE2: each is a recording, and so is their concatenation. */
static void one_after_the_other(void **state)
{
	const struct recording_files files = { .path = path, .limit_bytes = 1 };
	char names[3][64], both[64];
	struct recording *r;
	struct seen s = { 0 };
	FILE *f;

	(void)state;
	assert_int_equal(recording_create(&r, &files), 0);
	for (int i = 0; i < 3; i++) {
		snprintf(names[i], sizeof(names[i]), i ? "%s%d" : "%s", path, i);
		assert_string_equal(recording_name(r), names[i]);
		assert_int_equal(recording_add(r, &(struct item){ ITEM_CGROUP, "12345678", 8 }), 0);
		assert_false(recording_is_full(r));
		assert_int_equal(recording_write(r), 0);
		assert_true(recording_is_full(r));
		if (i < 2)
			assert_int_equal(recording_next(r), 0);
	}
	assert_int_equal(recording_close(r), 0);
	snprintf(both, sizeof(both), "%s.both", path);
	f = fopen(both, "we");
	assert_non_null(f);
	for (int i = 0; i < 3; i++)
		append(f, names[i]);
	assert_int_equal(fclose(f), 0);
	for (int i = 2; i >= 0; i--) {
		assert_int_equal(rename(names[i], path), 0);
		assert_int_equal(read_quietly(&s), 0);
		assert_int_equal(s.n, 1);
	}
	assert_int_equal(rename(both, path), 0);
	assert_int_equal(read_quietly(&s), 0);
	assert_int_equal(s.n, 3);
}

/* Names have as many digits as the last one takes; with a count of 1 one file is overwritten. */
static void so_many_files(void **state)
{
	struct recording_files files = { .path = path, .limit_bytes = 1, .count = 12 };
	struct recording *r;
	char name[64];

	(void)state;
	assert_int_equal(recording_create(&r, &files), 0);
	for (unsigned int i = 0; i < 14; i++) {
		snprintf(name, sizeof(name), "%s%02u", path, i % 12);
		assert_string_equal(recording_name(r), name);
		assert_true(is_there(name));
		assert_int_equal(recording_next(r), 0);
	}
	assert_int_equal(recording_close(r), 0);
	for (unsigned int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "%s%02u", path, i);
		assert_int_equal(unlink(name), 0);
	}
	files.count = 1;
	assert_int_equal(recording_create(&r, &files), 0);
	assert_int_equal(recording_next(r), 0);
	assert_string_equal(recording_name(r), path);
	assert_int_equal(recording_close(r), 0);
}

/* What stands at the name of the next file is left alone, and is not waited for. */
static void nothing_but_files(void **state)
{
	const struct recording_files files = { .path = path, .limit_bytes = 1 };
	char next[64], precious[64];
	struct recording *r;
	struct stat st;
	int reader;

	(void)state;
	snprintf(next, sizeof(next), "%s1", path);
	snprintf(precious, sizeof(precious), "%s.precious", path);
	assert_int_equal(recording_create(&r, &files), 0);
	assert_int_equal(mkfifo(next, 0600), 0);
	assert_int_equal(recording_next(r), -RECORDING_ENOTFILE);
	assert_int_equal(recording_close(r), 0);
	reader = open(next, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	assert_int_equal(recording_create(&r, &files), 0);
	assert_int_equal(recording_next(r), -RECORDING_ENOTFILE);
	assert_int_equal(recording_close(r), 0);
	close(reader);
	assert_int_equal(unlink(next), 0);

	assert_int_equal(rename(path, precious), 0);
	assert_int_equal(symlink(precious, next), 0);
	assert_int_equal(recording_create(&r, &files), 0);
	assert_int_equal(recording_next(r), -RECORDING_ELINK);
	assert_int_equal(recording_close(r), 0);
	assert_int_equal(stat(precious, &st), 0);
	assert_true(st.st_size > 0);
	assert_int_equal(unlink(next), 0);

	/* the first name is the user's own */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(precious, path), 0);
	assert_int_equal(recording_create(&r, &files), 0);
	assert_int_equal(recording_close(r), 0);
	assert_int_equal(unlink(precious), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(recording_create(&r, &files), -RECORDING_ENOTFILE);
}

/* The disk is full in the middle of a block: the file ends before it. */
static void whole_blocks(void **state)
{
	const struct recording_files files = { .path = path };
	const struct rlimit full = { 1000, RLIM_INFINITY };
	struct rlimit before;
	char bytes[300] = { 0 };
	struct recording *r;
	struct seen s = { 0 };

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(recording_create(&r, &files), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	for (int n = 0; n < 2; n++) {
		assert_int_equal(recording_add(r, &(struct item){ ITEM_CGROUP, bytes, 300 }), 0);
		assert_int_equal(recording_write(r), 0);
	}
	assert_int_equal(recording_add(r, &(struct item){ ITEM_CGROUP, bytes, 300 }), 0);
	assert_int_equal(recording_write(r), -EFBIG);
	assert_int_equal(recording_close(r), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(read_quietly(&s), 0);
	assert_int_equal(s.n, 2);
}

/* What came, by the ports of what was counted. */
struct order {
	unsigned int ports[4], n;
	int answer;
};

static int see_order(void *ctx, const struct item *item)
{
	struct order *o = ctx;
	struct item_counted counted;

	if (item->type != ITEM_COUNTED)
		return 0;
	memcpy(&counted, item->data, sizeof(counted));
	assert_true(o->n < 4);
	o->ports[o->n++] = counted.port;
	return o->answer;
}

/* A file whose first event was so long after the epoch, by a clock of its own. */
static void write_at(const char *name, int64_t offset_ns, uint64_t now_ns, uint16_t port)
{
	const struct recording_files files = { .path = name };
	const struct item_counted counted = { .now_ns = now_ns, .port = port };
	struct recording *r;

	assert_int_equal(recording_create(&r, &files), 0);
	assert_int_equal(recording_add(r, &(struct item){ ITEM_CLOCK, &offset_ns, 8 }), 0);
	assert_int_equal(recording_add(r,
				       &(struct item){ ITEM_COUNTED, &counted, sizeof(counted) }),
			 0);
	assert_int_equal(recording_close(r), 0);
}

/* In the order of their first events, whatever their names, and although the host was started in between. */
static void several_files(void **state)
{
	char names[3][64];
	const char *const paths[] = { names[0], names[1], names[2], path };
	struct order o = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		snprintf(names[i], sizeof(names[i]), "%s.%d", path, i);
	write_at(names[0], 0, 3000, 3);
	write_at(names[1], 900, 100, 1);
	write_at(names[2], 0, 2000, 2);
	write_at(path, 0, 4000, 4);
	assert_int_equal(recordings_read(paths, 4, see_order, &o), 0);
	assert_memory_equal(o.ports, ((unsigned int[]){ 1, 2, 3, 4 }), sizeof(o.ports));
	/* one that is missing does not keep the others back */
	assert_int_equal(unlink(names[2]), 0);
	o = (struct order){ 0 };
	silence();
	assert_int_equal(recordings_read(paths, 4, see_order, &o), -ENOENT);
	speak();
	assert_int_equal(o.n, 3);
	/* the sink may end it */
	o = (struct order){ .answer = -EPIPE };
	assert_int_equal(recordings_read(paths, 2, see_order, &o), -EPIPE);
	assert_int_equal(o.n, 1);
	assert_int_equal(unlink(names[0]) | unlink(names[1]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_after_the_other), TEST(so_many_files), TEST(nothing_but_files),
		TEST(whole_blocks),	   TEST(several_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

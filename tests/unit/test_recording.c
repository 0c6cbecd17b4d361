// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Items into a file and back; files that are cut off, damaged or another program's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "golden_cases.h"
#include "recorded.h"

/* Bytes of a block beside its items, and before each item. */
#define AROUND 24
#define ITEM_HEAD 8

static size_t file_size(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (size_t)st.st_size;
}

static struct recording *create(void)
{
	const struct recording_files files = { .path = path };
	struct recording *r;

	assert_int_equal(recording_create(&r, &files), 0);
	return r;
}

/* Records blocks with so many items of len bytes each.  Returns the offset of the first block. */
static size_t record(size_t len, unsigned int blocks, unsigned int items)
{
	uint8_t bytes[64] = "abcdefghijklmnopqrstuvwxyz";
	struct recording *r = create();
	size_t begin = file_size();

	assert_true(len <= sizeof(bytes));
	for (unsigned int b = 0; b < blocks; b++) {
		for (unsigned int i = 0; i < items; i++)
			assert_int_equal(recording_add(r,
						       &(struct item){ ITEM_CGROUP, bytes, len }),
					 0);
		assert_int_equal(recording_write(r), 0);
	}
	assert_int_equal(recording_close(r), 0);
	return begin;
}

static void overwrite(long at, const void *bytes, size_t len)
{
	FILE *f = fopen(path, "r+e");

	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void round_trip(void **state)
{
	struct seen s = { 0 };

	(void)state;
	/* with 0 to 3 bytes of padding */
	for (size_t len = 0; len < 9; len++) {
		record(len, 1, 3);
		assert_int_equal(read_quietly(&s), 0);
		assert_int_equal(s.n, 3);
		assert_int_equal(s.type, ITEM_CGROUP);
		assert_int_equal(s.len, len);
		assert_memory_equal(s.bytes, "abcdefghijkl", len);
		assert_int_equal(file_size() % 4, 0);
	}
	record(8, 0, 0);
	assert_int_equal(read_quietly(&s), 0);
	assert_int_equal(s.n, 0);
}

static void private_file(void **state)
{
	struct stat st;

	(void)state;
	unlink(path);
	record(8, 1, 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void sink_stops(void **state)
{
	struct seen s = { .answer = 1 };

	(void)state;
	record(8, 1, 3);
	assert_int_equal(read_quietly(&s), 1);
	assert_int_equal(s.n, 1);
	s.answer = -EPIPE;
	assert_int_equal(read_quietly(&s), -EPIPE);
}

/* Cut anywhere: the items before are read.  Between two blocks it is no error. */
static void cut_off(void **state)
{
	const size_t block = AROUND + 2 * (ITEM_HEAD + 12);
	struct seen s = { 0 };
	size_t begin, size;

	(void)state;
	begin = record(10, 3, 2);
	size = file_size();
	assert_int_equal(size, begin + 3 * block);
	for (size_t cut = size; cut-- > 0;) {
		size_t at = cut < begin ? 0 : (cut - begin) % block, items = 0;
		bool between = cut == begin || (cut > begin && !at);

		if (cut >= begin)
			items = (cut - begin) / block * 2;
		for (size_t end = AROUND - 4; at && (end += ITEM_HEAD + 12) <= at;)
			items++;
		assert_int_equal(truncate(path, (off_t)cut), 0);
		/* that includes the cut between section and interface */
		if (read_quietly(&s) != (between ? 0 : -EBADMSG))
			assert_true(cut < begin && !s.n);
		assert_int_equal(s.n, items);
	}
}

static void set_u32(long at, uint32_t value, int expected, unsigned int items)
{
	struct seen s = { 0 };

	record(10, 3, 1);
	overwrite(at, &value, 4);
	assert_int_equal(read_quietly(&s), expected);
	assert_int_equal(s.n, items);
}

static void damaged(void **state)
{
	const long first = (long)record(10, 0, 0), size = AROUND + ITEM_HEAD + 12,
		   second = first + size;
	const uint16_t version = RECORD_VERSION + 1;
	struct seen s = { 0 };

	(void)state;
	/* the section: another program's, of the other byte order, too short */
	set_u32(0, 0xa1b2c3d4, -EBADMSG, 0);
	set_u32(8, 0x4d3c2b1a, -EBADMSG, 0);
	set_u32(4, 12, -EBADMSG, 0);
	/* lengths: 0, too short, no multiple of 4, unlike the second one, enormous */
	set_u32(second + 4, 0, -EBADMSG, 1);
	set_u32(second + 4, 8, -EBADMSG, 1);
	set_u32(second + 4, (uint32_t)size + 1, -EBADMSG, 1);
	set_u32(second + 4, (uint32_t)size - 4, -EBADMSG, 1);
	set_u32(second + 4, (uint32_t)size + 4, -EBADMSG, 1);
	set_u32(second + 4, 0xfffffffc, -EBADMSG, 1);
	set_u32(second + size - 4, (uint32_t)size - 4, -EBADMSG, 1);
	/* an item longer than its block, and one followed by a fragment */
	set_u32(second + 24, 13, -EBADMSG, 1);
	set_u32(second + 24, UINT32_MAX, -EBADMSG, 1);
	set_u32(second + 24, 4, -EBADMSG, 2);
	/* blocks of other programs are skipped */
	set_u32(first, 6, 0, 2);
	set_u32(first + 8, 4711, 0, 2);
	set_u32(first + 12, 0, 0, 2);
	/* another version's records would be misread */
	record(10, 3, 1);
	overwrite(second + 16, &version, 2);
	assert_int_equal(read_quietly(&s), -EPROTO);
	assert_int_equal(s.n, 1);
}

/* A pcapng file of another program is not a recording. */
static void foreign(void **state)
{
	struct seen s = { 0 };

	(void)state;
	record(10, 0, 0);
	assert_int_equal(read_quietly(&s), 0);
	/* in the program's name */
	overwrite(28, "d", 1);
	assert_int_equal(read_quietly(&s), -EBADMSG);
	record(10, 1, 1);
	overwrite(28, "d", 1);
	assert_int_equal(read_quietly(&s), 0);
	assert_int_equal(s.n, 1);
}

static void no_file(void **state)
{
	struct seen s = { 0 };

	(void)state;
	unlink(path);
	assert_int_equal(read_quietly(&s), -ENOENT);
	record(8, 1, 1);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(read_quietly(&s), -EBADMSG);
}

static int add(void *ctx, const struct item *item)
{
	return recording_add(ctx, item);
}

/* Any byte of a valid recording changed: the reader ends, and reads nothing past the end. */
static void any_byte(void **state)
{
	struct poster t = { .sink = add };
	struct recording *r = create();
	struct seen s = { 0 };
	size_t size;

	(void)state;
	t.ctx = r;
	post_begin(&t);
	case_ssh_client(&t);
	assert_int_equal(t.err, 0);
	assert_int_equal(recording_close(r), 0);
	size = file_size();
	for (size_t at = 0; at < size; at++) {
		uint8_t old = 0;
		FILE *f = fopen(path, "re");
		int result;

		assert_non_null(f);
		assert_int_equal(fseek(f, (long)at, SEEK_SET), 0);
		assert_int_equal(fread(&old, 1, 1, f), 1);
		fclose(f);
		overwrite((long)at, &(uint8_t){ old ^ (at % 2 ? 0xff : 1) }, 1);
		result = read_quietly(&s);
		assert_true(result == 0 || result == -EBADMSG || result == -EPROTO);
		overwrite((long)at, &old, 1);
	}
	assert_int_equal(read_quietly(&s), 0);
	assert_int_equal(s.n, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(round_trip), TEST(private_file), TEST(sink_stops), TEST(cut_off),
		TEST(damaged),	  TEST(foreign),      TEST(no_file),	TEST(any_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

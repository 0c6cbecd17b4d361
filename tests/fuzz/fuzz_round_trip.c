// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Items are recorded and printed.  The recording yields the same items and prints the same text;
 * cut off anywhere it yields the first of the items.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "input.h"
#include "play.h"
#include "recording/recording.h"

#define ITEMS_MAX 32

struct items {
	struct item list[ITEMS_MAX];
	size_t n;
};

static void items_read(struct items *items, const uint8_t *data, size_t size)
{
	size_t at = 0;

	items->n = 0;
	while (size - at >= 3 && items->n < ITEMS_MAX) {
		size_t len = (size_t)data[at + 1] | (size_t)data[at + 2] << 8;
		enum item_type type = (enum item_type)data[at];

		at += 3;
		if (len > size - at)
			len = size - at;
		items->list[items->n++] = (struct item){ type, data + at, len };
		at += len;
	}
}

/* The ctx of compare(): the items expected, and how many have come. */
struct expected {
	const struct items *items;
	size_t seen;
};

static int compare(void *expected, const struct item *item)
{
	struct expected *e = expected;
	const struct item *want = &e->items->list[e->seen++];

	CHECK(e->seen <= e->items->n);
	CHECK(item->type == want->type && item->len == want->len);
	CHECK(!item->len || !memcmp(item->data, want->data, item->len));
	return 0;
}

static void write_items(const char *path, const struct items *items)
{
	struct recording *r;

	CHECK(!recording_create(&r, &(struct recording_files){ .path = path }));
	for (size_t i = 0; i < items->n; i++)
		CHECK(!recording_add(r, &items->list[i]));
	CHECK(!recording_close(r));
}

static void cut_off(int fd, const char *path, const struct items *items, size_t where)
{
	struct expected e = { .items = items };
	off_t size = lseek(fd, 0, SEEK_END);
	int err;

	CHECK(size > 0);
	CHECK(!ftruncate(fd, (off_t)(where % (size_t)size)));
	err = recording_read(path, compare, &e);
	CHECK(!err || err == -EBADMSG);
}

static void record_and_replay(const char *path, const struct items *items)
{
	static struct play live, replayed;

	play_begin(&live, renderer_find("json"), 0);
	live.options.write_file = path;
	CHECK(!recorder_create(&live.reporter.recorder, &live.options, live.reporter.cgroups));
	recorder_last(live.reporter.recorder);
	for (size_t i = 0; i < items->n; i++)
		CHECK(!play_item(&live, &items->list[i]));
	play_end(&live);
	CHECK(!recorder_close(live.reporter.recorder));
	play_begin(&replayed, renderer_find("json"), 0);
	CHECK(!recording_read(path, play_item, &replayed));
	play_end(&replayed);
	CHECK(live.memory.len == replayed.memory.len &&
	      !memcmp(live.memory.text, replayed.memory.text, live.memory.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct items items;
	struct expected e = { .items = &items };
	char path[MEMORY_PATH_MAX];
	int fd;

	if (size < 2)
		return -1;
	items_read(&items, data + 2, size - 2);
	fd = memory_file(path, NULL, 0);
	write_items(path, &items);
	CHECK(!recording_read(path, compare, &e));
	CHECK(e.seen == items.n);
	cut_off(fd, path, &items, (size_t)data[0] | (size_t)data[1] << 8);
	record_and_replay(path, &items);
	close(fd);
	return 0;
}

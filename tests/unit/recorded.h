/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the tests of recordings share: a temporary file, and a sink for its items. */
#ifndef RECORDED_H
#define RECORDED_H

#include "recording/recording.h"

/* What recording_read() passed on. */
struct seen {
	unsigned int n;
	enum item_type type;
	size_t len;
	uint8_t bytes[600];
	int answer; /* what see_item() returns */
};

/* The file, which make_file() creates for each test and remove_file() removes. */
extern char path[];

int make_file(void **state);
int remove_file(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_file, remove_file)

/* An item_fn whose ctx is a struct seen. */
int see_item(void *ctx, const struct item *item);

/* The messages are not what is tested, and would look like failures. */
void silence(void);
void speak(void);

/* recording_read() of the file, without its messages. */
int read_quietly(struct seen *s);

#endif

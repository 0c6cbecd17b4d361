/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the tests of recordings share: a file of their own, and who reads it. */
#ifndef RECORDED_H
#define RECORDED_H

#include "recording/recording.h"

/* What recording_read() passed on. */
struct seen {
	unsigned int n;
	enum item_type type;
	size_t len;
	uint8_t bytes[600];
	int answer; /* what see() returns */
};

/* The file, which begin() makes anew for each test and end() removes. */
extern char path[];

int begin(void **state);
int end(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

/* The tests' sink, of a struct seen. */
int see(void *ctx, const struct item *item);

/* recording_read() of the file; its messages go nowhere. */
int read_quietly(struct seen *s);

#endif

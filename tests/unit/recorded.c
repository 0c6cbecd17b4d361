// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the tests of recordings share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "recorded.h"

char path[] = "/tmp/recording-XXXXXX";

int see_item(void *ctx, const struct item *item)
{
	struct seen *s = ctx;

	s->n++;
	s->type = item->type;
	s->len = item->len;
	if (item->len && item->len <= sizeof(s->bytes))
		memcpy(s->bytes, item->data, item->len);
	return s->answer;
}

int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0)
		return -1;
	return close(fd);
}

int remove_file(void **state)
{
	(void)state;
	unlink(path);
	strcpy(path + strlen(path) - 6, "XXXXXX");
	return 0;
}

static int err_fd;

void silence(void)
{
	err_fd = dup(STDERR_FILENO);
	assert_true(err_fd >= 0);
	assert_non_null(freopen("/dev/null", "w", stderr));
}

void speak(void)
{
	fflush(stderr);
	assert_true(dup2(err_fd, STDERR_FILENO) >= 0);
	close(err_fd);
}

int read_quietly(struct seen *s)
{
	int result;

	silence();
	memset(s, 0, offsetof(struct seen, answer));
	result = recording_read(path, see_item, s);
	speak();
	return result;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "recordings.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/message.h"
#include "base/number.h"
#include "recording.h"
#include "shared/diary_read.h"

#define FOUND (-ECANCELED)

/* A file, and when its first item was reported, CLOCK_REALTIME; INT64_MAX: it has none. */
struct file {
	const char *path;
	size_t at; /* on the command line */
	int64_t first_ns;
};

struct search {
	int64_t offset_ns;
	uint64_t t_ns;
};

static uint64_t record_end_ns(const struct record *r)
{
	uint64_t end_ns = diary_close_end_ns(r);

	return end_ns ? end_ns : diary_handshake_end_ns(&r->h);
}

/* When it was reported, CLOCK_MONOTONIC; 0: it has no time.  A file has a close that began in an earlier one. */
static uint64_t reported_ns(const struct item *item)
{
	union {
		struct handshake_part handshake;
		struct record record;
		struct item_open open;
		struct transition transition;
		struct item_listener listener;
		struct item_counted counted;
	} u;

	if (item->len < item_size(item->type) || item->len > sizeof(u))
		return 0;
	memcpy(&u, item->data, item->len);
	switch (item->type) {
	case ITEM_HANDSHAKE:
		return diary_handshake_end_ns(&u.handshake);
	case ITEM_CLOSE:
		return record_end_ns(&u.record);
	case ITEM_OPEN:
		return u.open.now_ns;
	case ITEM_TRANSITION:
		return u.transition.t_ns;
	case ITEM_LISTENER:
		return u.listener.now_ns;
	case ITEM_COUNTED:
		return u.counted.now_ns;
	default:
		return 0;
	}
}

static int find_first(void *ctx, const struct item *item)
{
	struct search *s = ctx;

	if (item->type == ITEM_CLOCK && item->len == sizeof(s->offset_ns))
		memcpy(&s->offset_ns, item->data, sizeof(s->offset_ns));
	s->t_ns = reported_ns(item);
	return s->t_ns ? FOUND : 0;
}

/* What is read from a pipe is gone. */
static bool may_read_twice(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

static int64_t first_ns(const char *path)
{
	struct search s = { 0 };

	if (!may_read_twice(path))
		return INT64_MAX;
	if (recording_peek(path, find_first, &s) != FOUND)
		return INT64_MAX;
	return number_add((int64_t)s.t_ns, s.offset_ns);
}

static int compare(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* What the sink returned, which ends the reading; an error of a file does not. */
struct passing {
	item_fn sink;
	void *ctx;
	int result;
};

static int pass(void *ctx, const struct item *item)
{
	struct passing *p = ctx;

	p->result = p->sink(p->ctx, item);
	return p->result;
}

/* A recording that does not name its host is of a host of its own. */
static int pass_host(struct passing *p, size_t at)
{
	struct item_host host = { 0 };
	size_t number = at + 1;

	memcpy(host.boot, &number, sizeof(number));
	return pass(p, &(struct item){ ITEM_HOST, &host, sizeof(host) });
}

bool recordings_peek(const char *const *paths, size_t n, item_fn sink, void *ctx)
{
	struct passing p = { .sink = sink, .ctx = ctx };
	bool all = true;

	for (size_t i = 0; i < n && !p.result; i++) {
		all &= may_read_twice(paths[i]);
		if (may_read_twice(paths[i]) && !pass_host(&p, i))
			recording_peek(paths[i], pass, &p);
	}
	return all;
}

int recordings_read(const char *const *paths, size_t n, item_fn sink, void *ctx)
{
	struct passing p = { .sink = sink, .ctx = ctx };
	struct file *files;
	int err = 0;

	files = calloc(n, sizeof(*files));
	if (!files) {
		message("memory: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		files[i] = (struct file){ paths[i], i, n > 1 ? first_ns(paths[i]) : 0 };
	qsort(files, n, sizeof(*files), compare);
	for (size_t i = 0; i < n && !p.result; i++) {
		int result = pass_host(&p, files[i].at) ?: recording_read(files[i].path, pass, &p);

		err = err ? err : result;
	}
	free(files);
	return p.result ? p.result : err;
}

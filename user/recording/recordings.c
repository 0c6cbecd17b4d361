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

/*
 * A file, and when its first item was reported, CLOCK_REALTIME; INT64_MAX: it has none.  The files of a trace (-C)
 * follow one another, those of the trace that began first before the others'.
 */
struct file {
	const char *path;
	size_t at; /* on the command line */
	int64_t first_ns, trace_first_ns;
	struct item_host host; /* all zero: the file does not name it */
};

/* What is looked for at a file's begin. */
struct search {
	int64_t offset_ns;
	uint64_t t_ns;
	struct item_host host;
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
	if (item->type == ITEM_HOST && item->len >= sizeof(s->host))
		memcpy(&s->host, item->data, sizeof(s->host));
	s->t_ns = reported_ns(item);
	return s->t_ns ? FOUND : 0;
}

/* What is read from a pipe is gone. */
static bool may_read_twice(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

static void look_into(struct file *f)
{
	struct search s = { 0 };

	f->first_ns = INT64_MAX;
	if (may_read_twice(f->path) && recording_peek(f->path, find_first, &s) == FOUND)
		f->first_ns = number_add((int64_t)s.t_ns, s.offset_ns);
	f->host = s.host;
}

static int compare_traces(const struct item_host *x, const struct item_host *y)
{
	int order = memcmp(x->boot, y->boot, sizeof(x->boot));

	return order ? order : (x->begin_ns > y->begin_ns) - (x->begin_ns < y->begin_ns);
}

static int compare(const void *a, const void *b)
{
	const struct file *x = a, *y = b;
	int order = compare_traces(&x->host, &y->host);

	if (x->trace_first_ns != y->trace_first_ns)
		return x->trace_first_ns < y->trace_first_ns ? -1 : 1;
	if (order)
		return order;
	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static bool names_host(const struct item_host *host)
{
	return compare_traces(host, &(struct item_host){ 0 }) != 0;
}

static void put_in_order(struct file *files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		look_into(&files[i]);
		files[i].trace_first_ns = files[i].first_ns;
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n && names_host(&files[i].host); j++)
			if (!compare_traces(&files[i].host, &files[j].host) &&
			    files[j].first_ns < files[i].trace_first_ns)
				files[i].trace_first_ns = files[j].first_ns;
	qsort(files, n, sizeof(*files), compare);
}

struct passing {
	item_fn sink;
	void *ctx;
	int result; /* what the sink returned, which ends the reading; an error of a file does not */
	const char *path;      /* of the file that is read */
	struct item_host host; /* of the trace that is read; all zero: not known */
	const char *unended;   /* the file in which its ITEM_COUNTS may come; NULL: it has come */
};

static int pass(void *ctx, const struct item *item)
{
	struct passing *p = ctx;

	p->result = p->sink(p->ctx, item);
	return p->result;
}

/* A tracer that is killed does not write the end, and a file of several (-C) may be read alone. */
static void say_unended(const struct passing *p)
{
	message("%s: the trace does not end there (what was open then, or lost, is not known)",
		p->unended);
}

/* The same for the items of a file, and says where another trace begins without the end of the one before. */
static int pass_traces(void *ctx, const struct item *item)
{
	struct passing *p = ctx;
	struct item_host host;

	if (item->type == ITEM_HOST && item->len >= sizeof(host)) {
		memcpy(&host, item->data, sizeof(host));
		if (p->unended && names_host(&p->host) && compare_traces(&p->host, &host) != 0) {
			say_unended(p);
			if (pass(p, &(struct item){ .type = ITEM_CUT_OFF }))
				return p->result;
		}
		p->host = host;
	}
	if (item->type == ITEM_COUNTS)
		p->unended = NULL;
	else if (reported_ns(item))
		p->unended = p->path;
	return pass(p, item);
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
		files[i] = (struct file){ .path = paths[i], .at = i };
	if (n > 1)
		put_in_order(files, n);
	for (size_t i = 0; i < n && !p.result; i++) {
		int result;

		p.path = files[i].path;
		result = pass_host(&p, files[i].at) ?: recording_read(p.path, pass_traces, &p);
		err = err ? err : result;
	}
	if (p.unended && !p.result && !err)
		say_unended(&p);
	free(files);
	return p.result ? p.result : err;
}

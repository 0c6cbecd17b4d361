// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Makes the page of --metrics from what the kernel has now, and writes the file of --metrics-file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "base/sudo_user.h"
#include "live_parts.h"
#include "metrics/page.h"
#include "metrics/server_protobuf.h"

/* scrapers ask every 15 s to 60 s */
#define FILE_EVERY_NS (10 * NS_PER_S)

int live_metrics_open(struct live *l)
{
	const struct metrics_cgroups cgroups = { reporter_workload, reporter_cgroup_path,
						 l->reporter };
	struct metrics *m;

	if (!options_metrics(l->options))
		return 0;
	m = metrics_create(l->options, &cgroups);
	if (!m) {
		message("memory: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	for (enum feature f = 0; f < FEATURES; f++)
		metrics_set_hook(m, f, tracer_hook(l->tracer, f));
	tracer_count_listeners(l->tracer, metrics_listener, m);
	l->reporter->metrics = m;
	return 0;
}

/* What user space finds only by looking is counted first. */
static int read_kernel(struct live *l, struct metrics *m)
{
	struct state_count counts[ROLES][STATE_NUMBERS];
	struct shortfalls shortfalls;
	int err = tracer_sweep(l->tracer, reporter_item, l->reporter);

	metrics_begin(m, clock_monotonic_ns());
	if (!err)
		err = tracer_rows(l->tracer, metrics_kernel_row, m);
	if (!err)
		err = tracer_read_counted_listeners(l->tracer);
	metrics_set_states(m, tracer_count_states(l->tracer, counts) ? counts : NULL);
	tracer_shortfalls(l->tracer, &shortfalls);
	metrics_set_shortfalls(m, &shortfalls);
	return err;
}

static const struct exposition_format *const formats[METRICS_FORMATS] = {
	[METRICS_TEXT] = &exposition_text,
	[METRICS_OPENMETRICS] = &exposition_openmetrics,
	[METRICS_PROTOBUF] = &exposition_protobuf,
};

int live_metrics_page(void *live, FILE *out, enum metrics_format format)
{
	struct live *l = live;
	struct metrics *m = l->reporter->metrics;
	int err = read_kernel(l, m);

	return err ? err : metrics_page(m, out, formats[format], clock_offset_ns());
}

/* Beside the file, and then in its place: who reads it finds a whole page. */
static int write_file(struct live *l, const char *path)
{
	char *beside = NULL;
	FILE *out = NULL;
	int fd, err;

	if (asprintf(&beside, "%s.tmp", path) < 0)
		return -ENOMEM;
	fd = sudo_user_open(beside, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	err = fd < 0 ? fd : 0;
	if (!err && !(out = fdopen(fd, "w"))) {
		err = -errno;
		close(fd);
	}
	if (!err) {
		err = live_metrics_page(l, out, METRICS_TEXT);
		/* fclose() tells only of what it writes itself */
		if (ferror(out) && !err)
			err = -EIO;
		if (fclose(out) && !err)
			err = -errno;
	}
	if (!err && rename(beside, path))
		err = -errno;
	if (err && fd >= 0)
		unlink(beside);
	free(beside);
	return err;
}

/* A disk that is full for a while is no reason to end; the first failure is, and each new one is told once. */
int live_metrics_file(struct live *l, uint64_t now_ns)
{
	const char *path = l->options->metrics_file;
	int err;

	if (!path || now_ns < l->metrics_file_at_ns)
		return 0;
	err = write_file(l, path);
	if (err && err != l->metrics_file_err)
		message("--metrics-file %s: %s%s", path, strerror(-err), sudo_user_hint(err));
	l->said |= !l->metrics_file_at_ns && err;
	if (!l->metrics_file_at_ns && err)
		return err;
	l->metrics_file_err = err;
	l->metrics_file_at_ns = now_ns + FILE_EVERY_NS;
	return 0;
}

/* A file that nobody writes any more would be read as what is so now. */
void live_metrics_close(struct live *l)
{
	if (l->metrics_file_at_ns)
		unlink(l->options->metrics_file);
	metrics_destroy(l->reporter->metrics);
	l->reporter->metrics = NULL;
}

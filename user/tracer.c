// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "tracer_parts.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "kernel.h"
#include "message.h"
#include "sweep.h"
#include "tally_chapter.h"

#define ACCEPT_PATIENCE_NS 1000000000ULL
#define MINISOCKETS_EVERY_NS \
	2000000000ULL /* their table may be large, their time-out is a minute */

__attribute__((format(printf, 2, 0))) static int print_libbpf(enum libbpf_print_level level,
							      const char *format, va_list args)
{
	if (level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, format, args);
}

static int print_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int receive(void *ctx, void *data, size_t len)
{
	struct tracer *t = ctx;
	struct item item = { .data = data, .len = len };

	switch (len) {
	case sizeof(struct handshake_part):
		item.type = ITEM_HANDSHAKE;
		break;
	case sizeof(struct record):
		item.type = ITEM_CLOSE;
		break;
	case sizeof(struct transition):
		item.type = ITEM_TRANSITION;
		break;
	default:
		return 0;
	}
	return t->sink(t->ctx, &item);
}

/* One line that says what is wrong and what to do. */
static int refuse(int err)
{
	if (err == -EPERM)
		message("BPF: %s (run it as root, or with CAP_BPF and CAP_PERFMON; before Linux "
			"5.11 also CAP_SYS_RESOURCE)",
			strerror(-err));
	else if (err == -ENOMEM)
		message("BPF: %s (a smaller --max-connections or --ring needs less)",
			strerror(-err));
	else
		message("BPF: %s (a kernel from 5.8 on with CONFIG_DEBUG_INFO_BTF is needed; -v "
			"shows more)",
			strerror(-err));
	return err;
}

static int load(struct tracer *t, pid_t command)
{
	struct btf *btf;
	int err;

	if (t->options->attach == ATTACH_FENTRY || t->options->attach == ATTACH_KPROBE) {
		message("--attach: only the tracepoint can be attached to (use --attach "
			"tracepoint)");
		return -EOPNOTSUPP;
	}
	btf = btf__load_vmlinux_btf();
	if (!btf) {
		message("/sys/kernel/btf/vmlinux: %s (the kernel must be built with "
			"CONFIG_DEBUG_INFO_BTF)",
			strerror(errno));
		return -ENOENT;
	}
	t->skel = tcpstates_bpf__open();
	if (!t->skel) {
		err = refuse(-errno);
		goto out;
	}
	tracer_configure(t, btf, command);
	err = tcpstates_bpf__load(t->skel);
	if (!err)
		err = tracer_fill_maps(t, command);
	if (!err) {
		t->ring = ring_buffer__new(bpf_map__fd(t->skel->maps.ring), receive, t, NULL);
		err = t->ring ? 0 : -errno;
	}
	if (err)
		refuse(err);
out:
	btf__free(btf);
	return err;
}

static void unload(struct tracer *t)
{
	struct bpf_link **links[] = { &t->stand_in,  &t->check,	    &t->accept[0],
				      &t->accept[1], &t->accept[2], &t->cookies };

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		bpf_link__destroy(*links[i]);
		*links[i] = NULL;
	}
	ring_buffer__free(t->ring);
	t->ring = NULL;
	tcpstates_bpf__destroy(t->skel);
	t->skel = NULL;
}

static uint64_t runs_missed(const struct bpf_program *prog)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return 0;
	return info.recursion_misses;
}

/* Only where kprobes are allowed; without, what may come from a SYN cookie has no round trip. */
static void attach_cookies(struct tracer *t)
{
	t->cookies = bpf_program__attach(t->skel->progs.cookie_child);
	t->skel->bss->cookies_watched = t->cookies != NULL;
	if (t->options->verbose)
		message("SYN cookies: %s", t->cookies ? "kretprobe" : "not seen on this kernel");
}

int tracer_open(struct tracer **tracer, const struct options *options, pid_t command)
{
	struct tracer *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	t->options = options;
	t->no_accept = options->no_accept;
	t->n_cpus = libbpf_num_possible_cpus();
	libbpf_set_print(options->verbose ? print_libbpf : print_nothing);
	err = load(t, command);
	if (err)
		goto fail;
	if (tracer_attach_accept(t)) {
		unload(t);
		t->no_accept = true;
		err = load(t, command);
		if (err)
			goto fail;
	}
	attach_cookies(t);
	err = tcpstates_bpf__attach(t->skel);
	if (!err) {
		t->stand_in = bpf_program__attach(t->skel->progs.state_changed_stand_in);
		t->missed_before = runs_missed(t->skel->progs.state_changed);
		err = t->stand_in ? 0 : -errno;
	}
	if (err) {
		refuse(err);
		goto fail;
	}
	tracer_scan(t);
	*tracer = t;
	return 0;
fail:
	tracer_close(t);
	return err;
}

int tracer_fd(struct tracer *t)
{
	return ring_buffer__epoll_fd(t->ring);
}

int tracer_read(struct tracer *t, item_fn sink, void *ctx)
{
	int n;

	t->sink = sink;
	t->ctx = ctx;
	n = ring_buffer__consume(t->ring);
	return n < 0 ? n : 0;
}

static struct sweep sweep_of(struct tracer *t, item_fn sink, void *ctx)
{
	return (struct sweep){
		.cfg = &t->skel->rodata->cfg,
		.options = t->options,
		.table_fd = bpf_map__fd(t->skel->maps.table),
		.unaccepted_fd = bpf_map__fd(t->skel->maps.unaccepted),
		.minisockets_fd = bpf_map__fd(t->skel->maps.minisockets),
		.sink = sink,
		.ctx = ctx,
		.check = t->skel->bss->check_number,
		.checked_ns = t->checked_ns,
		.last = t->stopped,
	};
}

int tracer_sweep(struct tracer *t, item_fn sink, void *ctx)
{
	struct sweep s = sweep_of(t, sink, ctx);
	uint64_t now_ns = clock_monotonic_ns(), missed;
	int err = sweep_unaccepted(&s, now_ns - ACCEPT_PATIENCE_NS);

	if (err || !s.cfg->minisockets_seen || now_ns < t->minisockets_at_ns)
		return err;
	t->minisockets_at_ns = now_ns + MINISOCKETS_EVERY_NS;
	missed = runs_missed(t->segments);
	err = sweep_minisockets(&s, now_ns, missed != t->segments_missed);
	t->segments_missed = missed;
	return err;
}

int tracer_tell_open(struct tracer *t, item_fn sink, void *ctx)
{
	struct sweep s = sweep_of(t, sink, ctx);

	if (!t->stopped)
		tracer_check(t);
	s = sweep_of(t, sink, ctx);
	return sweep_open(&s, clock_monotonic_ns());
}

int tracer_busy(struct tracer *t)
{
	struct sweep s = sweep_of(t, NULL, NULL);

	return sweep_count(&s);
}

static uint64_t counter(struct tracer *t, __u32 which)
{
	__u64 *values = calloc((size_t)t->n_cpus, sizeof(*values)), sum = 0;

	if (values && !bpf_map_lookup_elem(bpf_map__fd(t->skel->maps.counters), &which, values))
		for (int i = 0; i < t->n_cpus; i++)
			sum += values[i];
	free(values);
	return sum;
}

int tracer_stop(struct tracer *t, item_fn sink, void *ctx)
{
	/* while what changes meanwhile is still seen */
	tracer_check(t);
	t->stopped = true;
	/* the stand-in goes last, as it came last: it would miss what the main program misses */
	tcpstates_bpf__detach(t->skel);
	bpf_link__destroy(t->stand_in);
	t->stand_in = NULL;
	for (size_t i = 0; i < sizeof(t->accept) / sizeof(t->accept[0]); i++) {
		bpf_link__destroy(t->accept[i]);
		t->accept[i] = NULL;
	}
	return tracer_read(t, sink, ctx);
}

int tracer_finish(struct tracer *t, item_fn sink, void *ctx)
{
	struct sweep s = sweep_of(t, sink, ctx);
	uint64_t missed = runs_missed(t->skel->progs.state_changed) - t->missed_before;
	uint64_t stand_in = counter(t, COUNT_STAND_IN);
	struct item_counts counts = {
		.events_lost = counter(t, COUNT_LOST_HANDSHAKE) + counter(t, COUNT_LOST_CLOSE) +
			       counter(t, COUNT_LOST_TRANSITION) + counter(t, COUNT_LOST_TALLY) +
			       (missed > stand_in ? missed - stand_in : 0),
		.table_full = counter(t, COUNT_TABLE_FULL),
	};
	int err = tracer_tally(t, sink, ctx);

	if (!err)
		err = sweep_untold(&s);
	if (!err)
		err = tracer_tell_open(t, sink, ctx);
	if (!err)
		err = sink(ctx, &(struct item){ ITEM_COUNTS, &counts, sizeof(counts) });
	if (t->options->verbose)
		message("hook runs skipped: %llu, of which the stand-in did %llu; unknown sockets: "
			"%llu",
			(unsigned long long)missed, (unsigned long long)stand_in,
			(unsigned long long)counter(t, COUNT_UNKNOWN));
	return err;
}

void tracer_close(struct tracer *t)
{
	if (!t)
		return;
	unload(t);
	tally_counts_destroy(t->counted);
	free(t);
}

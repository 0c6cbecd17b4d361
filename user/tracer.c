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
#include "refusal.h"
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
static int refuse(const struct tracer *t, int err)
{
	struct refusal r = { .err = err, .ring_err = kernel_try_ring(), .no_types = !t->btf };

	message("%s: %s (%s)", r.no_types && err == -ENOENT ? KERNEL_TYPES : "BPF", strerror(-err),
		refusal_advice(&r));
	return err;
}

/* The kernel's own type information, and that of --btf or of a file where libbpf looks for one. */
static int open_types(struct tracer *t)
{
	const char *file = t->options->btf_file;
	char why[128];

	t->own = btf__parse(KERNEL_TYPES, NULL);
	if (file) {
		t->btf = btf__parse(file, NULL);
		if (!t->btf) {
			libbpf_strerror(errno, why, sizeof(why));
			message("--btf %s: %s (a file of BTF for this kernel, for example one from "
				"BTFHub)",
				file, why);
			return -EINVAL;
		}
		return 0;
	}
	t->btf = t->own ? t->own : btf__load_vmlinux_btf();
	return t->btf ? 0 : refuse(t, -ENOENT);
}

static void close_types(struct tracer *t)
{
	if (t->btf != t->own)
		btf__free(t->btf);
	btf__free(t->own);
	t->own = t->btf = NULL;
}

/* Up to where the rungs can be found. */
static int prepare(struct tracer *t, pid_t command)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = t->options->btf_file);
	int err = open_types(t);

	if (err)
		return err;
	t->skel = tcpstates_bpf__open_opts(&opts);
	if (!t->skel)
		return refuse(t, -errno);
	tracer_configure(t, command);
	return 0;
}

static int load(struct tracer *t, pid_t command)
{
	int err = tcpstates_bpf__load(t->skel);

	if (!err)
		err = tracer_fill_maps(t, command);
	if (!err) {
		t->ring = ring_buffer__new(bpf_map__fd(t->skel->maps.ring), receive, t, NULL);
		err = t->ring ? 0 : -errno;
	}
	return err ? refuse(t, err) : 0;
}

static uint64_t runs_missed(const struct bpf_program *prog)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return 0;
	return info.recursion_misses;
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

static void say_no_accept(int err)
{

	message("accept(): its return is not seen: %s (as with --no-accept%s)", strerror(-err),
		err == -EACCES	? "; CAP_DAC_READ_SEARCH lets tracefs be read"
		: err == -EPERM ? "; mount tracefs on /sys/kernel/tracing, or run it as root"
				: "");
}

static void say_rungs(const struct tracer *t)
{
	const struct finding *accept = &t->found.of[FACT_ACCEPT];
	char line[RUNGS_LINE];

	for (enum fact fact = 0; t->options->verbose && fact < FACTS; fact++) {
		rungs_line(&t->found, fact, line, sizeof(line));
		message("%s", line);
	}
	if (accept->rung == RUNG_NONE && !accept->forgone)
		say_no_accept(accept->errs[1]); /* what the exits of the system calls lack */
}

static int choose(struct tracer *t)
{
	const struct finding *state = &t->found.of[FACT_STATE];
	int err = kernel_try_ring();

	if (err)
		return refuse(t, err);
	err = tracer_choose(t);
	if (err)
		return err;
	say_rungs(t);
	if (state->rung == RUNG_NONE)
		return refuse(t, state->errs[0]);
	tracer_configure_rungs(t);
	return 0;
}

static struct tracer *create(const struct options *options)
{
	struct tracer *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->options = options;
	t->n_cpus = libbpf_num_possible_cpus();
	libbpf_set_print(options->verbose ? print_libbpf : print_nothing);
	return t;
}

int tracer_open(struct tracer **tracer, const struct options *options, pid_t command)
{
	struct tracer *t = create(options);
	int err;

	if (!t)
		return -ENOMEM;
	err = prepare(t, command);
	if (!err)
		err = choose(t);
	if (!err)
		err = load(t, command);
	if (!err) {
		err = tracer_attach(t);
		if (err)
			refuse(t, err);
	}
	if (err) {
		tracer_close(t);
		return err;
	}
	close_types(t);
	t->missed_before = runs_missed(t->progs[FACT_STATE]);
	t->stand_in_before = counter(t, COUNT_STAND_IN);
	tracer_scan(t);
	*tracer = t;
	return 0;
}

/* What failed for want of a right is not known. */
static void forget_none(struct findings *found)
{
	for (struct finding *f = found->of; f < found->of + FACTS; f++)
		if (f->rung == RUNG_NONE && !f->forgone)
			f->rung = RUNG_ANY;
}

int tracer_features(const struct options *options, FILE *out)
{
	struct tracer *t = create(options);
	char line[RUNGS_LINE];
	int err, ring_err = 0;

	if (!t)
		return -ENOMEM;
	err = prepare(t, 0);
	if (!err)
		ring_err = kernel_try_ring();
	if (ring_err)
		refuse(t, ring_err);
	if (!err)
		err = tracer_choose(t);
	if (ring_err)
		forget_none(&t->found);
	for (enum fact fact = 0; !err && fact < FACTS; fact++) {
		rungs_line(&t->found, fact, line, sizeof(line));
		fprintf(out, "%s\n", line);
	}
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
	missed = runs_missed(t->progs[FACT_TIMEWAIT]);
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

int tracer_stop(struct tracer *t, item_fn sink, void *ctx)
{
	/* while what changes meanwhile is still seen */
	tracer_check(t);
	t->stopped = true;
	tracer_detach(t);
	return tracer_read(t, sink, ctx);
}

int tracer_finish(struct tracer *t, item_fn sink, void *ctx)
{
	struct sweep s = sweep_of(t, sink, ctx);
	uint64_t missed = runs_missed(t->progs[FACT_STATE]) - t->missed_before;
	uint64_t stand_in = counter(t, COUNT_STAND_IN) - t->stand_in_before;
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
	tracer_detach(t);
	bpf_link__destroy(t->check);
	ring_buffer__free(t->ring);
	tcpstates_bpf__destroy(t->skel);
	close_types(t);
	tally_counts_destroy(t->counted);
	free(t);
}

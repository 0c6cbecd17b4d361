// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* From the command line to running programs: types, hooks, load, attach; and what a kernel offers. */
#include "tracer_parts.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "base/message.h"
#include "base/refusal.h"
#include "chapter/tally_chapter.h"
#include "tcpstates_preempt.skel.h"

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

/* One line that says what is wrong and what to do. */
static int refuse(int err, bool no_types)
{
	struct refusal r = { .err = err, .ring_err = kernel_try_ring(), .no_types = no_types };

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
	return t->btf ? 0 : refuse(-ENOENT, true);
}

static void close_types(struct tracer *t)
{
	if (t->btf != t->own)
		btf__free(t->btf);
	btf__free(t->own);
	t->own = t->btf = NULL;
}

/* As tcpstates_bpf__open_opts(), of the object that is for this kernel. */
static struct tcpstates_bpf *open_skeleton(const struct tracer *t,
					   const struct bpf_object_open_opts *opts)
{
	struct tcpstates_bpf *skel = calloc(1, sizeof(*skel));
	struct bpf_object_skeleton *s;

	if (!skel)
		return NULL;
	if (tcpstates_bpf__create_skeleton(skel))
		goto fail;
	s = skel->skeleton;
	if (t->own && kernel_function_args(t->own, "bpf_preempt_disable") >= 0)
		s->data = (void *)tcpstates_preempt_bpf__elf_bytes(&s->data_sz);
	if (!bpf_object__open_skeleton(s, opts))
		return skel;
fail:
	tcpstates_bpf__destroy(skel);
	return NULL;
}

/* Up to where the hooks can be chosen. */
static int prepare(struct tracer *t, pid_t command)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = t->options->btf_file);
	int err = open_types(t);

	if (err)
		return err;
	t->preempted = t->own && kernel_preempts_tracepoints(t->own);
	t->skel = open_skeleton(t, &opts);
	if (!t->skel)
		return refuse(-errno, false);
	tracer_configure(t, command);
	return 0;
}

static int load(struct tracer *t, pid_t command)
{
	int err = tcpstates_bpf__load(t->skel);

	if (!err)
		err = tracer_fill_maps(t, command);
	if (!err) {
		t->ring = ring_buffer__new(bpf_map__fd(t->skel->maps.ring), tracer_receive, t,
					   NULL);
		err = t->ring ? 0 : -errno;
	}
	return err ? refuse(err, false) : 0;
}

static void say_no_accept(const struct finding *accept)
{
	int err = accept->errs[1]; /* what the exits of the system calls lack */

	if (accept->kind != HOOK_NONE || accept->not_wanted)
		return;
	message("accept(): its return is not seen: %s (as with --no-accept%s)", strerror(-err),
		err == -EACCES	? "; CAP_DAC_READ_SEARCH lets tracefs be read"
		: err == -EPERM ? "; mount tracefs on /sys/kernel/tracing, or run it as root"
				: "");
}

static void say_features(const struct tracer *t)
{
	char line[FEATURES_LINE];

	for (enum feature feature = 0; t->options->verbose && feature < FEATURES; feature++) {
		features_line(&t->found, feature, line, sizeof(line));
		message("%s", line);
	}
}

static int choose(struct tracer *t)
{
	const struct finding *state = &t->found.of[FEATURE_STATE];
	int err = kernel_try_ring();

	if (err)
		return refuse(err, false);
	err = tracer_choose(t);
	if (err)
		return err;
	say_features(t);
	if (state->kind == HOOK_NONE)
		return refuse(state->errs[0], false);
	say_no_accept(&t->found.of[FEATURE_ACCEPT]);
	tracer_configure_hooks(t);
	/* libbpf now reads them itself, and twice as many MiB would be the most this process ever needs */
	close_types(t);
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
			refuse(err, false);
	}
	if (err) {
		tracer_close(t);
		return err;
	}
	t->missed_before = tracer_runs_missed(t->progs[FEATURE_STATE]);
	t->relay_before = tracer_counter(t, COUNT_RELAY);
	tracer_scan(t);
	*tracer = t;
	return 0;
}

/* What failed for want of a right is not known. */
static void forget_none(struct findings *found)
{
	for (struct finding *f = found->of; f < found->of + FEATURES; f++)
		if (f->kind == HOOK_NONE && !f->not_wanted)
			f->kind = HOOK_ANY;
}

int tracer_features(const struct options *options, FILE *out)
{
	struct tracer *t = create(options);
	char line[FEATURES_LINE];
	int err, ring_err = 0;

	if (!t)
		return -ENOMEM;
	err = prepare(t, 0);
	if (!err)
		ring_err = kernel_try_ring();
	if (ring_err)
		refuse(ring_err, false);
	if (!err)
		err = tracer_choose(t);
	if (ring_err)
		forget_none(&t->found);
	for (enum feature feature = 0; !err && feature < FEATURES; feature++) {
		features_line(&t->found, feature, line, sizeof(line));
		fprintf(out, "%s\n", line);
	}
	tracer_close(t);
	return err;
}

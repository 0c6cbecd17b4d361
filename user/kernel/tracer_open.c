// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Opens, loads and attaches the BPF programs, and prints --features. */
#include "tracer_parts.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/message.h"
#include "base/refusal.h"
#include "base/sudo_user.h"
#include "bpf_objects.h"
#include "chapter/tally_chapter.h"
#include "kernel.h"
#include "listeners.h"

__attribute__((format(printf, 2, 0))) static int print_libbpf(enum libbpf_print_level level,
							      const char *format, va_list args)
{
	/* the object has no source lines, and for each program libbpf says so */
	if (level == LIBBPF_DEBUG || strstr(format, "missing .BTF.ext"))
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

/* Prints what is wrong and what to do, and returns err. */
static int complain_refused(int err, bool no_types)
{
	struct refusal r = { .err = err, .ring_err = kernel_try_ring(), .no_types = no_types };

	message("%s: %s (%s)", r.no_types && err == -ENOENT ? KERNEL_TYPES : "BPF", strerror(-err),
		refusal_advice(&r));
	return err;
}

/* Reads the file of --btf.  libbpf opens it by a name with which no other file is found. */
static int open_types_file(struct tracer *t, const char *file)
{
	int fd = sudo_user_open(file, O_RDONLY, 0);
	char path[32], why[128];

	if (fd < 0) {
		message("--btf %s: %s%s", file, strerror(-fd), sudo_user_hint(fd));
		return fd;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	t->types = types_index(btf__parse(path, NULL));
	if (!t->types) {
		libbpf_strerror(errno, why, sizeof(why));
		message("--btf %s: %s (use a BTF file for this kernel, for example one from BTFHub)",
			file, why);
	}
	close(fd);
	return t->types ? 0 : -EINVAL;
}

/* Reads the kernel's own type information, and that of --btf or of another file that libbpf looks for. */
static int open_types(struct tracer *t)
{
	t->types_fd = memfd_create("types", MFD_CLOEXEC);
	if (t->types_fd < 0) {
		int err = -errno;

		message("types: %s", strerror(-err));
		return err;
	}
	snprintf(t->types_path, sizeof(t->types_path), "/proc/self/fd/%d", t->types_fd);
	t->own = types_index(btf__parse(KERNEL_TYPES, NULL));
	if (t->options->btf_file)
		return open_types_file(t, t->options->btf_file);
	t->types = t->own ? t->own : types_index(btf__load_vmlinux_btf());
	return t->types ? 0 : complain_refused(-ENOENT, true);
}

static void close_types(struct tracer *t)
{
	if (t->types != t->own)
		types_free(t->types);
	types_free(t->own);
	t->own = t->types = NULL;
}

/* As tcpstates_bpf__open_opts(), with the BPF object that suits this kernel. */
static struct tcpstates_bpf *open_skeleton(const struct tracer *t,
					   const struct bpf_object_open_opts *opts)
{
	struct tcpstates_bpf *skel = calloc(1, sizeof(*skel));
	struct bpf_object_skeleton *s;
	void *elf;
	bool opened;

	if (!skel)
		return NULL;
	if (tcpstates_bpf__create_skeleton(skel))
		goto fail;
	s = skel->skeleton;
	elf = bpf_objects_inflate(t->own && kernel_has_preempt_kfuncs(t->own), &s->data_sz);
	s->data = elf;
	opened = elf && !bpf_object__open_skeleton(s, opts);
	/* libbpf has copied what it keeps */
	free(elf);
	s->data = NULL;
	if (opened)
		return skel;
fail:
	tcpstates_bpf__destroy(skel);
	return NULL;
}

/* Opens the types and the skeleton, so that hooks can be chosen. */
static int prepare(struct tracer *t, pid_t command)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = t->types_path);
	int err = open_types(t);

	if (err)
		return err;
	t->preempted = t->own && kernel_preempts_tracepoints(t->own);
	t->skel = open_skeleton(t, &opts);
	if (!t->skel)
		return complain_refused(-errno, false);
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
	return err ? complain_refused(err, false) : 0;
}

static void warn_without_accept(const struct finding *accept)
{
	/* errs[] is in the order of features[FEATURE_ACCEPT].hooks: this is the reason of HOOK_SYSCALL */
	int err = accept->errs[1];

	if (accept->kind != HOOK_NONE || accept->not_wanted)
		return;
	message("accept(): no hook on its return: %s (continuing as with --no-accept%s)",
		strerror(-err),
		err == -EACCES	? "; CAP_DAC_READ_SEARCH gives access to tracefs"
		: err == -EPERM ? "; mount tracefs on /sys/kernel/tracing, or give CAP_SYS_ADMIN"
				: "");
}

static void print_hooks(const struct tracer *t)
{
	char line[FEATURES_LINE];

	for (enum feature feature = 0; t->options->verbose && feature < FEATURES; feature++) {
		features_line(&t->found, feature, line, sizeof(line));
		message("%s", line);
	}
}

static int choose_hooks(struct tracer *t)
{
	const struct finding *state = &t->found.of[FEATURE_STATE];
	int err = kernel_try_ring();

	if (err)
		return complain_refused(err, false);
	err = tracer_choose_hooks(t);
	if (err)
		return err;
	print_hooks(t);
	if (state->kind == HOOK_NONE)
		return complain_refused(state->errs[0], false);
	warn_without_accept(&t->found.of[FEATURE_ACCEPT]);
	tracer_configure_hooks(t);
	err = types_extract(t->types, bpf_object__btf(t->skel->obj), t->types_fd);
	if (err) {
		message("types: %s", strerror(-err));
		return err;
	}
	/* libbpf parses the types again when it loads, and two copies would double the peak of memory */
	close_types(t);
	return 0;
}

static struct tracer *create(const struct options *options)
{
	struct tracer *t = calloc(1, sizeof(*t));

	if (!t) {
		message("memory: %s", strerror(ENOMEM));
		return NULL;
	}
	t->options = options;
	t->types_fd = -1;
	t->ports.fd = t->ports.range_fd = -1;
	t->listeners = listeners_create();
	if (!t->listeners) {
		message("memory: %s", strerror(ENOMEM));
		free(t);
		return NULL;
	}
	t->n_cpus = libbpf_num_possible_cpus();
	libbpf_set_print(options->verbose ? print_libbpf : print_nothing);
	return t;
}

void tracer_close(struct tracer *t)
{
	if (!t)
		return;
	tracer_detach(t);
	for_each_end(&t->alive_check);
	for_each_end(&t->minisocket_counter);
	for_each_end(&t->listener_reader);
	for_each_end(&t->holder_finder);
	for_each_end(&t->queue_check);
	for_each_end(&t->held_finder);
	for_each_end(&t->request_check);
	listeners_destroy(t->listeners);
	listeners_destroy(t->counted_listeners);
	ring_buffer__free(t->ring);
	tcpstates_bpf__destroy(t->skel);
	close_types(t);
	if (t->types_fd >= 0)
		close(t->types_fd);
	tally_counts_destroy(t->passed_on);
	processes_free(&t->processes);
	ports_close(&t->ports);
	free(t);
}

int tracer_open(struct tracer **tracer, const struct options *options, pid_t command)
{
	struct tracer *t = create(options);
	int err;

	if (!t)
		return -ENOMEM;
	err = processes_note(&t->processes, options);
	if (!err)
		err = prepare(t, command);
	if (!err)
		err = choose_hooks(t);
	if (!err)
		err = load(t, command);
	if (!err) {
		err = tracer_attach(t);
		if (err)
			complain_refused(err, false);
	}
	if (err) {
		tracer_close(t);
		return err;
	}
	tracer_count_missed(t);
	processes_settle(&t->processes, bpf_map__fd(t->skel->maps.pids));
	tracer_scan(t);
	t->ports = ports_open(options);
	/* libbpf's work at the start took several MiB that nothing needs now */
	malloc_trim(0);
	*tracer = t;
	return 0;
}

/* Without privileges, all trials fail: whether a hook exists is not known. */
static void none_is_unknown(struct findings *found)
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
		complain_refused(ring_err, false);
	if (!err)
		err = tracer_choose_hooks(t);
	if (ring_err)
		none_is_unknown(&t->found);
	for (enum feature feature = 0; !err && feature < FEATURES; feature++) {
		features_line(&t->found, feature, line, sizeof(line));
		fprintf(out, "%s\n", line);
	}
	tracer_close(t);
	return err;
}

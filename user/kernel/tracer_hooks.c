// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Chooses, for each feature, the best hook that this kernel offers, and switches its programs on. */
#include "tracer_parts.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "base/message.h"
#include "preexisting.h"

/* A program and what it is for.  args: what the kernel's function has, a tracepoint at least; 0: any. */
struct form {
	enum feature feature;
	enum hook_kind kind;
	int args;
	size_t offset; /* in the skeleton's progs */
	bool by_hand;  /* attached when its turn comes, not with all others */
};

#define PROG(name) offsetof(__typeof__(((struct tcpstates_bpf *)0)->progs), name)

static const struct form forms[] = {
	{ FEATURE_STATE, HOOK_TP_BTF, 3, PROG(state_tp_btf), true },
	{ FEATURE_STATE, HOOK_TP_BTF, 3, PROG(state_tp_btf_relay), true },
	{ FEATURE_STATE, HOOK_RAW_TP, 3, PROG(state_raw_tp), true },
	{ FEATURE_STATE, HOOK_RAW_TP, 3, PROG(state_raw_tp_relay), true },
	{ FEATURE_STATE, HOOK_FENTRY, 2, PROG(state_fentry), true },
	{ FEATURE_STATE, HOOK_FENTRY, 2, PROG(state_fentry_relay), true },
	{ FEATURE_STATE, HOOK_FENTRY, 0, PROG(listen_fentry), false },
	{ FEATURE_STATE, HOOK_KPROBE, 0, PROG(state_kprobe), false },
	{ FEATURE_STATE, HOOK_KPROBE, 0, PROG(listen_kprobe), false },
	{ FEATURE_ACCEPT, HOOK_FEXIT, 2, PROG(accept_fexit), false },
	{ FEATURE_ACCEPT, HOOK_FEXIT, 4, PROG(accept_fexit_4args), false },
	{ FEATURE_ACCEPT, HOOK_SYSCALL, 0, PROG(accept_exit), false },
	{ FEATURE_ACCEPT, HOOK_SYSCALL, 0, PROG(accept4_exit), false },
	{ FEATURE_ACCEPT, HOOK_KRETPROBE, 0, PROG(accept_kretprobe), false },
	{ FEATURE_TIMEWAIT, HOOK_RAW_TP, 4, PROG(segment_freed), false },
	{ FEATURE_TIMEWAIT, HOOK_FEXIT, 3, PROG(segment_judged), false },
	{ FEATURE_TIMEWAIT, HOOK_FEXIT, 4, PROG(segment_judged_4args), false },
	{ FEATURE_TIMEWAIT, HOOK_FEXIT, 5, PROG(segment_judged_5args), false },
	{ FEATURE_TIMEWAIT, HOOK_HEADERS, 1, PROG(segment_dropped), false },
	{ FEATURE_SYNACK, HOOK_RAW_TP, 2, PROG(synack_retransmitted), false },
	{ FEATURE_SYNCOOKIE, HOOK_FEXIT, 4, PROG(cookie_fexit), false },
	{ FEATURE_SYNCOOKIE, HOOK_FEXIT, 5, PROG(cookie_fexit_5args), false },
	{ FEATURE_SYNCOOKIE, HOOK_KRETPROBE, 0, PROG(cookie_kretprobe), false },
	{ FEATURE_SCAN, HOOK_ITER, 0, PROG(scan_files), true },
	{ FEATURE_SCAN, HOOK_ITER, 0, PROG(scan_tcp), true },
	{ FEATURE_SCAN, HOOK_ITER_5_8, 0, PROG(scan_holders), true },
	{ FEATURE_SCAN, HOOK_ITER_5_8, 0, PROG(scan_tcp), true },
	{ FEATURE_ALIVE, HOOK_ITER, 0, PROG(check_alive), true },
};

static struct bpf_program *program_of(struct tracer *t, const struct form *f)
{
	return *(struct bpf_program **)((char *)&t->skel->progs + f->offset);
}

static const char *hook_of(const struct bpf_program *prog)
{
	return strrchr(bpf_program__section_name(prog), '/') + 1;
}

/* Is its program attached by a perf event, which is open from when it was tried? */
static bool by_perf_event(enum hook_kind kind)
{
	return kind == HOOK_KPROBE || kind == HOOK_KRETPROBE || kind == HOOK_SYSCALL;
}

static int try_function(const struct tracer *t, const struct form *f, const char *hook)
{
	int args = kernel_function_args(t->btf, hook);

	if (args < 0)
		return args;
	if (f->args && args != f->args)
		return -EOPNOTSUPP;
	return kernel_try(t->own, f->kind == HOOK_FEXIT ? BPF_TRACE_FEXIT : BPF_TRACE_FENTRY, hook);
}

static int try_tracepoint(const struct tracer *t, const struct form *f, const char *hook)
{
	int args = kernel_tracepoint_args(t->btf, hook);

	if (args < 0)
		return args;
	if (args < f->args)
		return -EOPNOTSUPP;
	return f->kind == HOOK_TP_BTF ? kernel_try(t->own, BPF_TRACE_RAW_TP, hook)
				      : kernel_try_raw();
}

static int try_iterator(const struct tracer *t, const struct form *f, const char *hook)
{
	char context[64];

	snprintf(context, sizeof(context), "bpf_iter__%s", hook);
	if (!kernel_has_struct(t->own, context))
		return -ENOENT;
	if (f->feature == FEATURE_SCAN && f->kind == HOOK_ITER &&
	    !kernel_has_helper(t->own, "BPF_FUNC_sock_from_file"))
		return -ENOSYS;
	return 0;
}

/* Does the kernel offer what this program hangs on?  0, a perf event's descriptor above 0, or -errno. */
static int try_form(struct tracer *t, const struct form *f)
{
	const char *hook = hook_of(program_of(t, f));

	switch (f->kind) {
	case HOOK_RAW_TP:
	case HOOK_HEADERS:
		return try_tracepoint(t, f, hook);
	case HOOK_KPROBE:
	case HOOK_KRETPROBE:
		return kernel_open_kprobe(hook, f->kind == HOOK_KRETPROBE);
	case HOOK_SYSCALL:
		return kernel_open_tracepoint("syscalls", hook);
	default:
		break;
	}
	if (!t->own)
		return -ENOENT;
	switch (f->kind) {
	case HOOK_TP_BTF:
		return try_tracepoint(t, f, hook);
	case HOOK_FENTRY:
	case HOOK_FEXIT:
		return try_function(t, f, hook);
	case HOOK_ITER:
	case HOOK_ITER_5_8:
		return try_iterator(t, f, hook);
	default:
		return -ENOSYS;
	}
}

static void use_form(struct tracer *t, const struct form *f, int fd)
{
	struct bpf_program *prog = program_of(t, f);

	bpf_program__set_autoload(prog, true);
	bpf_program__set_autoattach(prog, !f->by_hand && !by_perf_event(f->kind));
	if (by_perf_event(f->kind))
		t->probes[t->n_probes++] = (struct probe){ .prog = prog, .fd = fd };
	if (!t->progs[f->feature])
		t->progs[f->feature] = prog;
}

/*
 * All programs of a kind, or none.  Of those for a function's exit one is for the number of arguments that
 * it has here.
 */
static int take_hook(struct tracer *t, enum feature feature, enum hook_kind kind)
{
	const struct form *f, *end = forms + sizeof(forms) / sizeof(forms[0]);
	int err = -ENOSYS, before = t->n_probes;

	for (f = forms; f < end; f++) {
		int fd;

		if (f->feature != feature || f->kind != kind)
			continue;
		fd = try_form(t, f);
		if (fd == -EOPNOTSUPP && kind == HOOK_FEXIT) {
			err = err == -ENOSYS ? fd : err;
			continue;
		}
		if (fd < 0) {
			err = fd;
			break;
		}
		use_form(t, f, fd);
		err = 0;
	}
	if (!err)
		return 0;
	while (t->n_probes > before)
		close(t->probes[--t->n_probes].fd);
	for (f = forms; f < end; f++)
		if (f->feature == feature && f->kind == kind)
			bpf_program__set_autoload(program_of(t, f), false);
	t->progs[feature] = NULL;
	return err;
}

static bool is_typed(const struct tracer *t)
{
	enum hook_kind kind = t->found.of[FEATURE_STATE].kind;

	return kind == HOOK_TP_BTF || kind == HOOK_FENTRY;
}

static int take(struct tracer *t, enum feature feature, enum hook_kind kind)
{
	if (kind == HOOK_FIELD)
		return kernel_has_field(t->btf, "tcp_sock", "is_mptcp") ? 0 : -ENOENT;
	if (kind == HOOK_PROC)
		return preexisting_try();
	if (kind == HOOK_HELPER)
		return is_typed(t) ? kernel_try_cookie(t->own) : -EOPNOTSUPP;
	return take_hook(t, feature, kind);
}

static bool attach_allows(enum attach attach, enum hook_kind kind)
{
	switch (attach) {
	case ATTACH_TRACEPOINT:
		return kind == HOOK_TP_BTF || kind == HOOK_RAW_TP;
	case ATTACH_FENTRY:
		return kind == HOOK_FENTRY;
	case ATTACH_KPROBE:
		return kind == HOOK_KPROBE;
	default:
		return true;
	}
}

static bool allowed(const struct options *o, enum feature feature, enum hook_kind kind)
{
	return (o->hooks[feature] == HOOK_ANY || o->hooks[feature] == kind) &&
	       (feature != FEATURE_STATE || attach_allows(o->attach, kind));
}

static void settle(struct tracer *t, enum feature feature)
{
	const struct hook *hooks = features[feature].hooks;
	struct finding *f = &t->found.of[feature];

	f->kind = HOOK_NONE;
	for (int i = 0; hooks[i].kind != HOOK_ANY && f->kind == HOOK_NONE; i++) {
		if (!allowed(t->options, feature, hooks[i].kind))
			continue;
		f->errs[i] = take(t, feature, hooks[i].kind);
		if (!f->errs[i])
			f->kind = hooks[i].kind;
	}
}

/* A table does not say who accepts, nor when. */
static bool wanted(const struct tracer *t, enum feature feature)
{
	if (t->options->hooks[feature] == HOOK_NONE)
		return false;
	return feature != FEATURE_ACCEPT || (!t->options->no_accept && t->skel->rodata->cfg.owners);
}

static bool asked_for(const struct options *o, enum feature feature)
{
	return o->hooks[feature] != HOOK_ANY ||
	       (feature == FEATURE_STATE && o->attach != ATTACH_AUTO);
}

static int complain(const struct tracer *t, enum feature feature)
{
	const struct options *o = t->options;
	char why[FEATURES_LINE];

	features_reasons(&t->found, feature, why, sizeof(why));
	if (o->hooks[feature] == HOOK_ANY)
		message("--attach: this kernel does not offer it: %s (--features lists what it "
			"does)",
			why);
	else
		message("--hook %s=%s: this kernel does not offer it: %s (--features lists what it "
			"does)",
			features[feature].name, hook_name((enum hook_kind)o->hooks[feature]), why);
	return -EOPNOTSUPP;
}

/* Beside the exits of the system calls: an accept() through io_uring passes through none. */
static void choose_io_uring(struct tracer *t)
{
	struct bpf_program *prog = NULL;

	if (t->found.of[FEATURE_ACCEPT].kind != HOOK_SYSCALL)
		return;
	if (kernel_tracepoint_arg_is(t->btf, "io_uring_complete", 2, "io_uring_cqe"))
		prog = t->skel->progs.accept_io_uring;
	else if (kernel_tracepoint_args(t->btf, "io_uring_complete") >= 5)
		prog = t->skel->progs.accept_io_uring_res;
	if (prog)
		bpf_program__set_autoload(prog, true);
}

int tracer_backups(const struct tracer *t, struct bpf_program *progs[BACKUPS])
{
	if (t->found.of[FEATURE_STATE].kind != HOOK_TP_BTF || !t->preempted)
		return 0;
	progs[0] = t->skel->progs.state_tp_btf_backup_0;
	progs[1] = t->skel->progs.state_tp_btf_backup_1;
	progs[2] = t->skel->progs.state_tp_btf_backup_2;
	return BACKUPS;
}

static void choose_backups(struct tracer *t)
{
	struct bpf_program *progs[BACKUPS];
	int n = tracer_backups(t, progs);

	for (int i = 0; i < n; i++) {
		bpf_program__set_autoload(progs[i], true);
		bpf_program__set_autoattach(progs[i], false);
	}
}

int tracer_choose(struct tracer *t)
{
	for (enum feature feature = 0; feature < FEATURES; feature++) {
		struct finding *f = &t->found.of[feature];

		if (!wanted(t, feature)) {
			*f = (struct finding){ .kind = HOOK_NONE, .not_wanted = true };
			continue;
		}
		settle(t, feature);
		if (f->kind == HOOK_NONE && asked_for(t->options, feature))
			return complain(t, feature);
	}
	choose_io_uring(t);
	if (t->found.of[FEATURE_ACCEPT].kind == HOOK_FEXIT && t->preempted)
		bpf_program__set_autoload(t->skel->progs.accept_fexit_relay, true);
	choose_backups(t);
	return 0;
}

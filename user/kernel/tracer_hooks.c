// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Chooses, for each feature, the best hook that this kernel offers, and enables its programs. */
#include "tracer_parts.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "hook_programs.h"
#include "kernel.h"
#include "preexisting.h"

/* Does a perf event run the program?  tracer_try() opens it, and it stays open. */
static bool uses_perf_event(enum hook_kind kind)
{
	return kind == HOOK_KPROBE || kind == HOOK_KRETPROBE || kind == HOOK_SYSCALL;
}

static void enable_program(struct tracer *t, const struct hook_program *p, int fd)
{
	struct bpf_program *prog = tracer_program(t, p);

	bpf_program__set_autoload(prog, true);
	bpf_program__set_autoattach(prog, !p->by_hand && !uses_perf_event(p->kind));
	if (uses_perf_event(p->kind))
		t->probes[t->n_probes++] = (struct probe){ .prog = prog, .fd = fd };
	if (!t->progs[p->feature])
		t->progs[p->feature] = prog;
}

/*
 * Enables all programs of a hook, or none.  Of several fexit programs only one is enabled: the one for the number
 * of arguments that the function has in this kernel.
 */
static int enable_programs(struct tracer *t, enum feature feature, enum hook_kind kind)
{
	const struct hook_program *p, *end = hook_programs + hook_programs_n;
	int err = -ENOSYS, before = t->n_probes;

	for (p = hook_programs; p < end; p++) {
		int fd;

		if (p->feature != feature || p->kind != kind)
			continue;
		fd = tracer_try(t, p);
		if (fd == -EOPNOTSUPP && kind == HOOK_FEXIT) {
			err = err == -ENOSYS ? fd : err;
			continue;
		}
		if (fd < 0) {
			err = fd;
			break;
		}
		enable_program(t, p, fd);
		err = 0;
	}
	if (!err)
		return 0;
	while (t->n_probes > before)
		close(t->probes[--t->n_probes].fd);
	for (p = hook_programs; p < end; p++)
		if (p->feature == feature && p->kind == kind)
			bpf_program__set_autoload(tracer_program(t, p), false);
	t->progs[feature] = NULL;
	return err;
}

static bool is_typed(const struct tracer *t)
{
	enum hook_kind kind = t->found.of[FEATURE_STATE].kind;

	return kind == HOOK_TP_BTF || kind == HOOK_FENTRY;
}

/*
 * Since 6.14 tcp_check_req() gives a reason for what it drops, in a sixth argument, but none for an
 * RST that it takes.  The program on kfree_skb that is told of the socket looks for that.
 */
static int try_check_by_free(const struct tracer *t)
{
	if (t->found.of[FEATURE_TIMEWAIT].kind != HOOK_RAW_TP)
		return -EOPNOTSUPP;
	return kernel_function_args(t->types, "tcp_check_req") == 6 ? 0 : -EOPNOTSUPP;
}

static int try_hook(struct tracer *t, enum feature feature, enum hook_kind kind)
{
	if ((feature == FEATURE_REQUEST || feature == FEATURE_DEFERRED) && kind == HOOK_RAW_TP)
		return try_check_by_free(t);
	if (kind == HOOK_FIELD)
		return kernel_has_field(t->types, "tcp_sock", "is_mptcp") ? 0 : -ENOENT;
	if (kind == HOOK_PROC)
		return preexisting_try();
	if (kind == HOOK_HELPER)
		return is_typed(t) ? kernel_try_cookie(t->own) : -EOPNOTSUPP;
	return enable_programs(t, feature, kind);
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

static bool is_allowed(const struct options *o, enum feature feature, enum hook_kind kind)
{
	return (o->hooks[feature] == HOOK_ANY || o->hooks[feature] == kind) &&
	       (feature != FEATURE_STATE || attach_allows(o->attach, kind));
}

static void choose_hook(struct tracer *t, enum feature feature)
{
	const struct hook *hooks = features[feature].hooks;
	struct finding *f = &t->found.of[feature];

	f->kind = HOOK_NONE;
	for (int i = 0; hooks[i].kind != HOOK_ANY && f->kind == HOOK_NONE; i++) {
		if (!is_allowed(t->options, feature, hooks[i].kind))
			continue;
		f->errs[i] = try_hook(t, feature, hooks[i].kind);
		if (!f->errs[i])
			f->kind = hooks[i].kind;
	}
}

/*
 * With -o none -s alone, accept() matters only if connections are selected by their owners.  Where its hook makes every
 * system call slower, that of connect() costs nothing more, so that they are wanted together.
 */
static bool is_wanted(const struct tracer *t, enum feature feature)
{
	const volatile struct config *cfg = &t->skel->rodata->cfg;

	if (t->options->hooks[feature] == HOOK_NONE)
		return false;
	return (feature != FEATURE_ACCEPT && feature != FEATURE_CONNECT) ||
	       (!t->options->no_accept && (cfg->owners || cfg->rows));
}

static bool is_requested(const struct options *o, enum feature feature)
{
	return o->hooks[feature] != HOOK_ANY ||
	       (feature == FEATURE_STATE && o->attach != ATTACH_AUTO);
}

static int complain_missing(const struct tracer *t, enum feature feature)
{
	const struct options *o = t->options;
	char why[FEATURES_LINE];

	features_reasons(&t->found, feature, why, sizeof(why));
	if (o->hooks[feature] == HOOK_ANY)
		message("--attach: this kernel does not offer this hook: %s (see --features)", why);
	else
		message("--hook %s=%s: this kernel does not offer this hook: %s (see --features)",
			features[feature].name, hook_name((enum hook_kind)o->hooks[feature]), why);
	return -EOPNOTSUPP;
}

/* HOOK_SYSCALL does not see an accept() through io_uring, so a program on io_uring_complete is added. */
static void enable_io_uring(struct tracer *t)
{
	struct bpf_program *prog = NULL;

	if (t->found.of[FEATURE_ACCEPT].kind != HOOK_SYSCALL)
		return;
	if (kernel_tracepoint_arg_is(t->types, "io_uring_complete", 2, "io_uring_cqe"))
		prog = t->skel->progs.accept_io_uring;
	else if (kernel_tracepoint_args(t->types, "io_uring_complete") >= 5)
		prog = t->skel->progs.accept_io_uring_res;
	if (prog)
		bpf_program__set_autoload(prog, true);
}

/* SYNs that are dropped for tcp_max_syn_backlog; the function is the kernel's own, and may go. */
static void enable_unproven(struct tracer *t)
{
	if (t->found.of[FEATURE_DROPPED].kind == HOOK_FENTRY &&
	    kernel_function_args(t->types, "tcp_peer_is_proven") == 2)
		bpf_program__set_autoload(t->skel->progs.syn_unproven, true);
}

/* One program on kfree_skb is enough: that of FEATURE_TIMEWAIT looks for unsent segments too. */
static void share_kfree_skb(struct tracer *t)
{
	enum hook_kind kind = t->found.of[FEATURE_TIMEWAIT].kind;

	if (kind == HOOK_RAW_TP || kind == HOOK_HEADERS)
		bpf_program__set_autoload(t->skel->progs.segment_unsent, false);
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

static void enable_by_hand(struct bpf_program *prog)
{
	bpf_program__set_autoload(prog, true);
	bpf_program__set_autoattach(prog, false);
}

/* The tracepoint's programs share a body, or, where a task can lose its CPU in them, each has its own. */
static void enable_bodies(struct tracer *t)
{
	struct bpf_program *progs[BACKUPS];
	int n = tracer_backups(t, progs);

	if (t->found.of[FEATURE_STATE].kind != HOOK_TP_BTF)
		return;
	if (!t->preempted) {
		enable_by_hand(t->skel->progs.state_tp_btf_body);
		return;
	}
	bpf_program__set_autoload(t->skel->progs.state_tp_btf, false);
	bpf_program__set_autoload(t->skel->progs.state_tp_btf_relay, false);
	enable_by_hand(t->skel->progs.state_tp_btf_held);
	enable_by_hand(t->skel->progs.state_tp_btf_held_relay);
	for (int i = 0; i < n; i++)
		enable_by_hand(progs[i]);
	t->progs[FEATURE_STATE] = t->skel->progs.state_tp_btf_held;
}

int tracer_choose_hooks(struct tracer *t)
{
	for (enum feature feature = 0; feature < FEATURES; feature++) {
		struct finding *f = &t->found.of[feature];

		if (!is_wanted(t, feature)) {
			*f = (struct finding){ .kind = HOOK_NONE, .not_wanted = true };
			continue;
		}
		choose_hook(t, feature);
		if (f->kind == HOOK_NONE && is_requested(t->options, feature))
			return complain_missing(t, feature);
	}
	enable_io_uring(t);
	enable_unproven(t);
	share_kfree_skb(t);
	if (t->found.of[FEATURE_ACCEPT].kind == HOOK_FEXIT && t->preempted)
		bpf_program__set_autoload(t->skel->progs.accept_fexit_relay, true);
	enable_bodies(t);
	return 0;
}

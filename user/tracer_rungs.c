// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Finds the rung of each ladder that this kernel offers, and switches its programs on. */
#include "tracer_parts.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "message.h"
#include "older.h"

/* A program and what it is for.  args: what the kernel's function has, a tracepoint at least; 0: any. */
struct form {
	enum fact fact;
	enum rung rung;
	int args;
	size_t offset; /* in the skeleton's progs */
	bool by_hand;  /* attached when its turn comes, not with all others */
};

#define PROG(name) offsetof(__typeof__(((struct tcpstates_bpf *)0)->progs), name)

static const struct form forms[] = {
	{ FACT_STATE, RUNG_TP_BTF, 3, PROG(state_tp_btf), true },
	{ FACT_STATE, RUNG_TP_BTF, 3, PROG(state_tp_btf_stand_in), true },
	{ FACT_STATE, RUNG_RAW_TP, 3, PROG(state_raw_tp), true },
	{ FACT_STATE, RUNG_RAW_TP, 3, PROG(state_raw_tp_stand_in), true },
	{ FACT_STATE, RUNG_FENTRY, 2, PROG(state_fentry), true },
	{ FACT_STATE, RUNG_FENTRY, 2, PROG(state_fentry_stand_in), true },
	{ FACT_STATE, RUNG_FENTRY, 0, PROG(listen_fentry), false },
	{ FACT_STATE, RUNG_KPROBE, 0, PROG(state_kprobe), false },
	{ FACT_STATE, RUNG_KPROBE, 0, PROG(listen_kprobe), false },
	{ FACT_ACCEPT, RUNG_FEXIT, 2, PROG(accept_fexit), false },
	{ FACT_ACCEPT, RUNG_FEXIT, 4, PROG(accept_fexit_4args), false },
	{ FACT_ACCEPT, RUNG_SYSCALL, 0, PROG(accept_exit), false },
	{ FACT_ACCEPT, RUNG_SYSCALL, 0, PROG(accept4_exit), false },
	{ FACT_ACCEPT, RUNG_KRETPROBE, 0, PROG(accept_kretprobe), false },
	{ FACT_TIMEWAIT, RUNG_RAW_TP, 4, PROG(segment_freed), false },
	{ FACT_TIMEWAIT, RUNG_FEXIT, 3, PROG(segment_judged), false },
	{ FACT_TIMEWAIT, RUNG_FEXIT, 4, PROG(segment_judged_4args), false },
	{ FACT_TIMEWAIT, RUNG_FEXIT, 5, PROG(segment_judged_5args), false },
	{ FACT_TIMEWAIT, RUNG_HEADERS, 1, PROG(segment_dropped), false },
	{ FACT_SYNACK, RUNG_RAW_TP, 2, PROG(synack_retransmitted), false },
	{ FACT_SYNCOOKIE, RUNG_FEXIT, 4, PROG(cookie_fexit), false },
	{ FACT_SYNCOOKIE, RUNG_FEXIT, 5, PROG(cookie_fexit_5args), false },
	{ FACT_SYNCOOKIE, RUNG_KRETPROBE, 0, PROG(cookie_kretprobe), false },
	{ FACT_SCAN, RUNG_ITER, 0, PROG(scan_files), true },
	{ FACT_SCAN, RUNG_ITER, 0, PROG(scan_tcp), true },
	{ FACT_SCAN, RUNG_ITER_5_8, 0, PROG(scan_holders), true },
	{ FACT_SCAN, RUNG_ITER_5_8, 0, PROG(scan_tcp), true },
	{ FACT_ALIVE, RUNG_ITER, 0, PROG(check_alive), true },
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
static bool by_perf_event(enum rung rung)
{
	return rung == RUNG_KPROBE || rung == RUNG_KRETPROBE || rung == RUNG_SYSCALL;
}

static int try_function(const struct tracer *t, const struct form *f, const char *hook)
{
	int args = kernel_function_args(t->btf, hook);

	if (args < 0)
		return args;
	if (f->args && args != f->args)
		return -EOPNOTSUPP;
	return kernel_try(t->own, f->rung == RUNG_FEXIT ? BPF_TRACE_FEXIT : BPF_TRACE_FENTRY, hook);
}

static int try_tracepoint(const struct tracer *t, const struct form *f, const char *hook)
{
	int args = kernel_tracepoint_args(t->btf, hook);

	if (args < 0)
		return args;
	if (args < f->args)
		return -EOPNOTSUPP;
	return f->rung == RUNG_TP_BTF ? kernel_try(t->own, BPF_TRACE_RAW_TP, hook)
				      : kernel_try_raw();
}

static int try_iterator(const struct tracer *t, const struct form *f, const char *hook)
{
	char context[64];

	snprintf(context, sizeof(context), "bpf_iter__%s", hook);
	if (!kernel_has_struct(t->own, context))
		return -ENOENT;
	if (f->fact == FACT_SCAN && f->rung == RUNG_ITER &&
	    !kernel_has_helper(t->own, "BPF_FUNC_sock_from_file"))
		return -ENOSYS;
	return 0;
}

/* Does the kernel offer what this program hangs on?  0, a perf event's descriptor above 0, or -errno. */
static int try_form(struct tracer *t, const struct form *f)
{
	const char *hook = hook_of(program_of(t, f));

	switch (f->rung) {
	case RUNG_RAW_TP:
	case RUNG_HEADERS:
		return try_tracepoint(t, f, hook);
	case RUNG_KPROBE:
	case RUNG_KRETPROBE:
		return kernel_open_kprobe(hook, f->rung == RUNG_KRETPROBE);
	case RUNG_SYSCALL:
		return kernel_open_tracepoint("syscalls", hook);
	default:
		break;
	}
	if (!t->own)
		return -ENOENT;
	switch (f->rung) {
	case RUNG_TP_BTF:
		return try_tracepoint(t, f, hook);
	case RUNG_FENTRY:
	case RUNG_FEXIT:
		return try_function(t, f, hook);
	case RUNG_ITER:
	case RUNG_ITER_5_8:
		return try_iterator(t, f, hook);
	default:
		return -ENOSYS;
	}
}

static void use_form(struct tracer *t, const struct form *f, int fd)
{
	struct bpf_program *prog = program_of(t, f);

	bpf_program__set_autoload(prog, true);
	bpf_program__set_autoattach(prog, !f->by_hand && !by_perf_event(f->rung));
	if (by_perf_event(f->rung))
		t->probes[t->n_probes++] = (struct probe){ .prog = prog, .fd = fd };
	if (!t->progs[f->fact])
		t->progs[f->fact] = prog;
}

/*
 * All programs of a rung, or none.  Of those for a function's exit one is for the number of arguments that
 * it has here.
 */
static int take_rung(struct tracer *t, enum fact fact, enum rung rung)
{
	const struct form *f, *end = forms + sizeof(forms) / sizeof(forms[0]);
	int err = -ENOSYS, before = t->n_probes;

	for (f = forms; f < end; f++) {
		int fd;

		if (f->fact != fact || f->rung != rung)
			continue;
		fd = try_form(t, f);
		if (fd == -EOPNOTSUPP && rung == RUNG_FEXIT) {
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
		if (f->fact == fact && f->rung == rung)
			bpf_program__set_autoload(program_of(t, f), false);
	t->progs[fact] = NULL;
	return err;
}

static bool is_typed(const struct tracer *t)
{
	enum rung rung = t->found.of[FACT_STATE].rung;

	return rung == RUNG_TP_BTF || rung == RUNG_FENTRY;
}

static int take(struct tracer *t, enum fact fact, enum rung rung)
{
	if (rung == RUNG_FIELD)
		return kernel_has_field(t->btf, "tcp_sock", "is_mptcp") ? 0 : -ENOENT;
	if (rung == RUNG_PROC)
		return older_try();
	if (rung == RUNG_HELPER)
		return is_typed(t) ? kernel_try_cookie(t->own) : -EOPNOTSUPP;
	return take_rung(t, fact, rung);
}

static bool attach_allows(enum attach attach, enum rung rung)
{
	switch (attach) {
	case ATTACH_TRACEPOINT:
		return rung == RUNG_TP_BTF || rung == RUNG_RAW_TP;
	case ATTACH_FENTRY:
		return rung == RUNG_FENTRY;
	case ATTACH_KPROBE:
		return rung == RUNG_KPROBE;
	default:
		return true;
	}
}

static bool allowed(const struct options *o, enum fact fact, enum rung rung)
{
	return (o->rungs[fact] == RUNG_ANY || o->rungs[fact] == rung) &&
	       (fact != FACT_STATE || attach_allows(o->attach, rung));
}

static void settle(struct tracer *t, enum fact fact)
{
	const struct way *ways = ladders[fact].ways;
	struct finding *f = &t->found.of[fact];

	f->rung = RUNG_NONE;
	for (int i = 0; ways[i].rung != RUNG_ANY && f->rung == RUNG_NONE; i++) {
		if (!allowed(t->options, fact, ways[i].rung))
			continue;
		f->errs[i] = take(t, fact, ways[i].rung);
		if (!f->errs[i])
			f->rung = ways[i].rung;
	}
}

/* A table does not say who accepts, nor when. */
static bool wanted(const struct tracer *t, enum fact fact)
{
	if (t->options->rungs[fact] == RUNG_NONE)
		return false;
	return fact != FACT_ACCEPT || (!t->options->no_accept && t->skel->rodata->cfg.owners);
}

static bool asked_for(const struct options *o, enum fact fact)
{
	return o->rungs[fact] != RUNG_ANY || (fact == FACT_STATE && o->attach != ATTACH_AUTO);
}

static int complain(const struct tracer *t, enum fact fact)
{
	const struct options *o = t->options;
	char why[RUNGS_LINE];

	rungs_why(&t->found, fact, why, sizeof(why));
	if (o->rungs[fact] == RUNG_ANY)
		message("--attach: this kernel does not offer it: %s (--features lists what it "
			"does)",
			why);
	else
		message("--rung %s=%s: this kernel does not offer it: %s (--features lists what it "
			"does)",
			ladders[fact].fact, rung_name((enum rung)o->rungs[fact]), why);
	return -EOPNOTSUPP;
}

/* Beside the exits of the system calls: an accept() through io_uring passes through none. */
static void choose_io_uring(struct tracer *t)
{
	struct bpf_program *prog = NULL;

	if (t->found.of[FACT_ACCEPT].rung != RUNG_SYSCALL)
		return;
	if (kernel_tracepoint_arg_is(t->btf, "io_uring_complete", 2, "io_uring_cqe"))
		prog = t->skel->progs.accept_io_uring;
	else if (kernel_tracepoint_args(t->btf, "io_uring_complete") >= 5)
		prog = t->skel->progs.accept_io_uring_res;
	if (prog)
		bpf_program__set_autoload(prog, true);
}

int tracer_between(const struct tracer *t, struct bpf_program *progs[BETWEENS])
{
	if (t->found.of[FACT_STATE].rung != RUNG_TP_BTF || !t->preempted)
		return 0;
	progs[0] = t->skel->progs.state_tp_btf_between_0;
	progs[1] = t->skel->progs.state_tp_btf_between_1;
	progs[2] = t->skel->progs.state_tp_btf_between_2;
	return BETWEENS;
}

static void choose_between(struct tracer *t)
{
	struct bpf_program *progs[BETWEENS];
	int n = tracer_between(t, progs);

	for (int i = 0; i < n; i++) {
		bpf_program__set_autoload(progs[i], true);
		bpf_program__set_autoattach(progs[i], false);
	}
}

int tracer_choose(struct tracer *t)
{
	for (enum fact fact = 0; fact < FACTS; fact++) {
		struct finding *f = &t->found.of[fact];

		if (!wanted(t, fact)) {
			*f = (struct finding){ .rung = RUNG_NONE, .forgone = true };
			continue;
		}
		settle(t, fact);
		if (f->rung == RUNG_NONE && asked_for(t->options, fact))
			return complain(t, fact);
	}
	choose_io_uring(t);
	if (t->found.of[FACT_ACCEPT].rung == RUNG_FEXIT && t->preempted)
		bpf_program__set_autoload(t->skel->progs.accept_fexit_stand_in, true);
	choose_between(t);
	return 0;
}

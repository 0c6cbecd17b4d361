// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Tries whether this kernel has what a program is attached to, and lets us use it. */
#include <errno.h>
#include <string.h>

#include "hook_programs.h"
#include "kernel.h"
#include "tracer_parts.h"

struct bpf_program *tracer_program(struct tracer *t, const struct hook_program *p)
{
	return *(struct bpf_program **)((char *)&t->skel->progs + p->offset);
}

/* The name of the function, tracepoint or iterator in the section's name; "": it has none. */
static const char *attach_point(const struct bpf_program *prog)
{
	const char *slash = strrchr(bpf_program__section_name(prog), '/');

	return slash ? slash + 1 : "";
}

static int try_function(const struct tracer *t, const struct hook_program *p, const char *hook)
{
	int args = kernel_function_args(t->types, hook);

	if (args < 0)
		return args;
	if (p->args && args != p->args)
		return -EOPNOTSUPP;
	return kernel_try_typed(t->own, p->kind == HOOK_FEXIT ? BPF_TRACE_FEXIT : BPF_TRACE_FENTRY,
				hook);
}

static int try_tracepoint(const struct tracer *t, const struct hook_program *p, const char *hook)
{
	int args = kernel_tracepoint_args(t->types, hook);

	if (args < 0)
		return args;
	if (args < p->args)
		return -EOPNOTSUPP;
	return p->kind == HOOK_TP_BTF ? kernel_try_typed(t->own, BPF_TRACE_RAW_TP, hook)
				      : kernel_try_raw();
}

static int try_iterator(const struct tracer *t, const struct hook_program *p, const char *hook)
{
	int err = kernel_try_iterator(t->own, hook);

	if (err)
		return err;
	if (p->feature == FEATURE_SCAN && p->kind == HOOK_ITER &&
	    !kernel_has_helper(t->own, "BPF_FUNC_sock_from_file"))
		return -ENOSYS;
	return 0;
}

/* BPF_PROG_TYPE_SYSCALL is older than its use of maps whose entries are allocated as needed: since 6.1. */
static int try_for_each(const struct tracer *t)
{
	if (!kernel_has_helper(t->own, "BPF_FUNC_for_each_map_elem") ||
	    !kernel_has_struct(t->own, "bpf_mem_alloc"))
		return -ENOSYS;
	return 0;
}

int tracer_try(struct tracer *t, const struct hook_program *p)
{
	const char *hook = attach_point(tracer_program(t, p));

	switch (p->kind) {
	case HOOK_RAW_TP:
	case HOOK_HEADERS:
		return try_tracepoint(t, p, hook);
	case HOOK_KPROBE:
	case HOOK_KRETPROBE:
		return kernel_open_kprobe(hook, p->kind == HOOK_KRETPROBE);
	case HOOK_SYSCALL:
		return kernel_open_tracepoint("syscalls", hook);
	default:
		break;
	}
	if (!t->own)
		return -ENOENT;
	switch (p->kind) {
	case HOOK_TP_BTF:
		return try_tracepoint(t, p, hook);
	case HOOK_FENTRY:
	case HOOK_FEXIT:
		return try_function(t, p, hook);
	case HOOK_ITER:
	case HOOK_ITER_5_8:
		return try_iterator(t, p, hook);
	case HOOK_FOR_EACH:
		return try_for_each(t);
	default:
		return -ENOSYS;
	}
}

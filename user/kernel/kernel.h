/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the running kernel offers, found by asking for it and never by its version. */
#ifndef KERNEL_H
#define KERNEL_H

#include <linux/bpf.h>
#include <stdbool.h>

#define KERNEL_TYPES "/sys/kernel/btf/vmlinux" /* the kernel's own BTF */

struct btf;

/* Number of arguments of a raw tracepoint in this BTF, without the context; -ENOENT: none. */
int kernel_tracepoint_args(const struct btf *btf, const char *name);

/* Is this argument, counted from 0, a pointer to this struct? */
bool kernel_tracepoint_arg_is(const struct btf *btf, const char *name, int arg,
			      const char *structure);

/* Number of arguments of a kernel function; -ENOENT: none of this name. */
int kernel_function_args(const struct btf *btf, const char *name);

bool kernel_has_helper(const struct btf *btf, const char *enumerator);
bool kernel_has_struct(const struct btf *btf, const char *name);
bool kernel_has_field(const struct btf *btf, const char *structure, const char *field);

/*
 * Can a task be taken off its CPU in a tracepoint's program?  Since 7.0, by what commit a46023d5616e
 * ("tracing: Guard __DECLARE_TRACE() use of __DO_TRACE_CALL() with SRCU-fast") added to each CPU.
 */
bool kernel_preempts_tracepoints(const struct btf *own);

/*
 * May a program be attached to this tracepoint (BPF_TRACE_RAW_TP), or to this function's entry or exit
 * (BPF_TRACE_FENTRY, BPF_TRACE_FEXIT)?  By trying; some kernels refuse the latter two always.  own: the
 * kernel's own BTF.  0 or -errno.
 */
int kernel_try(const struct btf *own, enum bpf_attach_type type, const char *name);

/* May a raw tracepoint's program, whose arguments have no types, be loaded?  0 or -errno. */
int kernel_try_raw(void);

/*
 * May a raw tracepoint's program ask for a socket's cookie?  From 5.12 on, commit c5dbb89fc2ac ("bpf: Expose
 * bpf_get_socket_cookie to tracing programs").  0 or -errno.
 */
int kernel_try_cookie(const struct btf *own);

/* Can there be a ring buffer (5.8)?  0 or -errno: -EINVAL when the kernel knows none. */
int kernel_try_ring(void);

/*
 * Opens a tracepoint as a perf event: a file descriptor or -errno.  Where tracefs is not mounted it is
 * mounted in a mount namespace of a child's own, to read the tracepoint's number.
 */
int kernel_open_tracepoint(const char *category, const char *name);

/* Opens a kprobe at a function's entry, or at its return, as a perf event: a descriptor or -errno. */
int kernel_open_kprobe(const char *function, bool at_return);

#endif

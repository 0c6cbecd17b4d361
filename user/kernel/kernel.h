/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the running kernel offers.  It is found by a look at its types or by a trial, never by its version. */
#ifndef KERNEL_H
#define KERNEL_H

#include <linux/bpf.h>
#include <stdbool.h>

/* the kernel's own BTF */
#define KERNEL_TYPES "/sys/kernel/btf/vmlinux"

struct type_ids;
struct types;

/* The number of arguments of a raw tracepoint, or -ENOENT. */
int kernel_tracepoint_args(const struct types *types, const char *name);

/* Is argument number `arg` (from 0) of this tracepoint a pointer to this struct? */
bool kernel_tracepoint_arg_is(const struct types *types, const char *name, int arg,
			      const char *structure);

/* The number of arguments of a kernel function, or -ENOENT. */
int kernel_function_args(const struct types *types, const char *name);

/* enumerator: as in enum bpf_func_id, such as BPF_FUNC_sock_from_file. */
bool kernel_has_helper(const struct types *types, const char *enumerator);

bool kernel_has_struct(const struct types *types, const char *name);
bool kernel_has_field(const struct types *types, const char *structure, const char *field);

/* May a program hold its CPU?  Since Linux 6.10. */
bool kernel_has_preempt_kfuncs(const struct types *own);

/* What PEEK() of bpf/socket.bpf.h needs.  own: the kernel's own types.  A struct that is not there is 0. */
void kernel_type_ids(const struct types *own, struct type_ids *to);

/*
 * Can a task be preempted while a program of a tracepoint runs?  It can since Linux 7.0; the sign is a per-CPU
 * variable of commit a46023d5616e ("tracing: Guard __DECLARE_TRACE() use of __DO_TRACE_CALL() with SRCU-fast").
 * Kernels before 6.13 have it for another purpose, and not yet the structure of SRCU-fast.
 */
bool kernel_preempts_tracepoints(const struct types *own);

/*
 * Tries to attach a program to a tracepoint (type BPF_TRACE_RAW_TP) or to the entry or exit of a function
 * (BPF_TRACE_FENTRY, BPF_TRACE_FEXIT).  Some kernels refuse all of the latter.  own: the kernel's own types.
 * 0 or -errno; -ENOENT: no such tracepoint or function; -EOPNOTSUPP: not supported on this architecture.
 */
int kernel_try_typed(const struct types *own, enum bpf_attach_type type, const char *name);

/* Tries to load an iterator: hardened kernels refuse some.  0 or -errno; -ENOENT: there is no such iterator. */
int kernel_try_iterator(const struct types *own, const char *name);

/* Tries to load a program of a raw tracepoint, whose arguments have no types.  0 or -errno. */
int kernel_try_raw(void);

/*
 * Tries to load a program of a typed tracepoint that calls bpf_get_socket_cookie(), as Linux 5.12 and newer
 * allow: commit c5dbb89fc2ac ("bpf: Expose bpf_get_socket_cookie to tracing programs").  0 or -errno.
 */
int kernel_try_cookie(const struct types *own);

/* Tries to create a ring buffer.  0 or -errno; -EINVAL: the kernel has none (it came with Linux 5.8). */
int kernel_try_ring(void);

/*
 * Opens a tracepoint as a perf event.  If tracefs is not mounted, a child process mounts it in its own mount
 * namespace to read the id of the tracepoint.  A file descriptor or -errno.
 */
int kernel_open_tracepoint(const char *category, const char *name);

/* Opens a kprobe at the entry or the return of a function as a perf event.  A file descriptor or -errno. */
int kernel_open_kprobe(const char *function, bool at_return);

#endif

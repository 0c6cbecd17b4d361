/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the running kernel offers, found by asking for it and never by its version. */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>

struct btf;

/* Number of arguments of a raw tracepoint in this kernel's BTF, without the context; -ENOENT: none. */
int kernel_tracepoint_args(const struct btf *btf, const char *name);

/* Is this argument, counted from 0, a pointer to this struct? */
bool kernel_tracepoint_arg_is(const struct btf *btf, const char *name, int arg,
			      const char *structure);

/* Number of arguments of a kernel function; -ENOENT: none of this name. */
int kernel_function_args(const struct btf *btf, const char *name);

bool kernel_has_helper(const struct btf *btf, const char *enumerator);

/* May a raw tracepoint's program ask for a socket's cookie (5.12)? */
bool kernel_allows_cookie(const struct btf *btf);

/* May a program be attached to a kernel function's exit?  Some kernels refuse all of them. */
bool kernel_allows_fexit(const struct btf *btf, const char *function);

/*
 * The number of a tracepoint for perf_event_open(), from tracefs; where that is not mounted it is
 * mounted in a mount namespace of a child's own.  Negative: -errno.
 */
int kernel_tracepoint_id(const char *category, const char *name);

/* Opens a tracepoint as a perf event; a file descriptor or -errno. */
int kernel_open_tracepoint(const char *category, const char *name);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Programs that user space runs on each entry of a map. */
#ifndef FOR_EACH_BPF_H
#define FOR_EACH_BPF_H

#include "common.bpf.h"

/*
 * FOR_EACH(NAME, MAP, KEY, VALUE): two programs that call NAME_one(const KEY *, VALUE *).  NAME is an iterator;
 * some hardened kernels refuse those that may write to a map.  NAME_run goes through a helper, since 5.13, and
 * is of the type that runs preemptible, since 5.14; since 6.1, commit 02cc5aa29e8c ("bpf: Remove prealloc-only
 * restriction for sleepable bpf programs"), such a program may use these maps.
 */
#define FOR_EACH(name, map, key_type, value_type)                                  \
	SEC("?iter/bpf_map_elem")                                                  \
	int name(struct bpf_iter__bpf_map_elem *ctx)                               \
	{                                                                          \
		const void *key = ctx->key;                                        \
		void *value = ctx->value;                                          \
                                                                                   \
		/* read once: only this register is known not to be NULL */        \
		barrier_var(key);                                                  \
		barrier_var(value);                                                \
		if (key && value)                                                  \
			name##_one(key, value);                                    \
		return 0;                                                          \
	}                                                                          \
                                                                                   \
	static long name##_each(void *of, const void *key, void *value, void *ctx) \
	{                                                                          \
		name##_one((key_type const *)key, (value_type *)value);            \
		return 0;                                                          \
	}                                                                          \
                                                                                   \
	SEC("?syscall")                                                            \
	int name##_run(void *ctx)                                                  \
	{                                                                          \
		bpf_for_each_map_elem(&map, name##_each, NULL, 0);                 \
		return 0;                                                          \
	}

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What went wrong, counted: enum counter. */
#ifndef COUNTERS_BPF_H
#define COUNTERS_BPF_H

#include "common.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

static __noinline void count(__u32 what)
{
	__u64 *n = bpf_map_lookup_elem(&counters, &what);

	/* a softirq's program may come in between */
	if (n)
		__sync_fetch_and_add(n, 1);
}

#endif

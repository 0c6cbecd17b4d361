/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The two BPF objects (see preempt_off() in bpf/cpu.bpf.h), which this program carries compressed. */
#ifndef BPF_OBJECTS_H
#define BPF_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>

/* The ELF file for kernels with or without the kfuncs that switch preemption off; the caller frees it.  NULL when
 * there is no memory. */
void *bpf_objects_inflate(bool preempt_kfuncs, size_t *size);

#endif

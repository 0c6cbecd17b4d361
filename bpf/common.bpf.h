/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What every BPF header needs: the kernel's types, the helpers, and what user space asked for. */
#ifndef COMMON_BPF_H
#define COMMON_BPF_H

#include "vmlinux.h"

#include <asm/errno.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "shared/config.h"
#include "shared/diary.h"

const volatile struct config cfg;

/*
 * 0, which the verifier does not know: it takes any two values of x + unknown_0 for the same, and so
 * does not follow what comes next once for each of them.
 */
__u32 unknown_0 = 0;

/* x, of which the verifier knows nothing any more. */
static __always_inline __u64 forget(__u64 x)
{
	return x ^ ((__u64)unknown_0 << 32 | unknown_0);
}

/*
 * The same of all words of a map's key on the stack: whatever the ways to it were, the verifier follows
 * one from here.
 */
#define forget_key(key)                                           \
	do {                                                      \
		__u32 *word_ = (__u32 *)(key);                    \
		for (__u32 i_ = 0; i_ < sizeof(*(key)) / 4; i_++) \
			word_[i_] ^= unknown_0;                   \
	} while (0)

#endif

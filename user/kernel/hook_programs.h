/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Which program is for which hook of a feature. */
#ifndef HOOK_PROGRAMS_H
#define HOOK_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/features.h"

/* A program of the skeleton, and the hook that it is for. */
struct hook_program {
	enum feature feature;
	enum hook_kind kind;
	/* of a function: its number of arguments; of a tracepoint: the least number; 0: any */
	int args;
	/* in the skeleton's progs */
	size_t offset;
	/* not attached by tcpstates_bpf__attach() */
	bool by_hand;
};

extern const struct hook_program hook_programs[];
extern const size_t hook_programs_n;

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The processes of --pid and --follow: which of them run, and their children. */
#ifndef PROCESSES_H
#define PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/options.h"
#include "shared/config.h"

/* When a process of --pid began, by /proc/PID/stat: a later one with its number is another. */
struct noted_process {
	uint32_t pid;
	uint64_t started;
};

struct processes {
	const struct options *options;
	struct noted_process *noted;
	size_t n;
};

/* Notes the processes of --pid.  0, or -errno after a message: one has ended meanwhile. */
int processes_note(struct processes *p, const struct options *options);

/*
 * Once the hooks on fork and exit are attached: takes those that ended before that out of the BPF
 * side's map, and with --follow enters the children that these processes have already.
 */
void processes_settle(const struct processes *p, int pids_fd);

/* Nothing was reported of the processes of --pid: a message if they have children, which --follow shows. */
void processes_explain_nothing(const struct options *o);

/* Have all processes in the map ended that are included? */
bool processes_ended(int pids_fd);

/* Is this one in the map, and included? */
bool processes_include(int pids_fd, uint32_t pid);

/* Does -p select this one, as the BPF side decides it? */
bool processes_select(const volatile struct config *cfg, int pids_fd, uint32_t pid);

void processes_free(struct processes *p);

#endif

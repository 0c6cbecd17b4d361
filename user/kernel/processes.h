/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The processes of --pid and --follow: which of them run, and their children. */
#ifndef PROCESSES_H
#define PROCESSES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"

/* When each process of --pid began, by /proc/PID/stat: a later one with its number is another. */
struct processes {
	const struct options *options;
	uint64_t *started;
};

/* Notes the processes of --pid.  0, or -errno after a message: one has ended meanwhile. */
int processes_note(struct processes *p, const struct options *options);

/*
 * Once the hooks on fork and exit are attached: takes those that ended before that out of the BPF
 * side's map, and with --follow enters the children that these processes have already.
 */
void processes_settle(const struct processes *p, int pids_fd);

/* Have all processes in the map ended? */
bool processes_ended(int pids_fd);

void processes_free(struct processes *p);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A live trace: what live.c and live_timers.c share. */
#ifndef LIVE_PARTS_H
#define LIVE_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "kernel/command.h"
#include "kernel/tracer.h"
#include "live.h"

struct live {
	const struct options *options;
	struct reporter *reporter;
	struct tracer *tracer;
	struct command command;
	int signal_fd;
	int status; /* of the command */

	/* times of CLOCK_MONOTONIC; 0: never */
	uint64_t sweep_at_ns;
	uint64_t interval_from_ns;
	uint64_t interval_at_ns;
	uint64_t end_at_ns;
	uint64_t report_from_ns; /* not earlier, the open connections are reported again */

	int64_t clock_offset_ns;
	bool asked;	  /* SIGUSR1 came */
	bool interrupted; /* SIGINT, SIGTERM or SIGHUP came while the command ran */
	bool forsaken;	  /* all processes of --pid have ended */
	bool impatient;	  /* the trace was interrupted for good: do not wait for the command */
	bool ended;
};

/* The length of an interval of --interval. */
static inline uint64_t live_interval_ns(const struct options *o)
{
	return (uint64_t)(o->interval_s * NS_PER_S);
}

/* Reports the clock's offset when it has changed: somebody may set the clock during the trace. */
int live_report_clock(struct live *l);

/*
 * What is due by now: the end of the command or of the processes, a report of what is open, a sweep, an interval.
 * Sets l->ended when the trace is over.  0, or an error as of reporter_item().
 */
int live_run_timers(struct live *l);

#endif

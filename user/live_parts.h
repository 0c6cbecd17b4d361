/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A live trace: what live.c and live_timers.c share. */
#ifndef LIVE_PARTS_H
#define LIVE_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/notify.h"
#include "kernel/command.h"
#include "kernel/tracer.h"
#include "live.h"
#include "metrics/server.h"

/* a report of the open connections that took so long is followed by the next after so many times that */
#define LIVE_REPORT_SHARE 5

struct screen;

struct live {
	const struct options *options;
	struct reporter *reporter;
	struct tracer *tracer;
	struct command command;
	struct notify notify;
	struct metrics_server *server; /* NULL: none */
	struct screen *screen;	       /* NULL: none */
	int signal_fd;
	int status; /* of the command */

	/* times of CLOCK_MONOTONIC; 0: never */
	uint64_t swept_ns;
	uint64_t sweep_at_ns;
	uint64_t interval_from_ns;
	uint64_t interval_at_ns;
	uint64_t end_at_ns;
	uint64_t screen_at_ns;
	uint64_t metrics_file_at_ns; /* 0: it was not written yet */
	uint64_t report_from_ns;     /* not earlier, the open connections are reported again */

	int64_t clock_offset_ns;
	int metrics_file_err; /* of the last time */
	bool asked;	      /* SIGUSR1 came */
	bool interrupted;     /* SIGINT, SIGTERM or SIGHUP came while the command ran */
	bool forsaken;	      /* all processes of --pid have ended */
	bool impatient;	      /* the trace was interrupted for good: do not wait for the command */
	bool ended;
	bool said; /* what ends the trace has had its message */
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

/* When the next of these is due, in ms from now; at most that of a record that waits in the ring. */
int live_wait_ms(const struct live *l);

/* After tracer_open(), if there are metrics.  0, or -errno after a message. */
int live_metrics_open(struct live *l);

/* A metrics_page_fn. */
int live_metrics_page(void *live, FILE *out, enum metrics_format format);

/* Writes the file if it is due.  0, or -errno after a message: it cannot be written at all. */
int live_metrics_file(struct live *l, uint64_t now_ns);

void live_metrics_close(struct live *l);

/* If the renderer wants a screen.  0, or -errno after a message. */
int live_screen_open(struct live *l);

/* events: of poll(), of the screen's descriptor.  Sets l->ended when a key says so. */
void live_screen_keys(struct live *l, short events);

/* If it is due.  0, or an error as of reporter_item(). */
int live_screen_refresh(struct live *l, uint64_t now_ns);
void live_screen_close(struct live *l);

#endif

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What a live trace does from time to time. */
#include <stdlib.h>

#include "base/message.h"
#include "live_parts.h"

/* how long a record may stay unread in the ring buffer */
#define READ_EVERY_NS (50 * NS_PER_MS)
#define SWEEP_EVERY_NS (100 * NS_PER_MS)
/* where the kernel counts and nobody waits for news: whoever asks sweeps first, so this is to keep the tables small */
#define SWEEP_SELDOM_NS (60 * NS_PER_S)
/* and while handshakes hang, of which only a look tells how they end */
#define SWEEP_HANGING_NS NS_PER_S
/* how long to wait for the connections of the command, or of the processes of --pid, after their end */
#define CLOSES_WAIT_NS (2 * NS_PER_S)
/* a smaller change of the clock's offset is ignored */
#define CLOCK_STEP_NS 1000000

int live_report_clock(struct live *l)
{
	int64_t offset = clock_offset_ns();

	if (llabs(offset - l->clock_offset_ns) < CLOCK_STEP_NS)
		return 0;
	l->clock_offset_ns = offset;
	return reporter_item(l->reporter, &(struct item){ ITEM_CLOCK, &offset, sizeof(offset) });
}

/* A report of all open connections takes a while, and the ring must be read meanwhile. */
static int report_open(struct live *l, uint64_t now_ns)
{
	uint64_t end_ns;
	int err;

	if (!l->asked || now_ns < l->report_from_ns)
		return 0;
	l->asked = false;
	err = tracer_report_open(l->tracer, reporter_item, l->reporter);
	end_ns = clock_monotonic_ns();
	l->report_from_ns = end_ns + LIVE_REPORT_SHARE * (end_ns - now_ns);
	return err;
}

/* The listeners as they are now and, where the interval says what is open, that too. */
static int report_interval_end(struct live *l)
{
	if (reporter_interval_counts_open(l->reporter))
		return tracer_report_open(l->tracer, reporter_interval_item, l->reporter);
	return tracer_report_listeners(l->tracer, reporter_item, l->reporter);
}

/* Those whose connections are traced have ended: waits a while for the closes. */
static void await_closes(struct live *l, uint64_t now_ns)
{
	if (!l->end_at_ns || l->end_at_ns > now_ns + CLOSES_WAIT_NS)
		l->end_at_ns = now_ns + CLOSES_WAIT_NS;
	if (!tracer_count_open(l->tracer))
		l->ended = true;
}

static void watch_command(struct live *l, uint64_t now_ns)
{
	int status;

	if (!l->options->command)
		return;
	if (l->command.pid) {
		status = command_status(&l->command);
		if (status < 0)
			return;
		l->status = status;
	}
	await_closes(l, now_ns);
}

/* The processes of --pid have no successors: with the last of them the trace ends. */
static void watch_processes(struct live *l, uint64_t now_ns)
{
	if (l->options->wait || !tracer_processes_ended(l->tracer))
		return;
	if (!l->forsaken)
		message("--pid: no such process runs any more: the trace ends (with --wait it goes on)");
	l->forsaken = true;
	await_closes(l, now_ns);
}

/* Does the kernel only count, and nobody's end has to be noticed? */
static bool may_sleep(const struct live *l)
{
	const struct options *o = l->options;

	return options_only_counted(o) && !o->command && !o->pids.included.n;
}

static uint64_t sweep_every_ns(const struct live *l)
{
	if (!may_sleep(l))
		return SWEEP_EVERY_NS;
	return tracer_handshakes_hang(l->tracer) ? SWEEP_HANGING_NS : SWEEP_SELDOM_NS;
}

static uint64_t earlier(uint64_t at_ns, uint64_t due_ns)
{
	return due_ns && due_ns < at_ns ? due_ns : at_ns;
}

int live_wait_ms(const struct live *l)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t at_ns = may_sleep(l) ? l->sweep_at_ns : now_ns + READ_EVERY_NS;
	int server_ms = metrics_server_timeout_ms(l->server);

	if (!server_ms)
		return 0;
	at_ns = earlier(at_ns, l->end_at_ns);
	at_ns = earlier(at_ns, l->interval_at_ns);
	at_ns = earlier(at_ns, l->metrics_file_at_ns);
	if (l->screen)
		at_ns = earlier(at_ns, l->screen_at_ns);
	at_ns = earlier(at_ns, l->notify.ping_at_ns);
	if (l->asked)
		at_ns = earlier(at_ns, l->report_from_ns);
	if (server_ms > 0)
		at_ns = earlier(at_ns, now_ns + (uint64_t)server_ms * NS_PER_MS);
	/* the next millisecond, so that it is due by then */
	return at_ns > now_ns ? (int)((at_ns - now_ns) / NS_PER_MS) + 1 : 0;
}

int live_run_timers(struct live *l)
{
	uint64_t now_ns = clock_monotonic_ns();
	int err;

	notify_ping(&l->notify, now_ns);
	watch_command(l, now_ns);
	err = report_open(l, now_ns);
	if (now_ns >= l->sweep_at_ns) {
		if (!err)
			err = live_report_clock(l);
		if (!err)
			err = tracer_sweep(l->tracer, reporter_item, l->reporter);
		watch_processes(l, now_ns);
		l->swept_ns = now_ns;
	}
	l->sweep_at_ns = l->swept_ns + sweep_every_ns(l);
	if (!err)
		err = live_metrics_file(l, now_ns);
	if (!err)
		err = live_screen_refresh(l, now_ns);
	if (l->interval_at_ns && now_ns >= l->interval_at_ns) {
		if (!err)
			err = tracer_sweep(l->tracer, reporter_item, l->reporter);
		if (!err)
			err = tracer_tally(l->tracer, reporter_item, l->reporter);
		if (!err)
			err = report_interval_end(l);
		reporter_print_interval(l->reporter, l->interval_from_ns, now_ns);
		l->interval_from_ns = now_ns;
		l->interval_at_ns += live_interval_ns(l->options);
		/* if the process was held up, skip the intervals that have passed */
		if (l->interval_at_ns <= now_ns)
			l->interval_at_ns = now_ns + live_interval_ns(l->options);
	}
	if (l->end_at_ns && now_ns >= l->end_at_ns)
		l->ended = true;
	return err;
}

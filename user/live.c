// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "live.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "kernel/command.h"
#include "base/message.h"
#include "base/output.h"
#include "kernel/privileges.h"
#include "kernel/tracer.h"

#define READ_EVERY_MS 50 /* how long a record may lie in the ring unread */
#define SWEEP_EVERY_NS (NS_PER_S / 10)
#define CLOSES_WAIT_NS (2 * NS_PER_S) /* for the command's connections, after its end */
#define CLOCK_STEP_NS 1000000

struct live {
	const struct options *options;
	struct reporter *reporter;
	struct tracer *tracer;
	struct command command;
	int signal_fd;
	int status;	      /* the command's */
	uint64_t sweep_at_ns; /* CLOCK_MONOTONIC, as all below; 0: never */
	uint64_t interval_from_ns;
	uint64_t interval_at_ns;
	uint64_t end_at_ns;
	int64_t clock_offset_ns;
	bool interrupted; /* while the command ran */
	bool given_up;	  /* nothing is to be waited for */
	bool ended;
};

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* ignored, the kernel would keep no status */
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The clock may be stepped while tracing; records are told by the offset of their time. */
static int report_clock(struct live *l)
{
	int64_t offset = clock_offset_ns();

	if (llabs(offset - l->clock_offset_ns) < CLOCK_STEP_NS)
		return 0;
	l->clock_offset_ns = offset;
	return reporter_item(l->reporter, &(struct item){ ITEM_CLOCK, &offset, sizeof(offset) });
}

/*
 * The first SIGINT or SIGTERM is the command's, which the trace then ends with; the terminal has sent
 * it to the command already.  The second, or one without a command, ends the trace.
 */
static void interrupt(struct live *l, const struct signalfd_siginfo *info)
{
	if (!l->command.pid || l->interrupted) {
		l->ended = l->given_up = true;
		output_hurry();
		return;
	}
	l->interrupted = true;
	if (info->ssi_code != SI_KERNEL)
		kill(l->command.pid, (int)info->ssi_signo);
}

static int take_signals(struct live *l)
{
	struct signalfd_siginfo info;
	int err = 0;

	while (!err && read(l->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1)
			err = tracer_report_open(l->tracer, reporter_item, l->reporter);
		else if (info.ssi_signo != SIGCHLD)
			interrupt(l, &info);
	}
	return err;
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
		if (!l->end_at_ns || l->end_at_ns > now_ns + CLOSES_WAIT_NS)
			l->end_at_ns = now_ns + CLOSES_WAIT_NS;
	}
	if (!tracer_busy(l->tracer))
		l->ended = true;
}

static uint64_t interval_ns(const struct options *o)
{
	return (uint64_t)(o->interval_s * NS_PER_S);
}

static int on_time(struct live *l)
{
	uint64_t now_ns = clock_monotonic_ns();
	int err = 0;

	watch_command(l, now_ns);
	if (now_ns >= l->sweep_at_ns) {
		l->sweep_at_ns = now_ns + SWEEP_EVERY_NS;
		err = report_clock(l);
		if (!err)
			err = tracer_sweep(l->tracer, reporter_item, l->reporter);
	}
	if (l->interval_at_ns && now_ns >= l->interval_at_ns) {
		if (!err)
			err = tracer_tally(l->tracer, reporter_item, l->reporter);
		reporter_print_interval(l->reporter, l->interval_from_ns, now_ns);
		l->interval_from_ns = now_ns;
		l->interval_at_ns += interval_ns(l->options);
		if (l->interval_at_ns <= now_ns) /* some passed while nobody looked */
			l->interval_at_ns = now_ns + interval_ns(l->options);
	}
	if (l->end_at_ns && now_ns >= l->end_at_ns)
		l->ended = true;
	return err;
}

static int wait_ms(const struct live *l)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (!l->end_at_ns || l->end_at_ns > now_ns + READ_EVERY_MS * 1000000ULL)
		return READ_EVERY_MS;
	return l->end_at_ns > now_ns ? (int)((l->end_at_ns - now_ns) / 1000000) + 1 : 0;
}

static int loop(struct live *l)
{
	struct pollfd fds[] = {
		{ .fd = tracer_fd(l->tracer), .events = POLLIN },
		{ .fd = l->signal_fd, .events = POLLIN },
		{ .fd = l->reporter->out_fd, .events = 0 }, /* its reader is gone: POLLERR */
	};
	int err = reporter_flush(l->reporter), more = 0; /* the renderer has begun */

	while (!err && !l->ended) {
		if (poll(fds, 3, more ? 0 : wait_ms(l)) < 0 && errno != EINTR)
			return -errno;
		if (fds[2].revents & POLLERR)
			return -EPIPE;
		more = tracer_read(l->tracer, reporter_item, l->reporter);
		err = more < 0 ? more : take_signals(l);
		if (!err)
			err = on_time(l);
		if (!err)
			err = reporter_flush(l->reporter);
	}
	return err;
}

static void report(const struct totals *t)
{
	if (t->events_lost)
		message("%llu events lost: the ring buffer was full or hooks were skipped (a "
			"larger --ring, or a "
			"narrower selection)",
			(unsigned long long)t->events_lost);
	if (t->incomplete)
		message("%llu chapters are incomplete: the kernel did not report all of their "
			"events",
			(unsigned long long)t->incomplete);
	if (t->table_full)
		message("%llu connections found the table full (a larger --max-connections)",
			(unsigned long long)t->table_full);
}

static int start(struct live *l)
{
	const struct options *o = l->options;
	uint64_t now_ns;
	int err;

	l->signal_fd = open_signals();
	if (l->signal_fd < 0) {
		message("signals: %s", strerror(errno));
		return -errno;
	}
	if (o->command) {
		err = command_prepare(&l->command, o->command);
		if (err) {
			message("%s: %s", o->command[0], strerror(-err));
			return err;
		}
	}
	err = tracer_open(&l->tracer, o, l->command.pid);
	if (err)
		return err;
	err = privileges_drop(tracer_works, l->tracer, o->verbose);
	if (err)
		return err;
	err = recorder_check(l->reporter->recorder);
	if (err)
		return err;
	err = report_clock(l);
	if (err)
		return err;
	if (l->reporter->renderer->begin)
		l->reporter->renderer->begin(&l->reporter->context);
	now_ns = clock_monotonic_ns();
	if (o->duration_s > 0)
		l->end_at_ns = now_ns + (uint64_t)(o->duration_s * NS_PER_S);
	l->interval_from_ns = now_ns;
	if (o->interval_s > 0)
		l->interval_at_ns = now_ns + interval_ns(o);
	if (!o->quiet)
		fprintf(stderr, "Tracing TCP handshakes and closes%s\n",
			o->command ? "" : ", Ctrl-C to end");
	return o->command ? command_go(&l->command) : 0;
}

static int discard(void *ctx, const struct item *item)
{
	(void)ctx;
	(void)item;
	return 0;
}

static int discard_but_counts(void *ctx, const struct item *item)
{
	return item->type == ITEM_COUNTS ? reporter_item(ctx, item) : 0;
}

/*
 * What happened is told whole: detach, read what was posted, then what is still open.  Once --count is
 * reached, or the output is lost, there is nothing more to tell.
 */
static int stop(struct live *l, int err)
{
	int more = tracer_stop(l->tracer, err ? discard : reporter_item, l->reporter);

	if (!err)
		err = more;
	recorder_last(l->reporter->recorder);
	more = tracer_finish(l->tracer, err ? discard_but_counts : reporter_item, l->reporter);
	if (!err)
		err = more;
	if (err != -EPIPE)
		more = reporter_end(l->reporter);
	return err < 0 && err != REPORTER_ENOUGH ? err : more;
}

/* The trace is over, the command is not: this process lives until it has its status. */
static void await_command(struct live *l)
{
	struct pollfd p = { .fd = l->signal_fd, .events = POLLIN };
	struct signalfd_siginfo info;
	int status;

	while (l->command.pid && !l->given_up) {
		status = command_status(&l->command);
		if (status != -EAGAIN) {
			l->status = status < 0 ? EXIT_FAILURE : status;
			return;
		}
		poll(&p, 1, -1);
		while (read(l->signal_fd, &info, sizeof(info)) == sizeof(info))
			if (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM)
				interrupt(l, &info);
	}
}

int live_run(const struct options *options, struct reporter *reporter)
{
	struct live l = { .options = options,
			  .reporter = reporter,
			  .signal_fd = -1,
			  .command = { .gate_fd = -1 } };
	int err = start(&l), result;

	if (err || !l.tracer) {
		result = EXIT_FAILURE;
		goto out;
	}
	err = stop(&l, loop(&l));
	if (err < 0 && err != -EPIPE)
		message("output: %s", output_why(-err));
	report(&reporter->totals);
	reporter_end_recording(reporter);
	await_command(&l);
	result = err < 0 && err != -EPIPE ? EXIT_FAILURE : l.status;
out:
	command_cancel(&l.command);
	tracer_close(l.tracer);
	if (l.signal_fd >= 0)
		close(l.signal_fd);
	return result;
}

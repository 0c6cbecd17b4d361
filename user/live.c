// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/host.h"
#include "base/message.h"
#include "base/output.h"
#include "base/signals.h"
#include "kernel/privileges.h"
#include "kernel/processes.h"
#include "kernel/system_calls.h"
#include "live_parts.h"
#include "screen.h"

/* Is it time to end, although the output still waits for its reader? */
static bool is_over(void *ctx)
{
	const struct live *l = ctx;

	return l->ended || l->impatient || command_has_ended(&l->command) ||
	       (l->end_at_ns && clock_monotonic_ns() >= l->end_at_ns);
}

/*
 * The first SIGINT, SIGTERM or SIGHUP is for the command, and the trace ends when the command does.  A signal from the
 * terminal (SI_KERNEL) has reached the command already; another one is passed on.  The second signal, or the
 * first one without a command, ends the trace.
 */
static void interrupt(struct live *l, const struct signalfd_siginfo *info)
{
	if (!l->command.pid || l->interrupted) {
		l->ended = l->impatient = true;
		return;
	}
	l->interrupted = true;
	if (info->ssi_code != SI_KERNEL)
		command_signal(&l->command, (int)info->ssi_signo);
}

/* Reads what has arrived once: who sends signals all the time must not keep the program here. */
static void handle_signals(struct live *l)
{
	struct signalfd_siginfo infos[8];
	ssize_t len = read(l->signal_fd, infos, sizeof(infos));

	for (ssize_t i = 0; i < len / (ssize_t)sizeof(infos[0]); i++) {
		if (infos[i].ssi_signo == SIGUSR1)
			l->asked = true;
		else if (signals_ends((int)infos[i].ssi_signo))
			interrupt(l, &infos[i]);
	}
}

static int loop(struct live *l)
{
	struct pollfd fds[] = {
		{ .fd = tracer_fd(l->tracer), .events = POLLIN },
		{ .fd = l->signal_fd, .events = POLLIN },
		/* POLLERR: the reader of the output has exited */
		{ .fd = l->reporter->out_fd, .events = 0 },
		{ .fd = metrics_server_fd(l->server), .events = POLLIN },
		{ .fd = screen_fd(l->screen), .events = POLLIN },
	};
	/* start() has called the renderer's begin() */
	int err = reporter_flush(l->reporter), more = 0;

	while (!err && !l->ended) {
		if (poll(fds, 5, more ? 0 : live_wait_ms(l)) < 0 && errno != EINTR)
			return -errno;
		if (fds[2].revents & POLLERR)
			return -EPIPE;
		more = tracer_read(l->tracer, reporter_item, l->reporter);
		handle_signals(l);
		err = more < 0 ? more : live_run_timers(l);
		if (!err)
			err = reporter_flush(l->reporter);
		metrics_server_run(l->server);
		live_screen_keys(l, fds[4].revents);
	}
	return err;
}

static int open_command(struct live *l)
{
	char **argv = l->options->command;
	int err = argv ? command_prepare(&l->command, argv) : 0;

	if (err)
		message("%s: %s", argv[0], strerror(-err));
	return err;
}

/* Attaches the BPF programs, and drops privileges. */
static int open_tracer(struct live *l)
{
	const struct options *o = l->options;
	int err = tracer_open(&l->tracer, o, l->command.pid);

	if (!err)
		err = privileges_drop(tracer_can_read_maps, l->tracer, o->verbose);
	if (!err)
		err = live_metrics_open(l);
	if (!err)
		err = recorder_check(l->reporter->recorder);
	if (!err)
		err = metrics_server_start(l->server, live_metrics_page, l);
	if (!err && l->server)
		system_calls_restrict(o->verbose);
	return err;
}

static void start_timers(struct live *l)
{
	const struct options *o = l->options;
	uint64_t now_ns = clock_monotonic_ns();

	if (o->duration_s > 0)
		l->end_at_ns = now_ns + (uint64_t)(o->duration_s * NS_PER_S);
	l->interval_from_ns = now_ns;
	if (o->interval_s > 0)
		l->interval_at_ns = now_ns + live_interval_ns(o);
}

static int report_host(struct live *l)
{
	struct item_host host;

	if (!host_read(&host))
		return 0;
	host.sees_drops = tracer_sees_drops(l->tracer);
	host.begin_ns = clock_monotonic_ns();
	return reporter_item(l->reporter, &(struct item){ ITEM_HOST, &host, sizeof(host) });
}

static int start(struct live *l)
{
	const struct options *o = l->options;
	int err;

	l->signal_fd = signals_open();
	if (l->signal_fd < 0) {
		message("signals: %s", strerror(-l->signal_fd));
		return l->signal_fd;
	}
	notify_open(&l->notify);
	err = metrics_server_open(&l->server, o);
	if (!err)
		err = open_command(l);
	if (!err)
		err = open_tracer(l);
	if (!err)
		l->reporter->ports = (struct port_source){ tracer_ask_ports, l->tracer };
	if (!err)
		err = live_report_clock(l);
	if (!err)
		err = report_host(l);
	if (err)
		return err;
	if (l->reporter->renderer->begin)
		l->reporter->renderer->begin(&l->reporter->context);
	start_timers(l);
	if (!o->quiet)
		fprintf(stderr, "Tracing TCP handshakes and closes%s\n",
			o->command ? "" : "; press Ctrl-C to stop");
	notify_ready(&l->notify, clock_monotonic_ns());
	return o->command ? command_go(&l->command) : 0;
}

static int report_counts_only(void *ctx, const struct item *item)
{
	return item->type == ITEM_COUNTS ? reporter_item(ctx, item) : 0;
}

/*
 * Detaches, and reports what was posted and what is not over yet.  err: of loop(); after an error or when
 * --count is reached, it discards all but the counts.
 */
static int stop(struct live *l, int err)
{
	int more = tracer_stop(l->tracer, err ? report_counts_only : reporter_item, l->reporter);

	if (!err)
		err = more;
	recorder_last(l->reporter->recorder);
	more = tracer_finish(l->tracer, err ? report_counts_only : reporter_item, l->reporter);
	if (!err)
		err = more;
	if (err != -EPIPE)
		more = reporter_end(l->reporter);
	return err < 0 && err != REPORTER_ENOUGH ? err : more;
}

/* Waits for the command if the trace has ended before it, to exit with its status. */
static void await_command(struct live *l)
{
	struct pollfd p = { .fd = l->signal_fd, .events = POLLIN };
	struct signalfd_siginfo info;
	int status;

	while (l->command.pid && !l->impatient) {
		status = command_status(&l->command);
		if (status != -EAGAIN) {
			l->status = status < 0 ? EXIT_FAILURE : status;
			return;
		}
		poll(&p, 1, -1);
		while (read(l->signal_fd, &info, sizeof(info)) == sizeof(info))
			if (signals_ends((int)info.ssi_signo))
				interrupt(l, &info);
	}
}

int live_run(const struct options *options, struct reporter *reporter)
{
	/* not on the stack: the output asks is_over() until it is closed */
	static struct live l = { .signal_fd = -1, .command = COMMAND_NONE, .notify = NOTIFY_NONE };
	int err, result;

	l.options = options;
	l.reporter = reporter;
	output_end_when(is_over, &l);
	err = start(&l);
	if (err || !l.tracer) {
		result = EXIT_FAILURE;
		goto out;
	}
	err = live_screen_open(&l);
	l.said = err;
	if (!err)
		err = loop(&l);
	live_screen_close(&l);
	notify_stopping(&l.notify);
	err = stop(&l, err);
	if (err < 0 && err != -EPIPE &&
	    (reporter->error || (!l.said && !reporter->recording_failed)))
		message("output: %s", output_why(-err));
	summary_warn(&reporter->totals);
	/* nobody knows the connections that only the metrics count */
	if (!reporter->totals.connections && (!options_only_counted(options) || options->summary))
		processes_explain_nothing(options);
	reporter_end_recording(reporter);
	await_command(&l);
	result = err < 0 && err != -EPIPE ? EXIT_FAILURE : l.status;
out:
	/* what is still to be written waits no longer than before */
	l.ended = true;
	metrics_server_close(l.server);
	live_metrics_close(&l);
	command_close(&l.command);
	tracer_close(l.tracer);
	notify_close(&l.notify);
	if (l.signal_fd >= 0)
		close(l.signal_fd);
	return result;
}

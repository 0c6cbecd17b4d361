// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Parses the options, opens the output, traces or replays, and decides the exit status. */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/message.h"
#include "base/output.h"
#include "base/sudo_user.h"
#include "base/text.h"
#include "chapter/select.h"
#include "cli/options_parse.h"
#include "kernel/privileges.h"
#include "kernel/tracer.h"
#include "live.h"
#include "recording/recordings.h"
#include "reporter.h"
#include "screen.h"

#define EXIT_USAGE 2

static bool wants_colour(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && !(no && *no) && !(term && !strcmp(term, "dumb"));
}

/* 0: it is no terminal, or does not say. */
static unsigned int terminal_columns(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) ? 0 : size.ws_col;
}

/* The output's columns: a line of -o line takes LINE_WIDTH, and the table of --summary what there is. */
static void fit_terminal(struct reporter *reporter, int fd)
{
	unsigned int columns = terminal_columns(fd);
	unsigned int of_table = reporter->renderer->machine_readable
					? terminal_columns(STDERR_FILENO)
					: columns;

	reporter->context.narrow |= columns && columns < LINE_WIDTH;
	summary_set_width(reporter->summary, of_table);
	if (reporter->interval)
		summary_set_width(reporter->interval, of_table);
}

/* For static programs and for hosts without the files of the locale: the name of the locale shows it. */
static bool locale_name_is_utf8(void)
{
	static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *name = getenv(variables[i]);

		if (name && *name)
			return strcasestr(name, ".UTF-8") || strcasestr(name, ".utf8");
	}
	return false;
}

/* Does the user's locale use UTF-8?  This process stays in the "C" locale, in which it prints numbers. */
static bool wants_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", NULL);
	bool utf8 = locale && !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");

	if (locale)
		freelocale(locale);
	return utf8 || locale_name_is_utf8();
}

/* Replays a recording, through the same reporter as a live trace. */
static int replay(const struct options *o, struct reporter *reporter)
{
	struct selection selection = {
		.options = o,
		.cgroups = reporter->cgroups,
		.sink = reporter_item,
		.ctx = reporter,
	};
	int err, end;

	if (privileges_drop_for_replay())
		return EXIT_FAILURE;
	signal(SIGPIPE, SIG_IGN);
	if (reporter->renderer->begin)
		reporter->renderer->begin(&reporter->context);
	err = recordings_read(o->read_files, o->n_read_files, select_item, &selection);
	select_end(&selection);
	if (o->transitions && !selection.transitions && err >= 0)
		message("%s: the recording has no state changes (they are recorded with -o states -w FILE)",
			o->read_file);
	if (err == REPORTER_ENOUGH)
		err = 0;
	/* what could be read is told */
	if (err < 0 && err != -EBADMSG && err != -EPROTO && err != -EIO && o->n_read_files == 1 &&
	    !reporter->error)
		return EXIT_FAILURE;
	if (reporter->renderer->on_screen && !reporter->error &&
	    screen_show(&reporter->context,
			reporter->totals.events_lost + reporter->totals.table_full))
		return EXIT_FAILURE;
	end = reporter_end(reporter);
	if (end == -EPIPE)
		return EXIT_SUCCESS;
	if (end)
		message("output: %s", output_why(-end));
	return err < 0 || end ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int print_features(const struct options *o)
{
	return tracer_features(o, stdout) || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* A stream for the output, and its descriptor; NULL after a message. */
static FILE *open_output(const struct options *o, const char *name, int *fd)
{
	FILE *out;
	int err;

	*fd = STDOUT_FILENO;
	if (o->output_file)
		*fd = sudo_user_open(o->output_file, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	out = *fd < 0 ? NULL : output_fdopen(*fd);
	if (!out) {
		err = *fd < 0 ? *fd : -errno;
		message("%s: %s%s", name, strerror(-err), sudo_user_hint(err));
	}
	return out;
}

static struct summary *open_summary(const struct options *o)
{
	struct summary *s = summary_create();

	if (s && o->by.n && !summary_group(s, &o->by)) {
		summary_destroy(s);
		s = NULL;
	}
	return s;
}

/* Opens what the reporter needs.  0, or -errno after a message. */
static int open_reporter(struct reporter *reporter, const struct options *o)
{
	reporter->summary = open_summary(o);
	reporter->interval = o->interval_s > 0 ? open_summary(o) : NULL;
	reporter->cgroups = cgroups_open(!o->read_file);
	reporter->time_waits = time_waits_create();
	/* without memory for them, they are not named */
	if (reporter->renderer->other_ends)
		reporter->other_ends = other_ends_create();
	if (!reporter->summary || !reporter->cgroups || !reporter->time_waits ||
	    (o->interval_s > 0 && !reporter->interval)) {
		message("memory: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	if (reporter_open_pairs(reporter)) {
		message("memory: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	return o->write_file ? reporter_open_recorder(reporter) : 0;
}

static int run(const struct options *o)
{
	struct reporter reporter = { .options = o, .renderer = o->renderer };
	const char *name = o->output_file ? o->output_file : "standard output";
	int result = EXIT_FAILURE, fd;
	FILE *out = screen_check(o) ? NULL : open_output(o, name, &fd);

	if (!out)
		return EXIT_FAILURE;
	if (!open_reporter(&reporter, o)) {
		reporter_begin(&reporter, out, wants_colour(fd));
		reporter.context.utf8 = wants_utf8();
		fit_terminal(&reporter, fd);
		reporter.out_fd = fd;
		result = o->read_file ? replay(o, &reporter) : live_run(o, &reporter);
		reporter_end_recording(&reporter);
		if (reporter.recording_failed)
			result = EXIT_FAILURE;
	}
	reporter_free(&reporter);
	if (fclose(out) && result == EXIT_SUCCESS && !reporter.error) {
		message("%s: %s", name, strerror(errno));
		result = EXIT_FAILURE;
	}
	return result;
}

/*
 * If a standard stream is closed, a file that is opened later would take its number, and get messages or
 * chapters.  /dev/null takes it instead, for reading only, so that writing to it still fails.
 */
static void open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct options o;
	int result;

	open_standard_files();
	text_set_ascii_only(!wants_utf8());
	/* before any file of the command line is looked at */
	if (privileges_check())
		return EXIT_FAILURE;
	switch (options_parse(&o, argc, argv, stdout, stderr)) {
	case OPTIONS_RUN:
		result = o.features ? print_features(&o) : run(&o);
		break;
	case OPTIONS_DONE:
		result = fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
		break;
	default:
		result = EXIT_USAGE;
		break;
	}
	options_free(&o);
	return result;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Parses the options, opens the output, traces or replays, and decides the exit status. */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
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
#include "recording/recording.h"
#include "reporter.h"

#define EXIT_USAGE 2

static bool wants_colour(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && !(no && *no) && !(term && !strcmp(term, "dumb"));
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
	err = recording_read(o->read_file, select_item, &selection);
	select_end(&selection);
	if (err == REPORTER_ENOUGH)
		err = 0;
	if (err < 0 && err != -EBADMSG && err != -EPROTO && err != -EIO && !reporter->error)
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

/* Opens what the reporter needs.  0, or -errno after a message. */
static int open_reporter(struct reporter *reporter, const struct options *o)
{
	reporter->summary = summary_create();
	reporter->interval = o->interval_s > 0 ? summary_create() : NULL;
	reporter->cgroups = cgroups_open(!o->read_file);
	if (!reporter->summary || !reporter->cgroups ||
	    (o->interval_s > 0 && !reporter->interval)) {
		message("memory: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	return o->write_file ? recorder_create(&reporter->recorder, o, reporter->cgroups) : 0;
}

static int run(const struct options *o)
{
	struct reporter reporter = { .options = o, .renderer = o->renderer };
	const char *name = o->output_file ? o->output_file : "standard output";
	int result = EXIT_FAILURE, fd;
	FILE *out = open_output(o, name, &fd);

	if (!out)
		return EXIT_FAILURE;
	if (!open_reporter(&reporter, o)) {
		reporter_begin(&reporter, out, wants_colour(fd));
		reporter.context.utf8 = wants_utf8();
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

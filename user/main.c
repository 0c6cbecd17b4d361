// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Parse, open where items come from and where text goes, run, close; the exit status is decided here. */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sudo_user.h"
#include "live.h"
#include "base/message.h"
#include "cli/options_parse.h"
#include "base/output.h"
#include "kernel/privileges.h"
#include "recording/recording.h"
#include "chapter/select.h"
#include "reporter.h"
#include "kernel/tracer.h"

#define EXIT_USAGE 2

static bool wants_colour(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && !(no && *no) && !(term && !strcmp(term, "dumb"));
}

/* For where the locale's files are not to be had or not used, as by a static program. */
static bool locale_is_called_utf8(void)
{
	static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *name = getenv(variables[i]);

		if (name && *name)
			return strcasestr(name, ".UTF-8") || strcasestr(name, ".utf8");
	}
	return false;
}

/* The caller's locale tells what its terminal shows; our own stays "C", in which numbers are printed. */
static bool wants_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", NULL);
	bool utf8 = locale && !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");

	if (locale)
		freelocale(locale);
	return utf8 || locale_is_called_utf8();
}

/* Replays a recording through the same reporter as live tracing. */
static int replay(const struct options *o, struct reporter *t)
{
	struct selection selection = {
		.options = o,
		.cgroups = t->cgroups,
		.sink = reporter_item,
		.ctx = t,
	};
	int err, end;

	privileges_drop_for_replay();
	signal(SIGPIPE, SIG_IGN);
	if (t->renderer->begin)
		t->renderer->begin(&t->context);
	err = recording_read(o->read_file, select_item, &selection);
	if (err == REPORTER_ENOUGH)
		err = 0;
	if (err < 0 && err != -EBADMSG && err != -EPROTO && !t->error)
		return EXIT_FAILURE;
	end = reporter_end(t);
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

static int run(const struct options *o)
{
	struct reporter t = { .options = o, .renderer = o->renderer };
	const char *name = o->output_file ? o->output_file : "standard output";
	int result = EXIT_FAILURE, fd = STDOUT_FILENO, err;
	bool colour;
	FILE *out;

	if (o->output_file)
		fd = sudo_user_open(o->output_file, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	out = fd < 0 ? NULL : output_fdopen(fd);
	if (!out) {
		err = fd < 0 ? fd : -errno;
		message("%s: %s%s", name, strerror(-err), sudo_user_hint(err));
		return EXIT_FAILURE;
	}
	colour = wants_colour(fd);
	t.summary = summary_create();
	t.interval = o->interval_s > 0 ? summary_create() : NULL;
	t.cgroups = cgroups_open(!o->read_file);
	if (!t.summary || !t.cgroups || (o->interval_s > 0 && !t.interval)) {
		message("memory: %s", strerror(ENOMEM));
		goto out;
	}
	if (o->write_file) {
		err = recorder_create(&t.recorder, o, t.cgroups);
		if (err)
			goto out;
	}
	reporter_begin(&t, out, colour);
	t.context.utf8 = wants_utf8();
	t.out_fd = fd;
	result = o->read_file ? replay(o, &t) : live_run(o, &t);
	reporter_end_recording(&t);
	if (t.recording_failed)
		result = EXIT_FAILURE;
out:
	reporter_free(&t);
	if (fclose(out) && result == EXIT_SUCCESS && !t.error) {
		message("%s: %s", name, strerror(errno));
		result = EXIT_FAILURE;
	}
	return result;
}

/* What is opened later must not become one of the three that messages and records go to, were they closed. */
static void open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC); /* writing remains an error */
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct options o;
	int result;

	open_standard_files();
	switch (options_parse(&o, argc, argv, stdout, stderr)) {
	case OPTIONS_RUN:
		if (privileges_check())
			result = EXIT_FAILURE;
		else
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

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Parse, open where items come from and where text goes, run, close; the exit status is decided here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live.h"
#include "message.h"
#include "options.h"
#include "recording.h"
#include "select.h"
#include "teller.h"

#define EXIT_USAGE 2
#define OUTPUT_BUFFER (128 << 10) /* larger ones leave the processor's cache */

static bool wants_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(out)) && !(no && *no) && !(term && !strcmp(term, "dumb"));
}

/* Replays a recording through the same teller as live tracing. */
static int replay(const struct options *o, struct teller *t)
{
	struct selection selection = { .options = o, .sink = teller_item, .ctx = t };
	int err;

	if (t->renderer->begin)
		t->renderer->begin(&t->context);
	err = recording_read(o->read_file, select_item, &selection);
	if (err >= 0 || err == -EBADMSG || err == TELLER_ENOUGH) {
		int end = teller_end(t);

		if (end == -EPIPE)
			return EXIT_SUCCESS;
		if (end)
			message("output: %s", strerror(-end));
		err = end ? end : err == TELLER_ENOUGH ? 0 : err;
	}
	return err < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(const struct options *o)
{
	struct teller t = { .options = o, .renderer = o->renderer };
	FILE *out = stdout;
	static char buffer[OUTPUT_BUFFER]; /* stdout's until the program ends */
	int result = EXIT_FAILURE, err;

	if (o->output_file) {
		out = fopen(o->output_file, "we");
		if (!out) {
			message("%s: %s", o->output_file, strerror(errno));
			return EXIT_FAILURE;
		}
	}
	setvbuf(out, buffer, _IOFBF, sizeof(buffer));
	t.summary = summary_create();
	t.interval = o->interval_s > 0 ? summary_create() : NULL;
	t.cgroups = cgroups_open(!o->read_file);
	if (!t.summary || !t.cgroups || (o->interval_s > 0 && !t.interval)) {
		message("memory: %s", strerror(ENOMEM));
		goto out;
	}
	if (o->write_file) {
		err = recording_create(&t.recording, o->write_file);
		if (err) {
			message("%s: %s", o->write_file, strerror(-err));
			goto out;
		}
	}
	teller_begin(&t, out, wants_colour(out));
	result = o->read_file ? replay(o, &t) : live_run(o, &t);
	err = recording_close(t.recording);
	if (err) {
		message("%s: %s", o->write_file, strerror(-err));
		result = EXIT_FAILURE;
	}
out:
	cgroups_close(t.cgroups);
	summary_destroy(t.summary);
	summary_destroy(t.interval);
	if (out != stdout)
		fclose(out);
	return result;
}

int main(int argc, char **argv)
{
	struct options o;
	int result;

	switch (options_parse(&o, argc, argv, stdout, stderr)) {
	case OPTIONS_RUN:
		result = run(&o);
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

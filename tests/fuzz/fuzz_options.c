// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Random words as a command line. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cli/options_parse.h"
#include "input.h"
#include "play.h"
#include "cli/options_parse.h"

#define WORDS_MAX 64

/* Splits data into words; each is allocated on its own, for the sanitizer.  argv ends with NULL. */
static int split(char *argv[WORDS_MAX + 1], const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	int argc = 0;

	while (at < end && argc < WORDS_MAX) {
		const char *stop = at;

		while (stop < end && *stop && *stop != '\n')
			stop++;
		argv[argc] = strndup(at, (size_t)(stop - at));
		CHECK(argv[argc]);
		argc++;
		at = stop + (stop < end);
	}
	argv[argc] = NULL;
	return argc;
}

static void check_refusal(const struct memory *err)
{
	static const char prefix[] = "tcpstates-trace: ";

	CHECK(err->len > sizeof(prefix) && !memcmp(err->text, prefix, sizeof(prefix) - 1));
	CHECK(memchr(err->text, '\n', err->len) == err->text + err->len - 1);
	CHECK(memmem(err->text, err->len, " (accepted: ", 12));
	CHECK(err->len < 1000);
}

static enum options_result run(struct memory *out, struct memory *err, int argc, char **argv)
{
	enum options_result result;
	struct options o;

	memory_begin(out);
	memory_begin(err);
	result = (enum options_result)options_parse(&o, argc, argv, out->file, err->file);
	memory_end(out);
	memory_end(err);
	check_terminal(err->text, err->len, false);
	if (result == OPTIONS_BAD)
		check_refusal(err);
	else
		CHECK(!err->len);
	if (result == OPTIONS_RUN)
		CHECK(o.renderer && o.ring_mib && !(o.ring_mib & (o.ring_mib - 1)));
	if (result == OPTIONS_RUN && o.command)
		CHECK(o.follow && o.command[0] && o.command >= argv && o.command < argv + argc);
	CHECK(!out->len == (result != OPTIONS_DONE));
	options_free(&o);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct memory out, err;
	char *argv[WORDS_MAX + 1];
	int argc = split(argv, data, size);
	enum options_result result = run(&out, &err, argc, argv);

	/* getopt_long() keeps state, which must not affect a second parse */
	CHECK(run(&out, &err, argc, argv) == result);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return 0;
}

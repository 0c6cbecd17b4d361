// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Random bytes as a recording, through reader, selections, reporter and JSON. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "chapter/select.h"
#include "cli/options_parse.h"
#include "input.h"
#include "play.h"
#include "recording/recording.h"

#define WORDS_MAX 16

/* The first byte chooses one. */
static const char *const selections[][WORDS_MAX] = {
	{ NULL },
	{ "--failed", NULL },
	{ "--min-connect", "0.01", NULL },
	{ "--min-close", "0.01", "--failed", NULL },
	{ "-L", "443,1024-65535", "--role", "server", NULL },
	{ "-D", "443", "-d", "10.0.0.0/8,2001:db8::/33", NULL },
	{ "--port", "443", "--host", "::/0,10.0.0.0/31", "-4", NULL },
	{ "-c", "curl", "-p", "4711,666", "-6", NULL },
	{ "-l", "10.0.0.1", "--netns", "4026531840", "-n", "2", NULL },
};

/* Parses the selection's options, with -r, as main() does; the renderer stays the play's. */
static void choose(struct options *chosen, const struct play *p, uint8_t which)
{
	static char program[] = "tcpstates-trace", read[] = "-r", file[] = "FILE";
	const char *const *words = selections[which % (sizeof(selections) / sizeof(selections[0]))];
	char *argv[WORDS_MAX + 4] = { program, read, file };
	int argc = 3;

	while (*words)
		argv[argc++] = (char *)*words++;
	CHECK(options_parse(chosen, argc, argv, stdout, stderr) == OPTIONS_RUN);
	chosen->renderer = p->options.renderer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct play p;
	char path[MEMORY_PATH_MAX];
	struct selection selection = { .sink = play_item, .ctx = &p };
	struct options chosen;
	int fd, err;

	if (!size)
		return -1;
	fd = memory_file(path, data + 1, size - 1);
	play_begin(&p, renderer_find("json"), 0);
	choose(&chosen, &p, data[0]);
	p.options.count = chosen.count;
	selection.options = &chosen;
	err = recording_read(path, select_item, &selection);
	select_end(&selection);
	CHECK(!err || err == -EBADMSG || err == -EPROTO || err == REPORTER_ENOUGH);
	play_end(&p);
	options_free(&chosen);
	close(fd);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "golden_replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recording/recording.h"
#include "stage.h"

/* Keeps of a page just its data, the last script: the end-to-end tests have a browser for the rest. */
static void keep_data(char *page, size_t *len)
{
	char *data = strstr(page, " id=\"data\">\n");

	assert_non_null(data);
	data = strchr(data, '\n') + 1;
	*len = (size_t)(strstr(data, "</script>\n") - data);
	memmove(page, data, *len);
	page[*len] = '\0';
}

/* The last line alone. */
static void keep_last(char *text, size_t *len)
{
	char *last = text + *len;

	while (last > text + 1 && last[-2] != '\n')
		last--;
	*len = strlen(--last);
	memmove(text, last, *len + 1);
}

char *golden_replay(const char *path, const struct golden_view *v, const struct by *by, size_t *len)
{
	struct stage s = {
		.options = { .verbose = v->verbose,
			     .time_style = v->time_style,
			     .narrow = v->narrow,
			     .pair = v->pair,
			     .read_files = &path,
			     .n_read_files = 1 },
	};
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	int err;

	if (by)
		s.options.by = *by;
	/* with JSON the table is on the standard error */
	s.options.summary = by && !strcmp(v->renderer, "none");
	stage_open(&s, v->renderer, out, v->colour);
	s.reporter.context.utf8 = v->utf8;
	err = recording_read(path, reporter_item, &s.reporter);
	if (!err)
		err = reporter_end(&s.reporter);
	stage_close(&s);
	fclose(out);
	if (err) {
		free(text);
		fail_msg("%s: %s", path, strerror(-err));
	}
	if (!strcmp(v->renderer, "html"))
		keep_data(text, len);
	if (by && !strcmp(v->renderer, "json"))
		keep_last(text, len);
	return text;
}

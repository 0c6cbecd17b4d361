// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "options_row.h"

#include <string.h>

#include "base/text.h"

/* bytes of an argument that a message repeats */
#define SHOWN_MAX 120

bool options_row_is_option(const struct option_row *row)
{
	return row->short_name || row->long_name;
}

bool options_row_is_last(const struct option_row *row)
{
	return !options_row_is_option(row) && !row->help;
}

size_t options_put_words(const struct option_row *row, const char *separator, FILE *f)
{
	size_t n = 0;

	if (row->put_words)
		return row->put_words(separator, f);
	if (row->words)
		for (; row->words[n].name; n++)
			fprintf(f, "%s%s", n ? separator : "", row->words[n].name);
	return n;
}

static void put_escaped(const char *s, FILE *f)
{
	size_t len = strlen(s), at = 0;

	while (at < len && at < SHOWN_MAX) {
		size_t bytes = text_utf8(s + at, len - at);

		if (bytes && text_is_harmless(s + at, bytes)) {
			fwrite(s + at, 1, bytes, f);
			at += bytes;
		} else {
			fprintf(f, "\\x%02x", (unsigned char)s[at++]);
		}
	}
	if (at < len)
		fputs("...", f);
}

/* Nobody means what is not text, or endless. */
static bool is_plain(const char *s)
{
	size_t len = 0;

	while (s[len] >= ' ' && s[len] <= '~')
		len++;
	return !s[len] && len <= SHOWN_MAX;
}

enum options_result options_complain(FILE *err, const struct complaint *c)
{
	fputs("tcpstates-trace: ", err);
	put_escaped(c->what, err);
	if (c->arg) {
		putc(' ', err);
		put_escaped(c->arg[0] ? c->arg : "''", err);
	}
	fprintf(err, ": %s", c->why);
	if (c->element) {
		fputs(": ", err);
		put_escaped(c->element, err);
	}
	if (c->hint && is_plain(c->hint))
		fprintf(err, ": did you mean %s?", c->hint);
	fputs(" (accepted: ", err);
	if (c->accepted)
		fputs(c->accepted, err);
	else if (c->row && !options_put_words(c->row, ", ", err))
		fputs(c->row->accepted, err);
	fputs(")\n", err);
	return OPTIONS_BAD;
}

enum options_result options_refuse(FILE *err, const char *what, const char *why,
				   const char *accepted)
{
	return options_complain(err, &(struct complaint){
					     .what = what, .why = why, .accepted = accepted });
}

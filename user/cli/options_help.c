// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "options_help.h"

#include <string.h>

#include "render/render.h"

#define WIDTH 80
#define HELP_COLUMN 32
#define FORMAT_COLUMN 13

/* Prints words from `column` on and wraps them at WIDTH; the line has `at` bytes already. */
static void put_wrapped(const char *text, int at, int column, FILE *out)
{
	if (at >= column) {
		putc('\n', out);
		at = 0;
	}
	at += fprintf(out, "%*s", column - at, "");
	while (*text) {
		int len = (int)strcspn(text, " ");

		if (at > column && at + 1 + len > WIDTH) {
			fprintf(out, "\n%*s", column, "");
			at = column;
		} else if (at > column) {
			at += fprintf(out, " ");
		}
		at += fprintf(out, "%.*s", len, text);
		text += len;
		text += strspn(text, " ");
	}
	putc('\n', out);
}

static void put_option(const struct option_row *row, FILE *out)
{
	int at;

	if (row->short_name)
		at = fprintf(out, "  -%c%s", row->short_name, row->long_name ? ", " : "");
	else
		at = fprintf(out, "      ");
	if (row->long_name)
		at += fprintf(out, "--%s", row->long_name);
	if (row->arg)
		at += fprintf(out, " %s", row->arg);
	put_wrapped(row->help, at, HELP_COLUMN, out);
}

static void print_help(FILE *out)
{
	fputs("Usage: tcpstates-trace [OPTION...] [-- COMMAND [ARG...]]\n"
	      "Show how the TCP connections of this host are opened and closed, step by step.\n"
	      "With COMMAND, run it and show only its connections.\n",
	      out);
	for (const struct option_row *row = options_table; !options_row_is_last(row); row++) {
		if (!options_row_is_option(row))
			fprintf(out, "\n%s:\n", row->help);
		else if (row->help)
			put_option(row, out);
	}

	fputs("\nFormats:\n", out);
	for (const struct renderer *const *r = renderers; *r && (*r)->name; r++)
		put_wrapped((*r)->help ? (*r)->help : "", fprintf(out, "  %s", (*r)->name),
			    FORMAT_COLUMN, out);

	fputs("\nExamples:\n"
	      "  tcpstates-trace -L 443 --min-connect 100\n"
	      "      show handshakes with local port 443 that took 100 ms or more\n"
	      "  tcpstates-trace -o json --failed -w lost.pcapng\n"
	      "      print what goes wrong as JSON Lines, and record it\n"
	      "  tcpstates-trace -s -o none -- curl -s https://example.org/\n"
	      "      run a command and print only a summary of its connections\n"
	      "\nExit status:\n"
	      "  0 if it ended as requested, 1 if it could not trace or write its output,\n"
	      "  2 for unusable arguments; with COMMAND, its status (128+N for signal N).\n",
	      out);
}

enum options_result set_help(struct parse *p, const struct option_row *row, const char *arg)
{
	(void)row;
	(void)arg;
	print_help(p->out);
	return OPTIONS_DONE;
}

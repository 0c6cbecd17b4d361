// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "options_parse.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "options_table.h"
#include "parse.h"
#include "base/text.h"

#define LONG_ONLY 256 /* a long option's value is this + its row, a short one's its character */
#define SHOWN_MAX 120 /* bytes of an argument that a message repeats */

/* What getopt_long() wants, built from the table. */
struct grammar {
	char shorts[3 + 2 * OPTIONS_MAX];
	struct option longs[OPTIONS_MAX + 1];
};

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
	fputs(" (accepted: ", err);
	if (c->accepted)
		fputs(c->accepted, err);
	else if (!options_put_words(c->row, ", ", err))
		fputs(c->row->accepted, err);
	fputs(")\n", err);
	return OPTIONS_BAD;
}

static void grammar_build(struct grammar *g)
{
	size_t n_longs = 0;
	char *s = g->shorts;

	/* stop at the first word that is no option; tell missing arguments from unknown options */
	*s++ = '+';
	*s++ = ':';
	for (int i = 0; !options_row_is_last(&options_table[i]) && i < OPTIONS_MAX; i++) {
		const struct option_row *row = &options_table[i];

		if (row->short_name) {
			*s++ = row->short_name;
			if (row->arg)
				*s++ = ':';
		}
		if (row->long_name)
			g->longs[n_longs++] = (struct option){
				.name = row->long_name,
				.has_arg = row->arg ? required_argument : no_argument,
				.val = LONG_ONLY + i,
			};
	}
	*s = '\0';
	memset(&g->longs[n_longs], 0, sizeof(g->longs[n_longs]));
}

/* The row of a getopt_long() value, NULL when there is none; `what` gets the option as written. */
static const struct option_row *row_of_value(int value, char what[PARSE_ELEMENT_MAX])
{
	for (int i = 0; !options_row_is_last(&options_table[i]); i++) {
		const struct option_row *row = &options_table[i];

		if (!options_row_is_option(row))
			continue;
		if (value == LONG_ONLY + i) {
			snprintf(what, PARSE_ELEMENT_MAX, "--%s", row->long_name);
			return row;
		}
		if (row->short_name && value == row->short_name) {
			snprintf(what, PARSE_ELEMENT_MAX, "-%c", row->short_name);
			return row;
		}
	}
	return NULL;
}

static bool is_ambiguous(const char *word)
{
	size_t len = strcspn(word + 2, "="), n = 0;

	for (const struct option_row *row = options_table; !options_row_is_last(row); row++)
		if (row->long_name && !strncmp(row->long_name, word + 2, len))
			n++;
	return n > 1;
}

static enum options_result complain_unknown(FILE *err, const char *word)
{
	char what[PARSE_ELEMENT_MAX];
	struct complaint c = {
		.what = what,
		.why = "unknown option",
		.accepted = "what --help lists",
	};
	unsigned char letter = (unsigned char)optopt;

	if (!optopt) {
		c.what = word;
		if (is_ambiguous(word))
			c.why = "the beginning of several options";
	} else if (row_of_value(optopt, what)) {
		c.why = "takes no argument";
		c.accepted = what;
	} else {
		/* a lone byte of a longer character would not be text */
		snprintf(what, sizeof(what), letter < 0x80 ? "-%c" : "-\\x%02x", letter);
	}
	return options_complain(err, &c);
}

static enum options_result complain(FILE *err, const char *what, const char *why,
				    const char *accepted)
{
	struct complaint c = { .what = what, .why = why, .accepted = accepted };

	return options_complain(err, &c);
}

static bool same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	if (!a || !b)
		return false;
	/* a device or a pipe, such as /dev/null or "-", can be used twice */
	if (!stat(a, &sa) && !stat(b, &sb))
		return S_ISREG(sa.st_mode) && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
	return !strcmp(a, b) && strcmp(a, "-") != 0;
}

/* That of a recording need not be there any more, or be another host's. */
static enum options_result check_cgroup(struct options *o, FILE *err)
{
	struct complaint c = { .what = "--cgroup", .arg = o->cgroup_path };

	if (!o->cgroup_path || o->read_file)
		return OPTIONS_RUN;
	c.why = parse_cgroup(o->cgroup_path, &o->cgroup_id);
	c.accepted = "one PATH of a directory in a cgroup2 file system";
	return c.why ? options_complain(err, &c) : OPTIONS_RUN;
}

/* What only the whole command line shows. */
static enum options_result check(struct options *o, FILE *err)
{
	if (o->write_file && o->read_file)
		return complain(err, "--write", "conflicts with --read", "one of them");
	if (o->command && o->read_file)
		return complain(err, "-- COMMAND", "conflicts with --read", "one of them");
	if (o->read_file && (o->interval_s > 0 || o->duration_s > 0))
		return complain(err, o->interval_s > 0 ? "--interval" : "--duration",
				"is for what happens now, not for --read", "one of them");
	if (o->command && o->pids.n)
		return complain(err, "--pid", "conflicts with -- COMMAND", "one of them");
	if (o->attach != ATTACH_AUTO && o->hooks[FEATURE_STATE] != HOOK_ANY)
		return complain(err, "--hook state", "conflicts with --attach", "one of them");
	if (o->interval_s > 0 && !o->summary)
		return complain(err, "--interval", "needs --summary", "--summary --interval S");
	if (o->write_bytes && (!o->write_file || !strcmp(o->write_file, "-")))
		return complain(err, "-C", "needs --write to a file", "--write FILE -C MB");
	if (o->write_count && !o->write_bytes)
		return complain(err, "-W", "needs -C", "--write FILE -C MB -W COUNT");
	if (same_file(o->output_file, o->read_file))
		return complain(err, "--output-file", "would overwrite the recording that is read",
				"another FILE");
	if (same_file(o->output_file, o->write_file))
		return complain(err, "--output-file", "is also the file of --write",
				"another FILE");
	if (o->write_file && !strcmp(o->write_file, "-") && !o->output_file &&
	    (o->summary || !o->silent))
		return complain(err, "--write -", "would mix with the records",
				"with -o none, or with --output-file FILE");
	/* the processes of a recording need not run any more */
	for (size_t i = 0; i < o->pids.n && !o->read_file; i++) {
		const char *why = parse_check_process(o->pids.items[i]);
		char what[PARSE_ELEMENT_MAX];

		snprintf(what, sizeof(what), "--pid %u", o->pids.items[i]);
		if (why)
			return complain(err, what, why, "PID[,PID...], running processes");
	}
	return check_cgroup(o, err);
}

static enum options_result parse_one(struct parse *p, const struct option_row *row, uint64_t *seen)
{
	uint64_t bit = 1ULL << (row - options_table);
	struct complaint c = { p->what, optarg, "given twice", NULL, NULL, row };

	if (row->once && *seen & bit)
		return options_complain(p->err, &c);
	*seen |= bit;
	return row->set(p, row, optarg);
}

static enum options_result parse_command(struct options *o, char **rest, bool dashes, FILE *err)
{
	if (dashes && !rest[0])
		return complain(err, "--", "no command follows", "-- COMMAND [ARG...]");
	if (!dashes && rest[0])
		return complain(err, rest[0], "not an option", "-- COMMAND [ARG...], to trace it");
	if (rest[0]) {
		o->command = rest;
		o->follow = true;
	}
	return OPTIONS_RUN;
}

static void set_defaults(struct options *o)
{
	memset(o, 0, sizeof(*o));
	o->renderer = renderer_find("timeline");
	o->ring_mib = RING_MIB_DEFAULT;
}

int options_parse(struct options *o, int argc, char **argv, FILE *out, FILE *err)
{
	char what[PARSE_ELEMENT_MAX];
	struct parse p = { .o = o, .out = out, .err = err, .what = what };
	enum options_result r = OPTIONS_RUN;
	struct grammar g;
	uint64_t seen = 0;

	set_defaults(o);
	if (argc < 1)
		return OPTIONS_RUN;
	grammar_build(&g);
	optind = 0; /* glibc: begin afresh, also after a parse that stopped within a cluster */
	opterr = 0;
	while (r == OPTIONS_RUN) {
		int before = optind ? optind : 1;
		int value = getopt_long(argc, argv, g.shorts, g.longs, NULL);
		const struct option_row *row;

		if (value == -1) {
			/* "--" as an option's argument is behind `before` already */
			bool dashes = optind == before + 1 && !strcmp(argv[before], "--");

			r = parse_command(o, argv + optind, dashes, err);
			break;
		}
		row = row_of_value(value == ':' ? optopt : value, what);
		if (value == '?' || !row) {
			r = complain_unknown(err, argv[optind - 1]);
		} else if (value == ':') {
			struct complaint c = { .what = what,
					       .why = "needs an argument",
					       .row = row };

			r = options_complain(err, &c);
		} else {
			r = parse_one(&p, row, &seen);
		}
	}
	return r == OPTIONS_RUN ? check(o, err) : r;
}

void options_free(struct options *o)
{
	if (!o)
		return;
	free(o->pids.items);
	free(o->local.items);
	free(o->remote.items);
	free(o->host.items);
	memset(o, 0, sizeof(*o));
}

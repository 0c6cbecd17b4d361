// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "options_parse.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/netns.h"
#include "options_row.h"
#include "parse.h"
#include "render/render.h"

/* getopt_long() returns the character of a short option, and for a long one this plus its row */
#define LONG_ONLY 256

/* The arguments of getopt_long(), made from the table. */
struct grammar {
	char shorts[3 + 2 * OPTIONS_MAX];
	struct option longs[OPTIONS_MAX + 1];
};

static void grammar_build(struct grammar *g)
{
	size_t n_longs = 0;
	char *s = g->shorts;

	/* stop at the first word that is not an option; return ':' for a missing argument */
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

/* The row for a value of getopt_long(), or NULL; `what` becomes the name of the option. */
static const struct option_row *find_row(int value, char what[PARSE_ELEMENT_MAX])
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
		.accepted = "see --help",
	};
	unsigned char letter = (unsigned char)optopt;

	if (!optopt) {
		c.what = word;
		if (is_ambiguous(word))
			c.why = "ambiguous option";
	} else if (find_row(optopt, what)) {
		c.why = "takes no argument";
		c.accepted = what;
	} else {
		/* a single byte of a longer character is not text */
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
	/* devices, pipes and "-" may be used twice */
	if (!stat(a, &sa) && !stat(b, &sb))
		return S_ISREG(sa.st_mode) && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
	return !strcmp(a, b) && strcmp(a, "-") != 0;
}

static enum options_result check_files(const struct options *o, FILE *err)
{
	if (o->write_bytes && (!o->write_file || !strcmp(o->write_file, "-")))
		return complain(err, "-C", "requires --write to a file", "--write FILE -C MB");
	if (o->write_count && !o->write_bytes)
		return complain(err, "-W", "requires -C", "--write FILE -C MB -W COUNT");
	if (same_file(o->output_file, o->read_file))
		return complain(err, "--output-file", "would overwrite the file of --read",
				"another FILE");
	if (same_file(o->output_file, o->write_file))
		return complain(err, "--output-file", "is also the file of --write",
				"another FILE");
	if (o->write_file && !strcmp(o->write_file, "-") && !o->output_file &&
	    (o->summary || !o->silent))
		return complain(err, "--write -", "would mix with the printed output",
				"with -o none, or with --output-file FILE");
	return OPTIONS_RUN;
}

/* The processes of a recording need not exist any more. */
static enum options_result check_pids(const struct options *o, FILE *err)
{
	for (size_t i = 0; i < o->pids.n && !o->read_file; i++) {
		const char *why = parse_check_process(o->pids.items[i]);
		char what[PARSE_ELEMENT_MAX];

		snprintf(what, sizeof(what), "--pid %u", o->pids.items[i]);
		if (why)
			return complain(err, what, why, "PID[,PID...] of running processes");
	}
	return OPTIONS_RUN;
}

/* The cgroup of a recording may be gone, or be one of another host. */
static enum options_result check_cgroup(struct options *o, FILE *err)
{
	struct complaint c = {
		.what = "--cgroup",
		.arg = o->cgroup_path,
		.accepted = ACCEPTED_CGROUP,
	};

	if (!o->cgroup_path || o->read_file)
		return OPTIONS_RUN;
	c.why = parse_cgroup(o->cgroup_path, &o->cgroup_id);
	return c.why ? options_complain(err, &c) : OPTIONS_RUN;
}

/*
 * A namespace that is named by its number: nobody may get that number during the trace.  One that
 * this process may not see is not kept.
 */
static enum options_result check_netns(struct options *o, FILE *err)
{
	char what[PARSE_ELEMENT_MAX];
	int fd;

	if (!o->netns || o->netns_fd || o->read_file)
		return OPTIONS_RUN;
	fd = netns_open(o->netns);
	snprintf(what, sizeof(what), "--netns %u", o->netns);
	if (fd == -ENOENT)
		return complain(err, what, "no such network namespace",
				"the PATH or the inode number of one that exists");
	o->netns_fd = fd < 0 ? 0 : fd;
	return OPTIONS_RUN;
}

/* Checks the options against each other. */
static enum options_result check(struct options *o, FILE *err)
{
	static const char one[] = "only one of them";
	enum options_result r;

	if (o->write_file && o->read_file)
		return complain(err, "--write", "conflicts with --read", one);
	if (o->command && o->read_file)
		return complain(err, "-- COMMAND", "conflicts with --read", one);
	if (o->read_file && o->interval_s > 0)
		return complain(err, "--interval", "conflicts with --read", one);
	if (o->read_file && o->duration_s > 0)
		return complain(err, "--duration", "conflicts with --read", one);
	if (o->command && o->pids.n)
		return complain(err, "--pid", "conflicts with -- COMMAND", one);
	if (o->attach != ATTACH_AUTO && o->hooks[FEATURE_STATE] != HOOK_ANY)
		return complain(err, "--hook state", "conflicts with --attach", one);
	if (o->interval_s > 0 && !o->summary)
		return complain(err, "--interval", "requires --summary", "--summary --interval S");
	if (o->wait && !o->pids.n)
		return complain(err, "--wait", "requires --pid", "--pid PID --wait");
	r = check_files(o, err);
	if (r == OPTIONS_RUN)
		r = check_pids(o, err);
	if (r == OPTIONS_RUN)
		r = check_netns(o, err);
	return r == OPTIONS_RUN ? check_cgroup(o, err) : r;
}

static enum options_result apply_option(struct parse *p, const struct option_row *row,
					uint64_t *seen)
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
		return complain(err, rest[0], "not an option",
				"-- COMMAND [ARG...] to trace a command");
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
	o->max_attempts = ATTEMPTS_DEFAULT;
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
	/* 0 makes glibc start again, even if the last parse stopped within a cluster of options */
	optind = 0;
	opterr = 0;
	while (r == OPTIONS_RUN) {
		int next = optind ? optind : 1;
		int value = getopt_long(argc, argv, g.shorts, g.longs, NULL);
		const struct option_row *row;

		if (value == -1) {
			/* a "--" that is the argument of an option is before argv[next] */
			bool dashes = optind == next + 1 && !strcmp(argv[next], "--");

			r = parse_command(o, argv + optind, dashes, err);
			break;
		}
		row = find_row(value == ':' ? optopt : value, what);
		if (value == '?' || !row) {
			r = complain_unknown(err, argv[optind - 1]);
		} else if (value == ':') {
			struct complaint c = { .what = what,
					       .why = "requires an argument",
					       .row = row };

			r = options_complain(err, &c);
		} else {
			r = apply_option(&p, row, &seen);
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
	if (o->netns_fd > 0)
		close(o->netns_fd);
	memset(o, 0, sizeof(*o));
}

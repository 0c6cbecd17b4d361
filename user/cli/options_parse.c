// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "options_parse.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options_check.h"
#include "options_filter.h"
#include "options_hint.h"
#include "options_row.h"
#include "options_set.h"
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

/* Is it the beginning of several options?  Then they become the hint. */
static bool is_ambiguous(char hint[HINT_MAX], const char *word)
{
	size_t len = strcspn(word + 2, "="), n = 0, used = 0;

	for (const struct option_row *row = options_table; !options_row_is_last(row); row++) {
		if (!row->long_name || strncmp(row->long_name, word + 2, len) != 0)
			continue;
		if (used < HINT_MAX)
			used += (size_t)snprintf(hint + used, HINT_MAX - used, "%s--%s",
						 n ? " or " : "", row->long_name);
		n++;
	}
	/* of too many, there is no hint */
	if (used >= HINT_MAX)
		hint[0] = '\0';
	return n > 1;
}

/* word: as it stands on the command line, with all letters of a cluster. */
static enum options_result complain_unknown(FILE *err, const char *word)
{
	char what[PARSE_ELEMENT_MAX], hint[HINT_MAX];
	struct complaint c = {
		.what = what,
		.why = "unknown option",
		.accepted = "see --help",
	};
	unsigned char letter = (unsigned char)optopt;

	if (!optopt) {
		c.what = word;
		if (is_ambiguous(hint, word)) {
			c.why = "ambiguous option";
			c.hint = hint[0] ? hint : NULL;
		} else {
			c.hint = hint_option(hint, word);
		}
	} else if (find_row(optopt, what)) {
		c.why = "takes no argument";
		c.accepted = what;
	} else {
		/* a single byte of a longer character is not text */
		snprintf(what, sizeof(what), letter < 0x80 ? "-%c" : "-\\x%02x", letter);
		/* "-json" as well as "-j" */
		c.hint = hint_option(hint, word) ?: hint_option(hint, what);
	}
	return options_complain(err, &c);
}

static enum options_result apply_option(struct parse *p, const struct option_row *row,
					bool seen[OPTIONS_MAX])
{
	struct complaint c = {
		.what = p->what,
		.arg = optarg,
		.why = "given twice",
		.row = row,
	};

	if (row->once && seen[row - options_table])
		return options_complain(p->err, &c);
	seen[row - options_table] = true;
	return row->set(p, row, optarg);
}

static enum options_result complain_word(FILE *err, char **words)
{
	struct filter_hint filter;
	char hint[HINT_MAX];
	struct complaint c = {
		.what = words[0],
		.why = "not an option",
		.hint = hint_word(hint, words[0]),
		.accepted = "-- COMMAND [ARG...] to trace a command",
	};

	if (filter_hint(&filter, words)) {
		c.what = filter.text;
		c.why = "not a tcpdump filter: options select connections";
		c.hint = filter.options[0] ? filter.options : NULL;
		c.accepted = "--host, --port; -l, -d, -L and -D for one end; -- COMMAND";
	}
	return options_complain(err, &c);
}

static enum options_result parse_command(struct options *o, char **rest, bool dashes, FILE *err)
{
	if (dashes && !rest[0])
		return options_refuse(err, "--", "no command follows", "-- COMMAND [ARG...]");
	if (!dashes && rest[0])
		return complain_word(err, rest);
	if (rest[0]) {
		o->command = rest;
		o->follow = true;
	}
	return OPTIONS_RUN;
}

/* A word after -r FILE is a file too, as `-r ring/t*` gives them, if it does not begin a filter of tcpdump. */
static bool is_file(const struct options *o, char **words)
{
	struct filter_hint filter;

	return words[0] && o->read_file &&
	       (!filter_hint(&filter, words) || !access(words[0], F_OK));
}

/* value: of getopt_long(). */
static enum options_result parse_option(struct parse *p, int value, char *what, const char *word,
					bool seen[OPTIONS_MAX])
{
	const struct option_row *row = find_row(value == ':' ? optopt : value, what);
	struct complaint c = { .what = what, .why = "requires an argument", .row = row };

	if (value == '?' || !row)
		return complain_unknown(p->err, word);
	if (value == ':')
		return options_complain(p->err, &c);
	return apply_option(p, row, seen);
}

static void set_defaults(struct options *o)
{
	memset(o, 0, sizeof(*o));
	o->ring_mib = RING_MIB_DEFAULT;
	o->max_attempts = ATTEMPTS_DEFAULT;
	o->metrics_by = METRICS_BY_PORT;
	o->slow = (struct slow_limits)SLOW_LIMITS_DEFAULT;
}

int options_parse(struct options *o, int argc, char **argv, FILE *out, FILE *err)
{
	char what[PARSE_ELEMENT_MAX];
	struct parse p = { .o = o, .out = out, .err = err, .what = what };
	enum options_result r = OPTIONS_RUN;
	struct grammar g;
	bool seen[OPTIONS_MAX] = { false };

	set_defaults(o);
	if (argc < 1)
		return options_check(o, err);
	grammar_build(&g);
	/* 0 makes glibc start again, even if the last parse stopped within a cluster of options */
	optind = 0;
	opterr = 0;
	while (r == OPTIONS_RUN) {
		int next = optind ? optind : 1;
		int value = getopt_long(argc, argv, g.shorts, g.longs, NULL);
		/* a "--" that is the argument of an option is before argv[next] */
		bool dashes = optind == next + 1 && !strcmp(argv[next], "--");

		if (value != -1) {
			r = parse_option(&p, value, what, argv[optind - 1], seen);
		} else if (!dashes && is_file(o, argv + optind)) {
			r = set_read(&p, find_row('r', what), argv[optind++]);
		} else {
			r = parse_command(o, argv + optind, dashes, err);
			break;
		}
	}
	return r == OPTIONS_RUN ? options_check(o, err) : r;
}

static void free_prefixes(const struct prefix_list *list)
{
	free(list->included.items);
	free(list->excluded.items);
}

void options_free(struct options *o)
{
	if (!o)
		return;
	free(o->pids.included.items);
	free(o->pids.excluded.items);
	free(o->metrics_tls.certificate);
	free(o->read_files);
	free_prefixes(&o->local);
	free_prefixes(&o->remote);
	free_prefixes(&o->host);
	if (o->netns_fd > 0)
		close(o->netns_fd);
	memset(o, 0, sizeof(*o));
}

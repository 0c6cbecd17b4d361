/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A row of the table of options, and what the files of cli/ do with it.  Nobody else includes it. */
#ifndef OPTIONS_ROW_H
#define OPTIONS_ROW_H

#include <stdio.h>

#include "base/options.h"

/* rows of the table */
#define OPTIONS_MAX 128

/* also for options_check() */
#define ACCEPTED_CONTAINER "the ID of one container that runs, or its first digits, 4 or more"
#define ACCEPTED_CGROUP "PATH of one directory in a cgroup v2 file system, or what JSON prints"

struct choice {
	const char *name; /* NULL ends a list */
	unsigned int value;
};

struct option_row;
struct parse;

/* Stores the argument of an option (NULL if the row has no `arg`), or complains on parse->err. */
typedef enum options_result options_set(struct parse *p, const struct option_row *row,
					const char *arg);

/* The state of options_parse(). */
struct parse {
	struct options *o;
	FILE *out, *err;
	const char *what; /* the option as the user wrote it */
};

/* A row without names is the title of a group; --help and the completion omit an option without help. */
struct option_row {
	char short_name; /* 0: none */
	const char *long_name;
	const char *help;
	const char *arg;      /* the name of the argument; NULL: there is none */
	bool once;	      /* refuse a second one: it would replace a selection unnoticed */
	const char *accepted; /* for messages; NULL: see options_put_words() */
	options_set *set;
	size_t offset;	    /* of the field in struct options, for a set() that serves several */
	uint64_t low, high; /* range of a number; for -4, -6, -t and -T low is the value */
	/* what the argument is one of; both NULL: anything */
	const struct choice *words;
	size_t (*put_words)(const char *separator, FILE *f);
};

/* options_table.c; the last row has no names and no help. */
extern const struct option_row options_table[];

bool options_row_is_last(const struct option_row *row);
bool options_row_is_option(const struct option_row *row);

/* Prints the words that an option accepts, and returns their number; 0: it does not accept words only. */
size_t options_put_words(const struct option_row *row, const char *separator, FILE *f);

/*
 * Prints a line on err: `what arg: why: element: did you mean hint? (accepted: ...)`, and returns OPTIONS_BAD.
 * arg, element and hint may be NULL.  What the user wrote is shortened, and escaped where it could act on a
 * terminal; a hint with such bytes is left out.
 */
struct complaint {
	const char *what;
	const char *arg;
	const char *why;
	const char *element;
	const char *accepted; /* NULL: the row's words or its `accepted` */
	const struct option_row *row;
	const char *hint;
};
enum options_result options_complain(FILE *err, const struct complaint *c);

/* The same of three words. */
enum options_result options_refuse(FILE *err, const char *what, const char *why,
				   const char *accepted);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The table of options, between the files that make the command line; nobody else includes it. */
#ifndef OPTIONS_TABLE_H
#define OPTIONS_TABLE_H

#include "options_parse.h"
#include "render/render.h"

#define OPTIONS_MAX 64 /* rows: one bit of a word for each */

struct word {
	const char *name; /* NULL ends a list */
	unsigned int value;
};

struct option_row;
struct parse;

/* Takes an option's argument, which is not NULL where the row has `arg`; a complaint is on parse.err. */
typedef enum options_result options_set(struct parse *p, const struct option_row *row,
					const char *arg);

/* A parse under way. */
struct parse {
	struct options *o;
	FILE *out, *err;
	const char *what; /* the option as it was written */
};

/* A row without names begins a group, one without help is hidden. */
struct option_row {
	char short_name; /* 0: none */
	const char *long_name;
	const char *help;
	const char *arg;      /* its name; NULL: takes none */
	bool once;	      /* a second one would silently replace a selection */
	const char *accepted; /* for messages */
	options_set *set;
	size_t offset;	    /* of the field in struct options, where set() needs one */
	uint64_t low, high; /* of a number; low is also what a choice stands for */
	const struct word *words;
};

/* Ended by a row without names and help. */
extern const struct option_row options_table[];

bool options_row_is_last(const struct option_row *row);
bool options_row_is_option(const struct option_row *row);

/* The words an option's argument is one of: 0 when it is free, else the number of the words put. */
size_t options_put_words(const struct option_row *row, const char *separator, FILE *f);

/*
 * One line on err: `what arg: why: element (accepted)`.  arg and element may be NULL.  The user's
 * bytes are shortened, and escaped where they would break the line or act on a terminal.
 */
struct complaint {
	const char *what;
	const char *arg;
	const char *why;
	const char *element;
	const char *accepted; /* NULL: the row's words or its `accepted` */
	const struct option_row *row;
};
enum options_result options_complain(FILE *err, const struct complaint *c);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Runs the parser of the command line, and checks what it returns and prints. */
#ifndef OPTIONS_RUN_H
#define OPTIONS_RUN_H

/* cmocka.h needs these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/options_parse.h"

#define WORDS_MAX 32

/* One run of the parser and what it wrote. */
struct run {
	struct options o;
	char *argv[WORDS_MAX];
	int argc;
	int result;
	char *out, *err;
};

/* With r->argv as it is, or with the program's name and these words, ended by NULL. */
void run_argv(struct run *r);
void run_words(struct run *r, const char *const *words);
void run_free(struct run *r);

#define RUN(r, ...) run_words(r, (const char *const[]){ __VA_ARGS__, NULL })

/* The command line was accepted, and nothing printed. */
void assert_run(const struct run *r);

/* It was refused, with one line in the form of all messages: begin, and somewhere part. */
void assert_bad(const struct run *r, const char *begin, const char *part);
void check_bad(const char *begin, const char *part, const char *const *words);

#define BAD(begin, part, ...) check_bad(begin, part, (const char *const[]){ __VA_ARGS__, NULL })

/* Look into sets of ports and lists of prefixes. */
bool has_port(const struct port_set *set, unsigned int port);
unsigned int count_ports(const struct port_set *set);
void assert_prefix(const struct prefix *p, const char *address, unsigned int bits);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One run of the parser of the command line, and what must hold of it. */
#ifndef OPTIONS_RUN_H
#define OPTIONS_RUN_H

/* cmocka.h wants these before it */
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

/* Of r->argv as it is; of these words behind the program's name, ended by NULL. */
void run_argv(struct run *r);
void run_words(struct run *r, const char *const *words);
void run_free(struct run *r);

#define RUN(r, ...) run_words(r, (const char *const[]){ __VA_ARGS__, NULL })

/* It may go on, and nothing was said. */
void assert_run(const struct run *r);

/* Exactly one line, of the form that all messages have, and with these parts in it. */
void assert_bad(const struct run *r, const char *begin, const char *part);
void check_bad(const char *begin, const char *part, const char *const *words);

#define BAD(begin, part, ...) check_bad(begin, part, (const char *const[]){ __VA_ARGS__, NULL })

/* Of sets of ports and lists of prefixes. */
bool has_port(const struct port_set *set, unsigned int port);
unsigned int count_ports(const struct port_set *set);
void assert_prefix(const struct prefix *p, const char *address, unsigned int bits);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A tcpdump filter on the command line: which options select the same. */
#ifndef OPTIONS_FILTER_H
#define OPTIONS_FILTER_H

#include <stdbool.h>

#define FILTER_MAX 256

struct filter_hint {
	char text[FILTER_MAX];	  /* the words in one line, cut off where it is too long */
	char options[FILTER_MAX]; /* "--host 10.0.0.1 --port 80"; "": these options cannot say it */
};

/* Do these words, ended by NULL, begin like a filter of tcpdump?  Then sets *hint. */
bool filter_hint(struct filter_hint *hint, char *const *words);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* While there is a screen: what is written to a stderr that is the terminal. */
#ifndef SCREEN_STDERR_H
#define SCREEN_STDERR_H

#include <stddef.h>

#define SCREEN_STDERR_MAX 16384

struct screen_stderr {
	int saved; /* stderr as it was; 0: it is no terminal */
	int from;  /* where it can be read now */
	size_t len;
	char text[SCREEN_STDERR_MAX]; /* the latest */
	char line[256];
};

void screen_stderr_take(struct screen_stderr *e);

/* The last line of what was written since the last call; NULL: nothing was. */
const char *screen_stderr_read(struct screen_stderr *e);

/* Prints what was written there. */
void screen_stderr_give_back(struct screen_stderr *e);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The signals of a live trace, which are blocked and read from a descriptor. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <stdbool.h>

/*
 * A signalfd for the signals that end or concern the trace, or -errno.  One that was ignored when the program
 * started stays ignored: nohup(1) and the shell's `&` ask for that.
 */
int signals_open(void);

/* Does this signal end the trace? */
bool signals_ends(int signo);

/* Has one of those arrived, and was not read yet? */
bool signals_end_pending(void);

#endif

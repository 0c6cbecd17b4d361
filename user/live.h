/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A live trace: reads the ring buffer, and handles signals, timers, the command and the clock. */
#ifndef LIVE_H
#define LIVE_H

#include "reporter.h"

/* Traces until the end.  Returns the exit status of the program. */
int live_run(const struct options *options, struct reporter *reporter);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Tracing from "Tracing" to the end: the loop over the ring, the signals, the command and the clock. */
#ifndef LIVE_H
#define LIVE_H

#include "reporter.h"

/* Returns the program's exit status. */
int live_run(const struct options *options, struct reporter *reporter);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A stream whose reader may stop reading without holding up the end of the trace. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdio.h>

/*
 * As fdopen(fd, "w"), fully buffered.  While nobody reads, a write waits like any other, but once SIGINT
 * or SIGTERM is pending (this program blocks them while it traces) or was taken, and nothing was read for
 * 5 s, it fails with ETIMEDOUT.  After an error nothing is written any more.
 */
FILE *output_fdopen(int fd);

/* SIGINT or SIGTERM was taken: from now on no write waits for longer. */
void output_hurry(void);

/* strerror(), in this stream's words. */
const char *output_why(int err);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* An output stream whose reader cannot prevent the end of the trace by not reading. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdio.h>

/*
 * As fdopen(fd, "w"), fully buffered.  A write waits for its reader, as usual.  But once output_hurry() was
 * called, or SIGINT or SIGTERM is pending (the program blocks both while it traces), a write fails with
 * ETIMEDOUT after 5 s without a reader.  After an error the stream writes nothing more.  Returns NULL with
 * errno set on failure, and then leaves fd open.
 */
FILE *output_fdopen(int fd);

/* SIGINT or SIGTERM was received: from now on no write of any stream waits longer than 5 s. */
void output_hurry(void);

/* strerror() of a positive errno, but with the meaning that ETIMEDOUT has here. */
const char *output_why(int err);

#endif

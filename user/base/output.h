/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* An output stream whose reader cannot prevent the end of the trace by not reading. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

/*
 * As fdopen(fd, "w"), fully buffered.  A write waits for its reader, as usual.  But once the trace should end, by
 * output_end_when() or because a signal of signals_ends() is pending, a write fails with ETIMEDOUT after 5 s
 * without a reader.  After an error the stream writes nothing more.  Returns NULL with errno set on failure, and
 * then leaves fd open.
 */
FILE *output_fdopen(int fd);

/* over() is called while a write of any stream waits: should the trace end?  NULL: only if a signal says so. */
void output_end_when(bool (*over)(void *ctx), void *ctx);

/* strerror() of a positive errno, but with the meaning that ETIMEDOUT has here. */
const char *output_why(int err);

#endif

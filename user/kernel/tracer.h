/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The running kernel as a source of items.  tracer.c is the only file that knows the skeleton. */
#ifndef TRACER_H
#define TRACER_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/options.h"
#include "base/item.h"

struct tracer;

/*
 * Loads and attaches everything; what the kernel does not offer is done without, and `-v` says so.
 * command: a process to trace beside those the options select, 0: none.  Returns 0, or -errno after
 * one line on stderr that says what to do.
 */
int tracer_open(struct tracer **tracer, const struct options *options, pid_t command);

/*
 * Writes a line for each feature: the hook that this kernel offers for it.  Attaches nothing for longer than a
 * trial.  Without privilege some is unknown, and a message says so.  Returns 0, or -errno after a message.
 */
int tracer_features(const struct options *options, FILE *out);

/* Can what is left to do be done with the capabilities that this process has now? */
bool tracer_works(void *tracer);

/* Readable when so much is unread that waiting for a timer would be late. */
int tracer_fd(struct tracer *tracer);

/*
 * Passes on what is posted.  0; 1 when much was and more may be, for the ring can be filled faster than it
 * is read; what the sink returned, or -errno.
 */
int tracer_read(struct tracer *tracer, item_fn sink, void *ctx);

/* Once a second or so: what has waited in the accept queue, or in FIN_WAIT2, for too long is told. */
int tracer_sweep(struct tracer *tracer, item_fn sink, void *ctx);

/* Tells every handshake and close that has begun and is not over, as it stands. */
int tracer_report_open(struct tracer *tracer, item_fn sink, void *ctx);

/* Passes on what the kernel has counted since the last time, when it counts at all (-o none -s). */
int tracer_tally(struct tracer *tracer, item_fn sink, void *ctx);

/* Is any selected connection not closed yet? */
int tracer_busy(struct tracer *tracer);

/* Detaches, then passes on everything posted so far. */
int tracer_stop(struct tracer *tracer, item_fn sink, void *ctx);

/* Tells the handshakes and closes that are open at the end, and the counts. */
int tracer_finish(struct tracer *tracer, item_fn sink, void *ctx);

/* NULL is fine. */
void tracer_close(struct tracer *tracer);

#endif

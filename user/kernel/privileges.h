/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Drops capabilities as soon as the program does not need them any more. */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stdbool.h>

/* Call it first.  0, or -EPERM after a message if the program was started set-user-ID or set-group-ID. */
int privileges_check(void);

/* May this process enter the namespaces of all processes? */
bool privileges_all_namespaces(void);

/*
 * Call it when everything is attached.  Becomes the user who called sudo, if there is one, and drops all
 * capabilities for good.  works() tries whether the rest of the trace is possible without capabilities; if
 * not, the one for BPF is kept.  verbose: print what is kept.  0, or -errno after a message.
 */
int privileges_drop(bool (*works)(void *ctx), void *ctx, bool verbose);

/*
 * Call it before a recording is opened.  Becomes the user who called sudo, if there is one; of the capabilities
 * of root itself it keeps only the one to read any file.  0, or -errno after a message.
 */
int privileges_drop_for_replay(void);

/*
 * Call it in the process of the command: file and ambient capabilities were granted to this program, not to
 * the command.  Root keeps its capabilities.  0 or -errno.
 */
int privileges_drop_for_command(void);

/* Call it in a process that only sends signals.  0 or -errno. */
int privileges_keep_kill(void);

#endif

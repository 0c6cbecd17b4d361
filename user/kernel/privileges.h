/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Capabilities: what the program was given is given back as soon as it has no more use for it. */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stdbool.h>

/* Before anything else: 0, or -EPERM after a line on stderr when the program must not run like this. */
int privileges_check(void);

/* May this process enter everybody's namespaces? */
bool privileges_enter_any(void);

/*
 * When everything is attached: becomes the user who called sudo, when somebody did, and drops all
 * capabilities, for good.  works: does what is left to do work without?  If not, the right to use BPF is
 * kept.  0, or -EPERM after a line on stderr.
 */
int privileges_drop(bool (*works)(void *ctx), void *ctx, bool verbose);

/* To read a recording: only root's right to read any file stays. */
void privileges_drop_for_replay(void);

/* In the command's process: what was lent to this program alone does not pass on to another. */
int privileges_drop_lent(void);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* `-- COMMAND`: started early so that its PID can be selected, let go when everything is attached. */
#ifndef COMMAND_H
#define COMMAND_H

#include <sys/types.h>

struct command {
	pid_t pid;
	int gate_fd; /* the child waits for a byte here; -1: let go */
};

/* Forks the child, which waits.  0 or -errno. */
int command_prepare(struct command *command, char **argv);

/*
 * Lets it run: as the user who called sudo, when somebody did, with that user's groups, and with the
 * signal mask and handlers that this process was started with.
 */
int command_go(struct command *command);

/* Has it ended?  Its exit status (128+N for a signal), or -EAGAIN. */
int command_status(struct command *command);

/* Never let go: ends the waiting child. */
void command_cancel(struct command *command);

#endif

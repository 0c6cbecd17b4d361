/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The process of `-- COMMAND`.  It is forked early, so that its PID can be selected, and runs the command when
 * everything is attached.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

struct command {
	pid_t pid;
	int gate_fd; /* the child waits for a byte from here; -1: it does not wait any more */
	pid_t messenger;
	int messenger_fd; /* the messenger sends the signals whose numbers it reads; -1: there is none */
};

#define COMMAND_NONE                                         \
	{                                                    \
		.pid = 0, .gate_fd = -1, .messenger_fd = -1, \
	}

/* Forks the child, which waits.  argv is that of the command.  0 or -errno. */
int command_prepare(struct command *command, char **argv);

/*
 * Runs the command, with no signals blocked.  Under sudo it runs as the user who called sudo, with the groups
 * of that user.  0 or -errno.
 */
int command_go(struct command *command);

/* Returns the exit status (128+N for signal N), -EAGAIN if the command has not ended, or another -errno. */
int command_status(struct command *command);

/* Has it ended?  command_status() still has its status. */
bool command_has_ended(const struct command *command);

/* Sends it a signal, whatever user it has become. */
void command_signal(struct command *command, int signo);

/* Ends what serves the command.  If the child still waits, the command will not run. */
void command_close(struct command *command);

#endif

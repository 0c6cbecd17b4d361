// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/message.h"
#include "base/sudo_user.h"
#include "privileges.h"

#define STATUS_CANNOT_RUN 126
#define STATUS_NOT_FOUND 127

static void __attribute__((noreturn)) child_run(int gate_fd, char **argv)
{
	sigset_t none;
	char go;
	int err;

	err = sudo_user_become();
	sudo_user_set_environment();
	if (!err)
		err = privileges_drop_for_command();
	if (read(gate_fd, &go, 1) != 1)
		_exit(STATUS_CANNOT_RUN);
	close(gate_fd);
	if (err) {
		message("%s: cannot drop privileges: %s", argv[0], strerror(-err));
		_exit(STATUS_CANNOT_RUN);
	}
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(argv[0], argv);
	err = errno;
	message("%s: %s", argv[0], strerror(err));
	_exit(err == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}

int command_prepare(struct command *command, char **argv)
{
	int gate[2];

	command->gate_fd = -1;
	if (pipe2(gate, O_CLOEXEC))
		return -errno;
	command->pid = fork();
	if (command->pid == 0) {
		close(gate[1]);
		child_run(gate[0], argv);
	}
	close(gate[0]);
	if (command->pid < 0) {
		close(gate[1]);
		return -errno;
	}
	command->gate_fd = gate[1];
	return 0;
}

int command_go(struct command *command)
{
	int err = write(command->gate_fd, "", 1) == 1 ? 0 : -errno;

	close(command->gate_fd);
	command->gate_fd = -1;
	return err;
}

int command_status(struct command *command)
{
	int status;
	pid_t pid;

	do
		pid = waitpid(command->pid, &status, WNOHANG);
	while (pid < 0 && errno == EINTR);
	if (pid == 0)
		return -EAGAIN;
	if (pid < 0)
		return -errno;
	command->pid = 0;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void command_cancel(struct command *command)
{
	if (command->gate_fd < 0)
		return;
	close(command->gate_fd);
	command->gate_fd = -1;
	while (waitpid(command->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
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

static void close_from(unsigned int first)
{
	if (!syscall(SYS_close_range, first, ~0U, 0))
		return;
	for (int fd = (int)first; fd < sysconf(_SC_OPEN_MAX); fd++)
		close(fd);
}

/* Sends the signals whose numbers it reads, until the tracer has ended. */
static void __attribute__((noreturn)) run_messenger(int from_fd, int command_fd)
{
	unsigned char signo;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	/* the pipes of others must not wait for this process to close them */
	if (dup2(from_fd, STDIN_FILENO) < 0 || dup2(command_fd, STDOUT_FILENO) < 0)
		_exit(EXIT_FAILURE);
	close_from(STDERR_FILENO);
	if (privileges_keep_kill())
		_exit(EXIT_FAILURE);
	while (read(STDIN_FILENO, &signo, 1) == 1)
		syscall(SYS_pidfd_send_signal, STDOUT_FILENO, signo, NULL, 0);
	_exit(EXIT_SUCCESS);
}

/*
 * The command may become another user, as servers do, and the tracer has dropped the right to send it a signal.
 * A process that can do nothing else keeps it.
 */
static void start_messenger(struct command *command)
{
	int command_fd = (int)syscall(SYS_pidfd_open, command->pid, 0), ends[2];

	if (command_fd < 0)
		return;
	if (!pipe2(ends, O_CLOEXEC)) {
		command->messenger = fork();
		if (command->messenger == 0)
			run_messenger(ends[0], command_fd);
		close(ends[0]);
		if (command->messenger > 0)
			command->messenger_fd = ends[1];
		else
			close(ends[1]);
	}
	close(command_fd);
}

int command_prepare(struct command *command, char **argv)
{
	int gate[2];

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
	if (!geteuid())
		start_messenger(command);
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

bool command_has_ended(const struct command *command)
{
	siginfo_t info = { 0 };

	return command->pid &&
	       !waitid(P_PID, (id_t)command->pid, &info, WEXITED | WNOHANG | WNOWAIT) &&
	       info.si_pid;
}

void command_signal(struct command *command, int signo)
{
	unsigned char byte = (unsigned char)signo;

	if (command->messenger_fd < 0 || write(command->messenger_fd, &byte, 1) != 1)
		kill(command->pid, signo);
}

static void await(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void command_close(struct command *command)
{
	if (command->gate_fd >= 0) {
		close(command->gate_fd);
		command->gate_fd = -1;
		await(command->pid);
	}
	if (command->messenger_fd >= 0) {
		close(command->messenger_fd);
		command->messenger_fd = -1;
		await(command->messenger);
	}
}

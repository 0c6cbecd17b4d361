// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message.h"

#define STATUS_CANNOT_RUN 126
#define STATUS_NOT_FOUND 127

/* A number from the environment; -1 when there is none. */
static long number_from(const char *name)
{
	const char *text = getenv(name);
	char *end;
	long n;

	if (!text || !*text)
		return -1;
	errno = 0;
	n = strtol(text, &end, 10);
	return errno || *end || n < 0 ? -1 : n;
}

/* sudo leaves who called it in SUDO_UID and SUDO_GID. */
static int become_caller(void)
{
	long uid = number_from("SUDO_UID"), gid = number_from("SUDO_GID");
	struct passwd *user;
	int err;

	if (geteuid() != 0 || uid < 0 || gid < 0)
		return 0;
	user = getpwuid((uid_t)uid);
	err = user ? initgroups(user->pw_name, (gid_t)gid) : setgroups(0, NULL);
	if (err || setresgid((gid_t)gid, (gid_t)gid, (gid_t)gid) ||
	    setresuid((uid_t)uid, (uid_t)uid, (uid_t)uid))
		return -errno;
	return 0;
}

static void __attribute__((noreturn)) child_run(int gate_fd, char **argv)
{
	sigset_t none;
	char go;
	int err;

	if (read(gate_fd, &go, 1) != 1)
		_exit(STATUS_CANNOT_RUN);
	close(gate_fd);
	err = become_caller();
	if (err) {
		message("%s: cannot become the user who called sudo: %s", argv[0], strerror(-err));
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

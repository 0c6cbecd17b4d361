// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>

static const int ending[] = { SIGINT, SIGTERM, SIGHUP };

#define ENDING (sizeof(ending) / sizeof(ending[0]))

static void add_unless_ignored(sigset_t *set, int signo)
{
	struct sigaction old;

	if (sigaction(signo, NULL, &old) || old.sa_handler != SIG_IGN)
		sigaddset(set, signo);
}

int signals_open(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < ENDING; i++)
		add_unless_ignored(&set, ending[i]);
	add_unless_ignored(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	signal(SIGPIPE, SIG_IGN);
	/* if it were ignored, the kernel would not keep the status of the command */
	signal(SIGCHLD, SIG_DFL);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

bool signals_ends(int signo)
{
	for (size_t i = 0; i < ENDING; i++)
		if (signo == ending[i])
			return true;
	return false;
}

bool signals_end_pending(void)
{
	sigset_t set;

	if (sigpending(&set))
		return false;
	for (size_t i = 0; i < ENDING; i++)
		if (sigismember(&set, ending[i]))
			return true;
	return false;
}

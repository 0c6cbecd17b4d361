// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "screen_rescue.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define LEAVE_MAX 64

/* A handler of signals, and of exit(), has nothing else. */
static struct {
	struct termios before;
	char leave[LEAVE_MAX];
	volatile sig_atomic_t known, armed;
} rescue;

static const int deaths[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT, SIGSYS };

void screen_rescue_prepare(void)
{
	rescue.known = !tcgetattr(STDIN_FILENO, &rescue.before);
}

static void restore(void)
{
	static const char show_cursor[] = "\033[0m\033[?25h";

	if (!rescue.armed)
		return;
	rescue.armed = 0;
	if (write(STDOUT_FILENO, show_cursor, sizeof(show_cursor) - 1) < 0 ||
	    write(STDOUT_FILENO, rescue.leave, strlen(rescue.leave)) < 0)
		return;
	if (rescue.known)
		tcsetattr(STDIN_FILENO, TCSANOW, &rescue.before);
}

/* It has the default action again, by SA_RESETHAND. */
static void die(int signo)
{
	restore();
	raise(signo);
}

void screen_rescue_arm(const char *leave)
{
	struct sigaction action = { .sa_handler = die, .sa_flags = (int)SA_RESETHAND };
	static int registered;

	rescue.leave[0] = '\0';
	if (leave && leave != (const char *)-1)
		snprintf(rescue.leave, sizeof(rescue.leave), "%s", leave);
	rescue.armed = 1;
	for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++)
		sigaction(deaths[i], &action, NULL);
	if (!registered++)
		atexit(restore);
}

void screen_rescue_disarm(void)
{
	rescue.armed = 0;
	for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++)
		signal(deaths[i], SIG_DFL);
}

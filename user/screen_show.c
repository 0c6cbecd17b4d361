// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* -r FILE -o top: the screen of a recording. */
#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/message.h"
#include "base/signals.h"
#include "render/top/top.h"
#include "screen.h"

static bool ends(int signal_fd)
{
	struct signalfd_siginfo info;

	return read(signal_fd, &info, sizeof(info)) == sizeof(info) &&
	       signals_ends((int)info.ssi_signo);
}

static void turn(struct screen *s, int signal_fd)
{
	struct pollfd fds[] = {
		{ .fd = screen_fd(s), .events = POLLIN },
		{ .fd = signal_fd, .events = POLLIN },
	};

	screen_draw(s);
	do {
		/* EINTR: the terminal's size has changed */
		poll(fds, 2, -1);
	} while (!(fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) && !ends(signal_fd) &&
		 screen_keys(s));
}

int screen_show(struct render_context *rc, uint64_t lost)
{
	struct screen *s = NULL;
	int signal_fd = signals_open(), err = signal_fd < 0 ? signal_fd : screen_open(&s, rc);

	if (err)
		return err;
	top_refresh(top_of(rc), &(struct top_now){ .lost = lost });
	turn(s, signal_fd);
	screen_close(s);
	close(signal_fd);
	return 0;
}

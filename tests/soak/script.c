// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The scripts, and each end's part of them.  An end gives up when the other does not follow. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

static bool send_all(int fd, uint32_t left)
{
	static const char zeros[16384];

	while (left) {
		ssize_t n = send(fd, zeros, left < sizeof(zeros) ? left : sizeof(zeros),
				 MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		left -= (uint32_t)n;
	}
	return true;
}

/* Reads exactly n bytes and then the peer's FIN. */
static bool read_all(int fd, uint32_t n)
{
	char buffer[16384];
	uint32_t sum = 0;
	ssize_t got;

	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		sum += (uint32_t)got;
	return !got && sum == n;
}

static bool read_byte(int fd)
{
	char byte;

	return read(fd, &byte, 1) == 1;
}

static bool read_reset(int fd)
{
	char byte;

	return read(fd, &byte, 1) < 0 && errno == ECONNRESET;
}

static bool close_now(int fd)
{
	return !close(fd);
}

static bool close_with_reset(int fd)
{
	struct linger now = { .l_onoff = 1 };

	return !setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)) && !close(fd);
}

static enum progress give_up(int fd)
{
	close(fd);
	return BROKEN;
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 5000) == 1 && p.revents == POLLIN;
}

static bool client_part(int fd, const struct truth *t, struct dice *d)
{
	switch (t->script) {
	case SCRIPT_CLIENT_FIRST:
		return send_all(fd, t->up);
	case SCRIPT_SERVER_FIRST:
		return read_all(fd, t->down);
	case SCRIPT_HALF_CLOSE:
		if (!send_all(fd, t->up))
			return false;
		dice_pause(d);
		return !shutdown(fd, SHUT_WR) && read_all(fd, t->down);
	case SCRIPT_CLIENT_RESET:
		return read_byte(fd);
	case SCRIPT_SERVER_RESET:
		return send_all(fd, 1) && read_reset(fd);
	case SCRIPT_UNREAD:
		return readable(fd);
	}
	return false;
}

static bool server_part(int fd, const struct truth *t, struct dice *d)
{
	switch (t->script) {
	case SCRIPT_CLIENT_FIRST:
		return read_all(fd, t->up);
	case SCRIPT_SERVER_FIRST:
		return send_all(fd, t->down);
	case SCRIPT_HALF_CLOSE:
		if (!read_all(fd, t->up))
			return false;
		dice_pause(d);
		return send_all(fd, t->down);
	case SCRIPT_CLIENT_RESET:
	case SCRIPT_UNREAD:
		return send_all(fd, 1) && read_reset(fd);
	case SCRIPT_SERVER_RESET:
		return read_byte(fd);
	}
	return false;
}

enum progress script_client(int fd, const struct truth *t, struct dice *d)
{
	if (!client_part(fd, t, d))
		return give_up(fd);
	dice_pause(d);
	return (t->script == SCRIPT_CLIENT_RESET ? close_with_reset(fd) : close_now(fd)) ? DONE
											 : BROKEN;
}

enum progress script_server(int fd, const struct truth *t, struct dice *d)
{
	if (!server_part(fd, t, d))
		return give_up(fd);
	dice_pause(d);
	return (t->script == SCRIPT_SERVER_RESET ? close_with_reset(fd) : close_now(fd)) ? DONE
											 : BROKEN;
}

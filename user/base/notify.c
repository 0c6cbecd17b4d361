// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "message.h"

#define NS_PER_US 1000

/* A path, or the name of an abstract socket, which begins with "@".  A descriptor or -errno. */
static int connect_to(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd, err;

	if ((name[0] != '/' && name[0] != '@') || !name[1])
		return -EAFNOSUPPORT;
	if (len >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, name, len);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	len += offsetof(struct sockaddr_un, sun_path);
	if (connect(fd, (const struct sockaddr *)&address, (socklen_t)len)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* A number of the environment; 0 if it is none. */
static uint64_t number_of(const char *text)
{
	unsigned long long n;
	char *end;

	if (*text < '0' || *text > '9')
		return 0;
	errno = 0;
	n = strtoull(text, &end, 10);
	return errno || *end ? 0 : n;
}

/* Half of the time after which the watchdog bites, in ns; 0: there is none, or it watches another process. */
static uint64_t watchdog_ns(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t us = usec ? number_of(usec) : 0;

	if (us > UINT64_MAX / NS_PER_US || (pid && number_of(pid) != (uint64_t)getpid()))
		return 0;
	return us * NS_PER_US / 2;
}

void notify_open(struct notify *notify)
{
	static const char *const variables[] = { "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID" };
	const char *name = getenv(variables[0]);

	*notify = (struct notify)NOTIFY_NONE;
	if (name && *name) {
		notify->fd = connect_to(name);
		notify->every_ns = watchdog_ns();
		if (notify->fd < 0)
			message("NOTIFY_SOCKET: %s: %s", name, strerror(-notify->fd));
	}
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
}

/* A manager that is gone is no reason to end the trace. */
static void tell(const struct notify *notify, const char *text, int flags)
{
	if (notify->fd >= 0)
		send(notify->fd, text, strlen(text), MSG_NOSIGNAL | flags);
}

static void ping_next(struct notify *notify, uint64_t now_ns)
{
	if (notify->fd >= 0 && notify->every_ns)
		notify->ping_at_ns = now_ns + notify->every_ns;
}

void notify_ready(struct notify *notify, uint64_t now_ns)
{
	/* may wait for the manager, which else would never learn of it */
	tell(notify, "READY=1\nSTATUS=Tracing TCP handshakes and closes", 0);
	ping_next(notify, now_ns);
}

void notify_ping(struct notify *notify, uint64_t now_ns)
{
	if (!notify->ping_at_ns || now_ns < notify->ping_at_ns)
		return;
	tell(notify, "WATCHDOG=1", MSG_DONTWAIT);
	ping_next(notify, now_ns);
}

void notify_stopping(const struct notify *notify)
{
	tell(notify, "STOPPING=1\nSTATUS=Writing what is not reported yet", MSG_DONTWAIT);
}

void notify_close(struct notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	*notify = (struct notify)NOTIFY_NONE;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "server_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/message.h"
#include "base/sudo_user.h"
#include "base/text.h"

/* connections that wait for their turn */
#define BACKLOG 128
/* the first descriptor that systemd passes: SD_LISTEN_FDS_START of sd_listen_fds(3) */
#define INHERITED_FD 3
/* the owner and the group may connect */
#define MODE_MASK 0117

#define IPV4_IN_MAPPED 12

static bool is_ipv4(const struct endpoint *e)
{
	static const uint8_t mapped[IPV4_IN_MAPPED] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(e->addr, mapped, sizeof(mapped));
}

static int open_socket(int family, const struct sockaddr *address, socklen_t len)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, err;

	if (fd < 0)
		return -errno;
	/* connections of an earlier run, in TIME_WAIT, do not prevent it */
	if (family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!bind(fd, address, len) && !listen(fd, BACKLOG))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int open_tcp(const struct endpoint *e)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(e->port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(e->port) };
	bool ipv4 = is_ipv4(e);
	char text[ENDPOINT_MAX];
	int fd;

	memcpy(&v4.sin_addr, e->addr + IPV4_IN_MAPPED, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, e->addr, sizeof(v6.sin6_addr));
	fd = ipv4 ? open_socket(AF_INET, (struct sockaddr *)&v4, sizeof(v4))
		  : open_socket(AF_INET6, (struct sockaddr *)&v6, sizeof(v6));
	if (fd < 0)
		message("--metrics %s: %s",
			text_endpoint(text, e->addr, ipv4 ? 4 : 6, "", known(e->port)),
			strerror(-fd));
	return fd;
}

/* Nobody listens on it any more: who did was killed. */
static bool is_stale(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool refused = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) &&
		       errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return refused;
}

static int open_unix(void *ctx)
{
	const char *path = ctx;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask = umask(MODE_MASK);
	struct stat st;
	int fd;

	memcpy(address.sun_path, path, strlen(path));
	fd = open_socket(AF_UNIX, (struct sockaddr *)&address, sizeof(address));
	if (fd == -EADDRINUSE && !lstat(path, &st) && S_ISSOCK(st.st_mode) && is_stale(&address) &&
	    !unlink(path))
		fd = open_socket(AF_UNIX, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	return fd;
}

/* The directory stays open: its path may mean another one later. */
static int open_directory(void *ctx)
{
	const char *path = ctx, *slash = strrchr(path, '/');
	char *directory = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path))
				: strdup(".");
	int fd = directory ? open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	int err = fd < 0 ? -errno : fd;

	free(directory);
	return err;
}

static int open_path(struct server_socket *s, const char *path)
{
	const char *slash = strrchr(path, '/');
	int fd = sudo_user_call(open_directory, (void *)path);

	if (fd >= 0) {
		s->directory_fd = fd;
		fd = sudo_user_call(open_unix, (void *)path);
	}
	if (fd < 0) {
		message("--metrics unix:%s: %s%s", path, strerror(-fd), sudo_user_hint(fd));
		return fd;
	}
	s->name = slash ? slash + 1 : path;
	return fd;
}

static long number_of(const char *name)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 10) : 0;
}

/* As sd_listen_fds(3) does it.  The variables are not for the command. */
static int take_inherited(void)
{
	int listening = 0;
	socklen_t len = sizeof(listening);
	const char *why = NULL;

	if (number_of("LISTEN_PID") != getpid() || number_of("LISTEN_FDS") < 1)
		why = "no socket was passed (systemd does with a .socket unit: LISTEN_FDS)";
	else if (getsockopt(INHERITED_FD, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) ||
		 !listening)
		why = "what was passed is no socket that listens";
	else if (fcntl(INHERITED_FD, F_SETFD, FD_CLOEXEC) ||
		 fcntl(INHERITED_FD, F_SETFL, fcntl(INHERITED_FD, F_GETFL) | O_NONBLOCK))
		why = strerror(errno);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (why)
		message("--metrics fd: %s", why);
	return why ? -ENOTSOCK : INHERITED_FD;
}

int server_socket_open(struct server_socket *s, const struct listen_address *address)
{
	*s = SERVER_SOCKET_NONE;
	s->fd = address->kind == LISTEN_TCP    ? open_tcp(&address->at)
		: address->kind == LISTEN_UNIX ? open_path(s, address->path)
					       : take_inherited();
	return s->fd < 0 ? s->fd : 0;
}

void server_socket_close(struct server_socket *s)
{
	if (s->name)
		unlinkat(s->directory_fd, s->name, 0);
	if (s->directory_fd >= 0)
		close(s->directory_fd);
	if (s->fd >= 0)
		close(s->fd);
	*s = SERVER_SOCKET_NONE;
}

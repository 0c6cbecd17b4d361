// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "server.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/message.h"
#include "server_pages.h"
#include "server_socket.h"
#include "server_tls.h"

#define CONNECTIONS_MAX 32
/* of a connection, in all */
#define LIFETIME_NS (5 * NS_PER_S)
/* bytes for a request's line and fields; an answer has memory of its own */
#define REQUEST_MAX 8192
/* see metrics_server_timeout_ms() */
#define TURNS_AT_ONCE 32
#define TURN_EVERY_MS 50
#define VERSIONS "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct server_connection {
	int fd; /* -1: none */
	bool shut;
	uint64_t end_ns; /* on CLOCK_MONOTONIC */
	struct server_credentials *credentials;
};

struct metrics_server {
	const struct options *options;
	struct server_socket socket;
	struct server_tls *tls; /* NULL: without */
	struct MHD_Daemon *daemon;
	struct server_pages pages;
	unsigned int
		turns; /* since the last connection began, those that libmicrohttpd wanted at once */
	/* one more than there may be: the newest, while the oldest is being closed */
	struct server_connection connections[CONNECTIONS_MAX + 1];
};

/* The one that ends first of those that are not shut; NULL: none. */
static struct server_connection *find_oldest(struct metrics_server *s, unsigned int *n)
{
	struct server_connection *oldest = NULL;

	*n = 0;
	for (int i = 0; i <= CONNECTIONS_MAX; i++) {
		struct server_connection *c = &s->connections[i];

		if (c->fd < 0 || c->shut)
			continue;
		++*n;
		if (!oldest || c->end_ns < oldest->end_ns)
			oldest = c;
	}
	return oldest;
}

/* libmicrohttpd closes it in its next turn. */
static void shut(struct server_connection *c)
{
	shutdown(c->fd, SHUT_RDWR);
	c->shut = true;
}

static void shut_late(struct metrics_server *s)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct server_connection *oldest;
	unsigned int n;

	while ((oldest = find_oldest(s, &n)) && oldest->end_ns <= now_ns)
		shut(oldest);
}

static void begin_connection(struct metrics_server *s, struct MHD_Connection *connection,
			     struct server_connection **context)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct server_connection *c = s->connections, *oldest;
	unsigned int n;

	/* libmicrohttpd has no more either */
	while (c->fd >= 0)
		c++;
	*c = (struct server_connection){
		.fd = info->connect_fd,
		.end_ns = clock_monotonic_ns() + LIFETIME_NS,
	};
	*context = c;
	s->turns = 0;
	oldest = find_oldest(s, &n);
	if (n > CONNECTIONS_MAX)
		shut(oldest);
	if (!s->tls)
		return;
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	c->credentials = server_tls_begin(s->tls, info->tls_session);
}

/* An MHD_NotifyConnectionCallback. */
static void note_connection(void *ctx, struct MHD_Connection *connection, void **context,
			    enum MHD_ConnectionNotificationCode code)
{
	struct server_connection *c = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		begin_connection(ctx, connection, (struct server_connection **)context);
	} else if (c) {
		server_tls_end(c->credentials);
		c->fd = -1;
	}
}

int metrics_server_open(struct metrics_server **server, const struct options *o)
{
	struct metrics_server *s;

	*server = NULL;
	if (!o->metrics.kind)
		return 0;
	if (o->metrics_tls.certificate && server_tls_check())
		return -ENOTSUP;
	s = calloc(1, sizeof(*s));
	if (!s) {
		message("--metrics: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	s->options = o;
	for (int i = 0; i <= CONNECTIONS_MAX; i++)
		s->connections[i].fd = -1;
	*server = s;
	return server_socket_open(&s->socket, &o->metrics);
}

int metrics_server_start(struct metrics_server *s, metrics_page_fn page, void *ctx)
{
	const struct MHD_OptionItem tls_options[] = {
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)server_tls_none },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, VERSIONS },
		{ MHD_OPTION_END, 0, NULL },
	};
	unsigned int flags = MHD_USE_EPOLL;
	int err;

	if (!s)
		return 0;
	if (s->options->metrics_tls.certificate) {
		err = server_tls_open(&s->tls, &s->options->metrics_tls);
		if (err)
			return err;
		flags |= MHD_USE_TLS;
	}
	s->pages = (struct server_pages){ .page = page, .ctx = ctx };
	/* it closes the socket when it stops */
	s->daemon = MHD_start_daemon(flags, 0, NULL, NULL, server_pages_answer, &s->pages,
				     MHD_OPTION_LISTEN_SOCKET, s->socket.fd,
				     MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX + 1,
				     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MAX,
				     MHD_OPTION_NOTIFY_CONNECTION, note_connection, s,
				     MHD_OPTION_ARRAY, s->tls ? tls_options : tls_options + 2,
				     MHD_OPTION_END);
	if (!s->daemon) {
		message("--metrics: the HTTP server does not start: %s", strerror(errno));
		return -EINVAL;
	}
	s->socket.fd = -1;
	return 0;
}

int metrics_server_fd(const struct metrics_server *s)
{
	const union MHD_DaemonInfo *info = s && s->daemon
						   ? MHD_get_daemon_info(s->daemon,
									 MHD_DAEMON_INFO_EPOLL_FD)
						   : NULL;

	return info ? info->epoll_fd : -1;
}

/*
 * Without a time-out of its own, libmicrohttpd only says that it has more to do at once.  While a TLS handshake waits
 * for its client, 0.9.75 says so all the time (MHD_run_tls_handshake_() leaves the connection marked as readable):
 * what comes makes the epoll instance readable anyway, so after some turns it can wait.
 */
static int wait_for_more_ms(struct metrics_server *s)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(s->daemon, &ms) != MHD_YES)
		return -1;
	return s->tls && ++s->turns > TURNS_AT_ONCE ? TURN_EVERY_MS : 0;
}

int metrics_server_timeout_ms(struct metrics_server *s)
{
	const struct server_connection *oldest;
	uint64_t now_ns;
	unsigned int n;
	int more_ms, end_ms;

	if (!s || !s->daemon)
		return -1;
	more_ms = wait_for_more_ms(s);
	oldest = find_oldest(s, &n);
	if (!oldest)
		return more_ms;
	now_ns = clock_monotonic_ns();
	end_ms = oldest->end_ns <= now_ns ? 0 : (int)((oldest->end_ns - now_ns) / 1000000) + 1;
	return more_ms >= 0 && more_ms < end_ms ? more_ms : end_ms;
}

static bool is_full(const struct metrics_server *s)
{
	for (int i = 0; i <= CONNECTIONS_MAX; i++)
		if (s->connections[i].fd < 0)
			return false;
	return true;
}

void metrics_server_run(struct metrics_server *s)
{
	bool full;

	if (!s || !s->daemon)
		return;
	full = is_full(s);
	shut_late(s);
	MHD_run(s->daemon);
	/* there is room now, and libmicrohttpd looks at those who wait only when it begins a turn */
	if (full && !is_full(s))
		MHD_run(s->daemon);
	server_pages_forget(&s->pages);
}

void metrics_server_close(struct metrics_server *s)
{
	if (!s)
		return;
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	server_tls_close(s->tls);
	server_socket_close(&s->socket);
	free(s);
}

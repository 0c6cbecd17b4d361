/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Serves the page of metrics to Prometheus, in the caller's own loop.
 *
 * libmicrohttpd does HTTP: it has an epoll instance of its own that another loop can watch, takes sockets that
 * were opened elsewhere, tells of each connection that begins and ends, and bounds what a request may take.
 * libevent's evhttp has none of these four.  Its one advantage, TLS in a static program (Debian has no static
 * library of what GnuTLS needs), is worth less.
 *
 * A connection serves one request and lasts at most 5 s.  There are at most 32; one more takes the place of the
 * oldest, so that no scraper waits for those that stall.
 */
#ifndef METRICS_SERVER_H
#define METRICS_SERVER_H

#include "base/options.h"
#include "page.h"

struct metrics_server;

/*
 * Opens the socket, while there are the rights for it.  *server is NULL if the options ask for no metrics; all
 * other functions accept that.  0, or -errno after a message.
 */
int metrics_server_open(struct metrics_server **server, const struct options *o);

/*
 * Begins to serve, and reads the files of --metrics-tls: after privileges were dropped, since it reads them
 * again when they change.  0, or -errno after a message.
 */
int metrics_server_start(struct metrics_server *server, metrics_page_fn page, void *ctx);

/* For poll(): readable when there is something to do; -1: never. */
int metrics_server_fd(const struct metrics_server *server);

/* When metrics_server_run() has something to do by itself; -1: never. */
int metrics_server_timeout_ms(struct metrics_server *server);

/* Does what can be done at once. */
void metrics_server_run(struct metrics_server *server);

void metrics_server_close(struct metrics_server *server);

#endif

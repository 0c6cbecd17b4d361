/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The socket on which the metrics are served. */
#ifndef METRICS_SERVER_SOCKET_H
#define METRICS_SERVER_SOCKET_H

#include "base/options.h"

struct server_socket {
	int fd;		  /* -1: none */
	int directory_fd; /* of the socket's file; -1: it has none */
	const char *name; /* in that directory */
};

#define SERVER_SOCKET_NONE ((struct server_socket){ .fd = -1, .directory_fd = -1 })

/* 0, or -errno after a message. */
int server_socket_open(struct server_socket *s, const struct listen_address *address);

/* Removes its file, too. */
void server_socket_close(struct server_socket *s);

#endif

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Where to serve the metrics. */
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "parse.h"

#define UNIX_PREFIX "unix:"
#define PATH_MAX_UNIX (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)

static const char *parse_path(const char *path, struct listen_address *address)
{
	address->kind = LISTEN_UNIX;
	address->path = path;
	return !*path			      ? "no path"
	       : strlen(path) > PATH_MAX_UNIX ? "the path of a socket has at most 107 bytes"
					      : NULL;
}

const char *parse_listen(const char *s, struct listen_address *address)
{
	static const char localhost[] = "localhost:";
	char text[PARSE_ELEMENT_MAX];
	const char *port = *s == ':' ? s + 1
			   : !strncmp(s, localhost, sizeof(localhost) - 1)
				   ? s + sizeof(localhost) - 1
				   : NULL;

	if (!strcmp(s, "fd")) {
		address->kind = LISTEN_INHERITED;
		return NULL;
	}
	if (!strncmp(s, UNIX_PREFIX, strlen(UNIX_PREFIX)))
		return parse_path(s + strlen(UNIX_PREFIX), address);
	address->kind = LISTEN_TCP;
	/* what does not fit is no port either */
	if (port)
		snprintf(text, sizeof(text), "127.0.0.1:%s", port);
	if (parse_endpoint(&address->at, port ? text : s, strlen(port ? text : s)))
		return NULL;
	return "not an address and a port";
}

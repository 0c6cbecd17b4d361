// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * demo: a conversation worth tracing, on loopback.  A server that answers, takes its time with one
 * close, and does not listen where the last client knocks.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REQUESTS 3
#define SLOW_CLOSE_MS 120

static void die(const char *what)
{
	fprintf(stderr, "demo: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

static int listen_somewhere(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || bind(fd, (struct sockaddr *)addr, len) || listen(fd, 8) ||
	    getsockname(fd, (struct sockaddr *)addr, &len))
		die("listen");
	return fd;
}

static void serve(int listener)
{
	char request[64];

	prctl(PR_SET_NAME, "demo-server");
	for (int i = 0; i < REQUESTS; i++) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			die("accept");
		while (read(fd, request, sizeof(request)) > 0)
			if (write(fd, "pong\n", 5) != 5)
				die("write");
		/* the client has closed; a busy server may be a while */
		if (i == 1)
			sleep_ms(SLOW_CLOSE_MS);
		close(fd);
	}
}

static void ask(const struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char answer[64];

	if (fd < 0 || connect(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		die("connect");
	if (write(fd, "ping\n", 5) != 5 || read(fd, answer, sizeof(answer)) <= 0)
		die("request");
	shutdown(fd, SHUT_WR);
	while (read(fd, answer, sizeof(answer)) > 0)
		;
	close(fd);
}

int main(void)
{
	struct sockaddr_in addr;
	int listener = listen_somewhere(&addr), fd, status;
	pid_t server = fork();

	if (server < 0)
		die("fork");
	if (server == 0) {
		serve(listener);
		return 0;
	}
	close(listener);
	for (int i = 0; i < REQUESTS; i++)
		ask(&addr);
	waitpid(server, &status, 0);
	/* nobody listens there any more */
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || !connect(fd, (struct sockaddr *)&addr, sizeof(addr)) || errno != ECONNREFUSED)
		die("the refused connect");
	return status != 0;
}

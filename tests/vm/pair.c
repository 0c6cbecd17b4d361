// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * pair: a client and a server, and a client that is refused, on loopback.  Prints what they did,
 * a JSON object per line with the tracer's field names.  Needs nothing but the kernel.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define QUESTION_BYTES 1234
#define ANSWER_BYTES 20
#define SERVER_CLOSE_MS 50 /* for how long the server keeps its half open */

static void die(const char *what)
{
	fprintf(stderr, "pair: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int tcp_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	return fd;
}

static void send_bytes(int fd, size_t n)
{
	char bytes[QUESTION_BYTES] = { 0 };

	if (write(fd, bytes, n) != (ssize_t)n)
		die("write");
}

static void read_bytes(int fd, size_t n)
{
	char bytes[QUESTION_BYTES];

	while (n) {
		ssize_t got = read(fd, bytes, n < sizeof(bytes) ? n : sizeof(bytes));

		if (got <= 0)
			die("read");
		n -= (size_t)got;
	}
}

static void wait_for_fin(int fd)
{
	char byte;

	if (read(fd, &byte, 1))
		die("the end of the peer's bytes");
}

static unsigned int port_of(int fd, int (*name)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);

	if (name(fd, (struct sockaddr *)&addr, &len))
		die("the socket's name");
	return ntohs(addr.sin_port);
}

/* Prints the first part of an end's line: what the socket has right after the handshake. */
static void print_socket(int fd, const char *role, const char *comm)
{
	struct tcp_info info;
	uint64_t cookie = 0;
	socklen_t info_len = sizeof(info), cookie_len = sizeof(cookie);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_len) ||
	    getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &cookie_len))
		die("getsockopt");
	printf("{\"role\": \"%s\", \"comm\": \"%s\", \"pid\": %d, \"uid\": %u, ", role, comm,
	       getpid(), getuid());
	printf("\"local_port\": %u, \"remote_port\": %u, ", port_of(fd, getsockname),
	       port_of(fd, getpeername));
	printf("\"cookie\": \"%" PRIx64 "\", \"mss\": %u, \"snd_wscale\": %u, \"rcv_wscale\": %u, ",
	       cookie, info.tcpi_snd_mss, info.tcpi_snd_wscale, info.tcpi_rcv_wscale);
	printf("\"sack\": %s, \"timestamps\": %s, ",
	       info.tcpi_options & TCPI_OPT_SACK ? "true" : "false",
	       info.tcpi_options & TCPI_OPT_TIMESTAMPS ? "true" : "false");
}

static void serve(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		die("accept");
	print_socket(fd, "server", "pair-server");
	read_bytes(fd, QUESTION_BYTES);
	send_bytes(fd, ANSWER_BYTES);
	wait_for_fin(fd);
	nanosleep(&(struct timespec){ .tv_nsec = SERVER_CLOSE_MS * 1000000 }, NULL);
	printf("\"outcome\": \"established\", \"first_closer\": \"remote\", "
	       "\"ending\": \"graceful\", \"bytes_sent\": %d, \"bytes_received\": %d, "
	       "\"at_least\": {\"app_close_us\": %d}}\n",
	       ANSWER_BYTES, QUESTION_BYTES, SERVER_CLOSE_MS * 1000);
	fflush(stdout);
	close(fd);
}

static void ask(const struct sockaddr_in *addr)
{
	int fd = tcp_socket();

	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		die("connect");
	print_socket(fd, "client", "pair-client");
	send_bytes(fd, QUESTION_BYTES);
	read_bytes(fd, ANSWER_BYTES);
	printf("\"outcome\": \"established\", \"first_closer\": \"local\", "
	       "\"ending\": \"graceful\", \"bytes_sent\": %d, \"bytes_received\": %d, "
	       "\"at_least\": {\"close_us\": %d}}\n",
	       QUESTION_BYTES, ANSWER_BYTES, SERVER_CLOSE_MS * 1000);
	fflush(stdout);
	if (shutdown(fd, SHUT_WR))
		die("shutdown");
	wait_for_fin(fd);
	close(fd);
}

static void ask_closed_port(const struct sockaddr_in *addr, const char *comm)
{
	int fd = tcp_socket();

	if (!connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) || errno != ECONNREFUSED)
		die("the connect that is refused");
	printf("{\"role\": \"client\", \"comm\": \"%s\", \"pid\": %d, \"uid\": %u, "
	       "\"remote_port\": %u, \"outcome\": \"refused\", \"errno\": \"ECONNREFUSED\"}\n",
	       comm, getpid(), getuid(), ntohs(addr->sin_port));
	fflush(stdout);
	close(fd);
}

int main(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener, status;
	pid_t client;

	prctl(PR_SET_NAME, "pair-server");
	listener = tcp_socket();
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) || listen(listener, 1))
		die("listen");
	addr.sin_port = htons((uint16_t)port_of(listener, getsockname));
	client = fork();
	if (client < 0)
		die("fork");
	if (client == 0) {
		prctl(PR_SET_NAME, "pair-client");
		close(listener);
		ask(&addr);
		return 0;
	}
	serve(listener);
	close(listener);
	if (waitpid(client, &status, 0) < 0 || status)
		die("the client");
	ask_closed_port(&addr, "pair-server");
	return 0;
}

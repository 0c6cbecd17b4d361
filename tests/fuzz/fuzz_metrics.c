// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Random bytes as what a scraper sends, in two parts, to the server of the metrics. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"
#include "input.h"
#include "metrics/server.h"

/* which systemd passes */
#define LISTEN_FD 3
/* of libmicrohttpd, which makes one step of a connection in each */
#define TURNS_MAX 1000
#define ANSWER_MAX (256 << 10)
/* more than a socket takes at once */
#define PAGE_LINES 4000

static struct metrics_server *server;
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static socklen_t address_len = sizeof(address);

static int write_page(void *ctx, FILE *out, enum metrics_format format)
{
	(void)ctx;
	for (int i = 0; i < PAGE_LINES; i++)
		fprintf(out, "tcpstates_connections{role=\"client\",n=\"%d\"} %d\n", i, format);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct options o = { .metrics.kind = LISTEN_INHERITED };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char pid[16];

	(void)argc;
	(void)argv;
	/* without a path, the kernel chooses an abstract name: unix(7) */
	CHECK(!bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)) && !listen(fd, 8));
	CHECK(!getsockname(fd, (struct sockaddr *)&address, &address_len));
	CHECK(fd == LISTEN_FD || dup2(fd, LISTEN_FD) == LISTEN_FD);
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	CHECK(!metrics_server_open(&server, &o));
	CHECK(!metrics_server_start(server, write_page, NULL));
	return 0;
}

static size_t send_part(int fd, const uint8_t *data, size_t len)
{
	ssize_t n = len ? send(fd, data, len, MSG_NOSIGNAL) : 0;

	metrics_server_run(server);
	return n < 0 ? 0 : (size_t)n;
}

/* Up to the end of the connection. */
static size_t read_answer(int fd, char *answer)
{
	size_t len = 0;

	for (int turn = 0; turn < TURNS_MAX; turn++) {
		struct pollfd p[] = { { .fd = metrics_server_fd(server), .events = POLLIN },
				      { .fd = fd, .events = POLLIN } };
		ssize_t n;

		poll(p, 2, metrics_server_timeout_ms(server) == 0 ? 0 : 1);
		metrics_server_run(server);
		n = recv(fd, answer + len, ANSWER_MAX - len, MSG_DONTWAIT);
		if (!n || (n < 0 && errno != EAGAIN))
			return len;
		len += n > 0 ? (size_t)n : 0;
		CHECK(len < ANSWER_MAX);
	}
	check_failed("the connection goes on", answer, len);
}

static void check_answer(const char *answer, size_t len)
{
	static const char *const statuses[] = { "200 ", "400 ", "404 ", "405 ", "411 ",
						"413 ", "414 ", "417 ", "431 ", "500 ",
						"501 ", "505 ", "100 " };
	bool known = !len;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]) && !known; i++)
		known = len > 13 && !memcmp(answer, "HTTP/1.", 7) &&
			!memcmp(answer + 9, statuses[i], 4);
	if (!known)
		check_failed("an answer of HTTP/1", answer, len);
}

static size_t ask(const uint8_t *data, size_t len, size_t cut, char *answer)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	size_t sent;

	CHECK(!connect(fd, (struct sockaddr *)&address, address_len));
	sent = send_part(fd, data, cut);
	if (sent == cut)
		send_part(fd, data + cut, len - cut);
	shutdown(fd, SHUT_WR);
	len = read_answer(fd, answer);
	close(fd);
	return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char good[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
	static char answer[ANSWER_MAX];
	static unsigned int n;
	size_t cut;

	if (!size)
		return 0;
	cut = data[0] < size - 1 ? data[0] : size - 1;
	check_answer(answer, ask(data + 1, size - 1, cut, answer));
	/* and whoever comes next is answered */
	if (n++ % 64 == 0) {
		size = ask((const uint8_t *)good, sizeof(good) - 1, 0, answer);
		CHECK(size > PAGE_LINES && !memcmp(answer, "HTTP/1.1 200 ", 13));
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Opens and closes TCP connections over loopback as fast as one client thread and one server thread can,
 * in a network namespace of its own.  The client closes first; with --orphans the server closes when the
 * client's socket is a minisocket in FIN_WAIT2.  With --lead the client is no more than so many connections
 * ahead of the server.  Prints
 *	namespace INODE
 *	alive CONNECTIONS
 *	connections N seconds WALL cpu USER+SYS
 * and with --wait reads a line before the second and the third of these and before it exits.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <time.h>

#include "room.h"

#define PORT 7000
/* connections to one destination address: so few that a free port is found at once */
#define PER_ADDRESS 10000
/* how many connections the server holds with --orphans, so that it seldom has to wait */
#define HELD 64

struct churn {
	unsigned long connections;
	unsigned long keep;
	unsigned long bytes;
	unsigned long lead;
	const char *rps;
	bool wait;
	bool orphans;
	int listener;
	atomic_ulong closed; /* by the client */
	sem_t leads;	     /* how many more connections the client may open, if lead is not 0 */
};

static double seconds(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t))
		die("clock");
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void next_step(const struct churn *c)
{
	char line[16];

	fflush(stdout);
	if (c->wait && !fgets(line, sizeof(line), stdin))
		exit(1);
}

static int listen_anywhere(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (void *)&a, sizeof(a)) || listen(fd, 8192))
		die("listen");
	return fd;
}

/* serial: how many connections this run has opened before */
static int open_one(unsigned long serial)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK + serial / PER_ADDRESS);
	if (fd < 0 || connect(fd, (void *)&a, sizeof(a)))
		die("connect %lu", serial);
	return fd;
}

static int accept_one(const struct churn *c)
{
	int fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		die("accept");
	return fd;
}

/* Accepts one, and reads to the client's FIN. */
static int serve_one(struct churn *c)
{
	int fd = accept_one(c);
	char buffer[16384];
	ssize_t n;

	do
		n = read(fd, buffer, sizeof(buffer));
	while (n > 0);
	if (n < 0)
		die("read");
	if (c->lead)
		sem_post(&c->leads);
	return fd;
}

/* Sends the ACK of the FIN that was read, which else would leave with this end's FIN. */
static void acknowledge(int fd)
{
	int one = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one)))
		die("TCP_QUICKACK");
}

/*
 * The client's close() has returned, and the ACK of its FIN was sent before: its socket is a
 * minisocket, or becomes one before the FIN arrives, which follows the ACK.
 */
static void close_after_client(struct churn *c, int fd, unsigned long serial)
{
	while (atomic_load(&c->closed) <= serial)
		sched_yield();
	close(fd);
}

static void *serve_orphans(void *arg)
{
	struct churn *c = arg;
	unsigned long i;
	int held[HELD];

	for (i = 0; i < c->connections; i++) {
		int *fd = &held[i % HELD];

		if (i >= HELD)
			close_after_client(c, *fd, i - HELD);
		*fd = serve_one(c);
		acknowledge(*fd);
	}
	for (i = i > HELD ? i - HELD : 0; i < c->connections; i++)
		close_after_client(c, held[i % HELD], i);
	return NULL;
}

static void *serve(void *arg)
{
	struct churn *c = arg;

	for (unsigned long i = 0; i < c->connections; i++)
		close(serve_one(c));
	return NULL;
}

static void send_bytes(int fd, unsigned long left)
{
	static const char zeros[16384];

	while (left) {
		ssize_t n = write(fd, zeros, left < sizeof(zeros) ? left : sizeof(zeros));

		if (n < 0)
			die("write");
		left -= n;
	}
}

/*
 * Opens both ends of n connections, writes a byte to the pipe, and keeps them until it is killed.
 */
static void __attribute__((noreturn))
keep(const struct churn *c, unsigned long first, unsigned long n, int pipe_fd)
{
	for (unsigned long i = 0; i < n; i++) {
		open_one(first + i);
		accept_one(c);
	}
	if (write(pipe_fd, "", 1) != 1)
		die("pipe");
	for (;;)
		pause();
}

/* In as many processes as the limit on open files requires, one after the other. */
static void keep_alive(const struct churn *c)
{
	unsigned long most = descriptors() / 2 - 64;
	int fds[2];
	char byte;

	for (unsigned long done = 0, n; done < c->keep; done += n) {
		pid_t pid;

		n = c->keep - done < most ? c->keep - done : most;
		if (pipe2(fds, O_CLOEXEC))
			die("pipe");
		pid = fork();
		if (pid < 0)
			die("fork");
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			keep(c, done, n, fds[1]);
		}
		close(fds[1]);
		if (read(fds[0], &byte, 1) != 1)
			die("%lu connections alive", done);
		close(fds[0]);
	}
}

static void churn(struct churn *c)
{
	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	pthread_t server;

	if (sem_init(&c->leads, 0, c->lead))
		die("semaphore");
	if (pthread_create(&server, NULL, c->orphans ? serve_orphans : serve, c))
		die("no memory");
	for (unsigned long i = 0; i < c->connections; i++) {
		int fd;

		if (c->lead)
			sem_wait(&c->leads);
		fd = open_one(c->keep + i);
		send_bytes(fd, c->bytes);
		close(fd);
		atomic_fetch_add(&c->closed, 1);
	}
	pthread_join(server, NULL);
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("connections %lu seconds %.6f cpu %.6f\n", c->connections, wall, cpu);
}

static void parse(struct churn *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "alive", required_argument, NULL, 'a' },
		{ "bytes", required_argument, NULL, 'b' },
		{ "lead", required_argument, NULL, 'l' },
		{ "orphans", no_argument, NULL, 'o' },
		{ "rps", required_argument, NULL, 'r' },
		{ "wait", no_argument, NULL, 'w' },
		{ 0 },
	};
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == 'a')
			c->keep = strtoul(optarg, NULL, 10);
		else if (o == 'b')
			c->bytes = strtoul(optarg, NULL, 10);
		else if (o == 'l')
			c->lead = strtoul(optarg, NULL, 10);
		else if (o == 'o')
			c->orphans = true;
		else if (o == 'r')
			c->rps = optarg;
		else if (o == 'w')
			c->wait = true;
		else
			exit(2);
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "usage: churn [--alive N] [--bytes N] [--lead N] [--orphans] "
				"[--rps MASK] [--wait] CONNECTIONS\n");
		exit(2);
	}
	c->connections = strtoul(argv[optind], NULL, 10);
}

int main(int argc, char **argv)
{
	struct churn c = { 0 };

	parse(&c, argc, argv);
	printf("namespace %lu\n", room_enter(c.rps));
	next_step(&c);
	c.listener = listen_anywhere();
	keep_alive(&c);
	printf("alive %lu\n", c.keep);
	next_step(&c);
	churn(&c);
	next_step(&c);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The client and server processes, each with many threads. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <time.h>

#include "load.h"
#include "room.h"

#define FD00 0xfd000077

uint32_t dice_roll(struct dice *d, uint32_t sides)
{
	d->state ^= d->state << 13;
	d->state ^= d->state >> 7;
	d->state ^= d->state << 17;
	return (uint32_t)(d->state >> 32) % sides;
}

static void sleep_us(uint32_t us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000L };

	nanosleep(&t, NULL);
}

void dice_pause(struct dice *d)
{
	uint32_t kind = dice_roll(d, 100);

	if (kind >= 97)
		sleep_us(dice_roll(d, 150000));
	else if (kind >= 60)
		sleep_us(dice_roll(d, 3000));
}

static struct dice dice_of(const struct load *l, uint32_t thread)
{
	struct dice d = { ((uint64_t)l->seed << 32 | thread) * 0x9e3779b97f4a7c15ULL | 1 };

	for (int i = 0; i < 8; i++)
		dice_roll(&d, 2);
	return d;
}

struct thread {
	struct load *load;
	uint32_t number;
	bool busy;
	pthread_t handle;
};

static void limit_waiting(int fd, long seconds)
{
	struct timeval limit = { seconds, 0 };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)))
		die("timeout");
}

/* The destination address that has the number `serial` in it: of 127.0.0.0/8, or fd00:77::/32. */
static socklen_t address(struct sockaddr_storage *out, const struct truth *t, uint32_t serial)
{
	struct sockaddr_in6 *six = (void *)out;
	struct sockaddr_in *four = (void *)out;

	memset(out, 0, sizeof(*out));
	if (t->family == 4) {
		four->sin_family = AF_INET;
		four->sin_port = htons(t->port);
		four->sin_addr.s_addr = htonl(0x7f000000 | serial);
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(t->port);
	six->sin6_addr.s6_addr32[0] = htonl(FD00);
	six->sin6_addr.s6_addr32[3] = htonl(serial);
	return sizeof(*six);
}

static void plan(struct truth *t, const struct load *l, struct dice *d)
{
	t->script = (uint8_t)dice_roll(d, SCRIPTS);
	t->family = dice_roll(d, 4) ? 4 : 6;
	t->port = (uint16_t)(t->script == SCRIPT_REFUSED ? NO_PORT
							 : FIRST_PORT + dice_roll(d, PORTS));
	t->up = dice_roll(d, 3) ? dice_roll(d, 2000) : dice_roll(d, 40) ? 0 : dice_roll(d, 300000);
	t->down = dice_roll(d, 3) ? dice_roll(d, 2000) : 0;
	t->client_pid = l->pid;
}

static void connect_one(struct load *l, struct dice *d)
{
	uint32_t i = atomic_fetch_add(&l->shared->next, 1);
	struct sockaddr_storage a;
	struct truth *t;
	socklen_t len;
	int fd;

	if (i >= TRUTHS) {
		atomic_store(&l->shared->next, TRUTHS);
		sleep_us(10000);
		return;
	}
	t = &l->shared->truths[i];
	plan(t, l, d);
	len = address(&a, t, (l->shared->first + i) & 0xffffff);
	fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	limit_waiting(fd, 6);
	atomic_store(&t->client, BEGUN);
	if (connect(fd, (void *)&a, len)) {
		atomic_store(&t->client, errno == ECONNREFUSED ? REFUSED : FAILED);
		close(fd);
		return;
	}
	atomic_store(&t->client, OPEN);
	dice_pause(d);
	atomic_store(&t->client, script_client(fd, t, d));
}

static void *connect_many(void *arg)
{
	struct thread *self = arg;
	struct dice d = dice_of(self->load, self->number);

	while (!atomic_load(&self->load->shared->clients_stop)) {
		connect_one(self->load, &d);
		dice_pause(&d);
	}
	return NULL;
}

static struct truth *truth_of(struct load *l, int fd)
{
	struct sockaddr_in6 a;
	socklen_t len = sizeof(a);
	uint32_t i;

	if (getsockname(fd, (void *)&a, &len))
		return NULL;
	i = (ntohl(a.sin6_addr.s6_addr32[3]) - l->shared->first) & 0xffffff;
	return i < TRUTHS ? &l->shared->truths[i] : NULL;
}

static void *accept_many(void *arg)
{
	struct thread *self = arg;
	struct load *l = self->load;
	struct dice d = dice_of(l, self->number);
	struct pollfd p = { .fd = l->listener, .events = POLLIN };

	for (;;) {
		struct truth *t;
		int fd;

		if (poll(&p, 1, 100) <= 0) {
			if (atomic_load(&l->shared->servers_stop))
				return NULL;
			continue;
		}
		if (self->busy)
			sleep_us(dice_roll(&d, 30000));
		fd = accept4(l->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue; /* another thread was faster */
		t = truth_of(l, fd);
		if (!t)
			die("a connection from nowhere");
		t->server_pid = l->pid;
		atomic_store(&t->server, OPEN);
		limit_waiting(fd, 12);
		dice_pause(&d);
		atomic_store(&t->server, script_server(fd, t, &d));
	}
}

static void run_threads(struct load *l, void *(*fn)(void *), bool busy)
{
	struct thread *threads = calloc(l->threads, sizeof(*threads));

	l->pid = (uint32_t)getpid();
	for (uint32_t i = 0; threads && i < l->threads; i++) {
		threads[i] = (struct thread){ .load = l, .number = i, .busy = busy };
		if (pthread_create(&threads[i].handle, NULL, fn, &threads[i]))
			die("threads");
	}
	for (uint32_t i = 0; threads && i < l->threads; i++)
		pthread_join(threads[i].handle, NULL);
	exit(0);
}

void client_main(struct load *l)
{
	prctl(PR_SET_NAME, "soak-client");
	run_threads(l, connect_many, false);
	exit(0);
}

void server_main(struct load *l, uint16_t port, bool busy)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int yes = 1, fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	prctl(PR_SET_NAME, busy ? "soak-slow" : "soak-server");
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) ||
	    bind(fd, (void *)&a, sizeof(a)) || listen(fd, busy ? 8 : 1024))
		die("listen to %d", port);
	l->listener = fd;
	run_threads(l, accept_many, busy);
	exit(0);
}

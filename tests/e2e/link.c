// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * link: a wire of two TUN devices, `ta` and `tb`, in two network namespaces, with delay, loss, reordering
 * and ICMP refusals by rule (netem is not everywhere, and knows no "the second FIN").
 *
 *	link [--delay US[,US]] [--loss PERCENT] [--seed N] [--VERB RULE]... NETNS_A NETNS_B
 *
 * Says `up` when both devices are there.  Further rules are read from stdin, a line `VERB RULE` each, and
 * count from then on; `ok` says that one is in force.  A line `release` lets go what rules of the verb `hold`
 * have held, and ends these.  The end of stdin ends it.  What a rule is: link_rules.h.  Only TCP packets are subject to rules and loss; all the others just take the delay.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "link_rules.h"

#define MAX_RULES 64
#define MAX_PACKET 65536
#define HELD UINT64_MAX /* when such a packet is due */

struct packet {
	TAILQ_ENTRY(packet) others;
	uint64_t due_ns;
	unsigned int to; /* side */
	size_t len;
	uint8_t bytes[];
};
TAILQ_HEAD(queue, packet);

struct side {
	int fd;
	uint64_t delay_ns; /* of what it sends */
	uint64_t
		random; /* state of its own generator, so that the sides do not disturb each other */
};

struct link {
	struct side sides[2];
	struct queue queue; /* by the time they are due, first come first served among equals */
	struct rule rules[MAX_RULES];
	unsigned int n_rules;
	double loss; /* 0 to 1 */
};

static void die(const char *what)
{
	fprintf(stderr, "link: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void usage(const char *what)
{
	fprintf(stderr, "link: cannot use '%s'\n", what);
	exit(2);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* splitmix64: any seed will do, and the first numbers of two that are close do not resemble each other */
static double random_fraction(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (double)((z ^ z >> 31) >> 11) / (double)(1ULL << 53);
}

/* A TUN device belongs to the namespace its opener was in. */
static int open_tun(const char *netns, const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int ns = open(netns, O_RDONLY | O_CLOEXEC), fd;

	if (ns < 0 || setns(ns, CLONE_NEWNET))
		die(netns);
	close(ns);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
		die("/dev/net/tun");
	return fd;
}

static void enqueue(struct link *l, unsigned int to, uint64_t due_ns, const uint8_t *bytes,
		    size_t len)
{
	struct packet *p = malloc(sizeof(*p) + len), *before;

	if (!p)
		die("malloc");
	p->due_ns = due_ns;
	p->to = to;
	p->len = len;
	memcpy(p->bytes, bytes, len);
	before = TAILQ_LAST(&l->queue, queue);
	while (before && before->due_ns > due_ns)
		before = TAILQ_PREV(before, queue, others);
	if (before)
		TAILQ_INSERT_AFTER(&l->queue, before, p, others);
	else
		TAILQ_INSERT_HEAD(&l->queue, p, others);
}

/* One packet that a side sent; false when there is none. */
static bool take(struct link *l, unsigned int from)
{
	struct side *side = &l->sides[from];
	uint8_t bytes[MAX_PACKET], refusal[ICMP_V6_MAX];
	ssize_t got = read(side->fd, bytes, sizeof(bytes));
	uint64_t extra_us = 0, due_ns;
	enum verdict verdict;
	enum kind kind;

	if (got <= 0) {
		/* EIO: the device is still down */
		if (got < 0 && errno != EAGAIN && errno != EINTR && errno != EIO)
			die("read");
		return false;
	}
	kind = packet_kind(bytes, (size_t)got);
	verdict = rules_judge(l->rules, l->n_rules, from, kind, &extra_us);
	due_ns = verdict == VERDICT_HOLD ? HELD : now_ns() + side->delay_ns + extra_us * 1000;
	if (verdict == VERDICT_UNREACHABLE)
		enqueue(l, from, due_ns, refusal, icmp_unreachable(refusal, bytes, (size_t)got));
	else if (verdict != VERDICT_DROP &&
		 (kind == KIND_OTHER || random_fraction(&side->random) >= l->loss))
		enqueue(l, !from, due_ns, bytes, (size_t)got);
	return true;
}

/* Passes on what is due, and returns how long the next packet has to wait, -1 if there is none. */
static int64_t deliver(struct link *l)
{
	struct packet *p;

	while ((p = TAILQ_FIRST(&l->queue))) {
		uint64_t now = now_ns();

		if (p->due_ns == HELD)
			break;
		if (p->due_ns > now)
			return (int64_t)(p->due_ns - now);
		/* EIO: the device is down; what a cable carries to it is lost */
		if (write(l->sides[p->to].fd, p->bytes, p->len) < 0 && errno != EIO)
			die("write");
		TAILQ_REMOVE(&l->queue, p, others);
		free(p);
	}
	return -1;
}

static bool add_rule(struct link *l, const char *verb, const char *text)
{
	if (l->n_rules == MAX_RULES || !rule_parse(&l->rules[l->n_rules], verb, text))
		return false;
	l->n_rules++;
	return true;
}

/* What was held leaves now, in the order it came. */
static void release(struct link *l)
{
	uint64_t now = now_ns();
	struct packet *p;

	rules_release(l->rules, l->n_rules);
	while ((p = TAILQ_LAST(&l->queue, queue)) && p->due_ns == HELD) {
		while (TAILQ_PREV(p, queue, others) && TAILQ_PREV(p, queue, others)->due_ns == HELD)
			p = TAILQ_PREV(p, queue, others);
		TAILQ_REMOVE(&l->queue, p, others);
		enqueue(l, p->to, now + l->sides[!p->to].delay_ns, p->bytes, p->len);
		free(p);
	}
}

/* False at the end of stdin, which is not buffered, so that poll() tells of every line. */
static bool command(struct link *l)
{
	char line[128], *text;

	if (!fgets(line, sizeof(line), stdin))
		return false;
	line[strcspn(line, "\n")] = '\0';
	if (!strcmp(line, "release")) {
		release(l);
		puts("ok");
		return !fflush(stdout);
	}
	text = strchr(line, ' ');
	if (text)
		*text++ = '\0';
	puts(text && add_rule(l, line, text) ? "ok" : "bad rule");
	return !fflush(stdout);
}

static void run(struct link *l)
{
	struct pollfd fds[] = {
		{ .fd = l->sides[0].fd, .events = POLLIN },
		{ .fd = l->sides[1].fd, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};

	for (;;) {
		int64_t wait_ns = deliver(l);
		struct timespec timeout = { .tv_sec = wait_ns / 1000000000,
					    .tv_nsec = wait_ns % 1000000000 };

		if (ppoll(fds, 3, wait_ns < 0 ? NULL : &timeout, NULL) < 0 && errno != EINTR)
			die("ppoll");
		/* packets first: a rule does not count what was sent before it was given */
		for (unsigned int from = 0; from < 2; from++)
			while (take(l, from))
				;
		if (fds[2].revents && !command(l))
			return;
	}
}

static unsigned int number_option(const char *text, char end, const char **rest)
{
	unsigned int value;

	*rest = text;
	if (!parse_number(rest, &value) || (**rest && **rest != end))
		usage(text);
	return value;
}

static void set_delay(struct link *l, const char *text)
{
	const char *rest;

	l->sides[0].delay_ns = number_option(text, ',', &rest) * 1000ULL;
	l->sides[1].delay_ns = l->sides[0].delay_ns;
	if (*rest)
		l->sides[1].delay_ns = number_option(rest + 1, '\0', &rest) * 1000ULL;
}

static void parse_options(struct link *l, int argc, char **argv)
{
	static const struct option options[] = {
		{ "delay", required_argument, NULL, 'd' },
		{ "loss", required_argument, NULL, 'l' },
		{ "seed", required_argument, NULL, 's' },
		{ "drop", required_argument, NULL, 'r' },
		{ "delay-nth", required_argument, NULL, 'r' },
		{ "hold", required_argument, NULL, 'r' },
		{ "unreachable", required_argument, NULL, 'r' },
		{ 0 },
	};
	unsigned int seed = 1;
	const char *rest;
	int found, at;

	while ((found = getopt_long(argc, argv, "", options, &at)) != -1) {
		if (found == 'd')
			set_delay(l, optarg);
		else if (found == 'l')
			l->loss = number_option(optarg, '\0', &rest) / 100.0;
		else if (found == 's')
			seed = number_option(optarg, '\0', &rest);
		else if (found != 'r' || !add_rule(l, options[at].name, optarg))
			usage(optarg ? optarg : argv[optind - 1]);
	}
	if (argc - optind != 2)
		usage(argv[0]);
	for (unsigned int i = 0; i < 2; i++)
		l->sides[i].random = seed * 2ULL + i;
}

int main(int argc, char **argv)
{
	static struct link l;

	TAILQ_INIT(&l.queue);
	parse_options(&l, argc, argv);
	l.sides[0].fd = open_tun(argv[optind], "ta");
	l.sides[1].fd = open_tun(argv[optind + 1], "tb");
	setvbuf(stdin, NULL, _IONBF, 0);
	puts("up");
	fflush(stdout);
	run(&l);
	while (!TAILQ_EMPTY(&l.queue)) {
		struct packet *p = TAILQ_FIRST(&l.queue);

		TAILQ_REMOVE(&l.queue, p, others);
		free(p);
	}
	return 0;
}

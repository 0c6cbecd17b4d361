// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "namespaces.h"
#include "shared/diary.h"
#include "sock_diag.h"

/* idiag_timer of a minisocket: inet_twsk_diag_fill() */
#define TIMER_TIME_WAIT 3
/* include/net/tcp.h: TCP_TIMEWAIT_LEN */
#define TIME_WAIT_MS 60000
/* when the timer was set and when it ends are both counted in ticks */
#define TICKS 2
/* the kernel answers while it is asked; this is for one that does not */
#define ANSWER_S 2

static int open_here(void *ctx)
{
	const struct timeval limit = { .tv_sec = ANSWER_S };
	struct ports *p = ctx;
	struct stat st;

	/* --netns may name this one, and with other options more follow */
	if (p->fd >= 0 || stat("/proc/thread-self/ns/net", &st))
		return 0;
	p->netns = (uint32_t)st.st_ino;
	p->range_fd = open("/proc/sys/net/ipv4/ip_local_port_range", O_RDONLY | O_CLOEXEC);
	p->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (p->fd >= 0)
		setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return 0;
}

struct ports ports_open(const struct options *o)
{
	struct ports p = { .fd = -1, .range_fd = -1 };
	uint32_t own;

	if (o->netns)
		namespaces_visit(o, open_here, &p, &own);
	else
		open_here(&p);
	return p;
}

void ports_close(struct ports *p)
{
	if (p->fd >= 0)
		close(p->fd);
	if (p->range_fd >= 0)
		close(p->range_fd);
	p->fd = p->range_fd = -1;
}

/* The ports that connect() chooses from. */
struct range {
	unsigned int first, last;
};

static struct range read_range(int fd)
{
	struct range range = { 0, 65535 }, read;
	char text[32];
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return range;
	text[n] = '\0';
	return sscanf(text, "%u %u", &read.first, &read.last) == 2 ? read : range;
}

/* Is it in TIME_WAIT now: was it at the time in question? */
static enum ports_state state_then(const struct ports_request *r, const struct inet_diag_msg *m,
				   uint64_t now_ns)
{
	const uint64_t ticks_ns = TICKS * r->tick_ns;
	uint64_t began_ns;

	if (m->idiag_timer != TIMER_TIME_WAIT || m->idiag_state != BPF_TCP_TIME_WAIT)
		return PORTS_OPEN;
	if (m->idiag_expires > TIME_WAIT_MS)
		return PORTS_TIME_WAIT;
	began_ns = now_ns - (uint64_t)(TIME_WAIT_MS - m->idiag_expires) * NS_PER_US * US_PER_MS;
	if (began_ns + ticks_ns < r->at_ns)
		return PORTS_TIME_WAIT;
	return began_ns > r->at_ns + ticks_ns ? PORTS_OPEN : PORTS_JUST_CLOSED;
}

static void set_address(uint8_t to[16], const struct inet_diag_msg *m, const __be32 from[4])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (m->idiag_family == AF_INET6) {
		memcpy(to, from, 16);
		return;
	}
	memcpy(to, mapped, sizeof(mapped));
	memcpy(to + sizeof(mapped), from, 4);
}

static void take_socket(const struct ports_request *r, const struct range *range,
			const struct inet_diag_msg *m, uint64_t now_ns)
{
	static const uint8_t any[16], any_ipv4[16] = { [10] = 0xff, [11] = 0xff };
	uint8_t local[16], remote[16];
	uint16_t port = ntohs(m->id.idiag_sport);

	set_address(local, m, m->id.idiag_src);
	set_address(remote, m, m->id.idiag_dst);
	if (memcmp(remote, r->remote, 16) != 0 || ntohs(m->id.idiag_dport) != r->remote_port ||
	    port < range->first || port > range->last)
		return;
	if (memcmp(r->local, any, 16) != 0 && memcmp(r->local, any_ipv4, 16) != 0 &&
	    memcmp(r->local, local, 16) != 0)
		return;
	r->found(r->ctx, port, state_then(r, m, now_ns));
}

/* Reads a part of an answer.  1: more follows; 0: that was all; or -errno. */
static int read_answer(int fd, uint32_t number, const struct ports_request *request,
		       const struct range *range)
{
	char buffer[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
	const struct nlmsghdr *header = (const struct nlmsghdr *)buffer;
	uint64_t now_ns = clock_monotonic_ns();

	if (n <= 0)
		return n && errno == EINTR ? 1 : n ? -errno : -EPIPE;
	for (unsigned int left = (unsigned int)n; NLMSG_OK(header, left);
	     header = NLMSG_NEXT(header, left)) {
		/* of an answer that was given up */
		if (header->nlmsg_seq != number)
			continue;
		if (header->nlmsg_type == NLMSG_DONE)
			return 0;
		if (header->nlmsg_type == NLMSG_ERROR)
			return -EIO;
		if (header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
			take_socket(request, range, NLMSG_DATA(header), now_ns);
	}
	return 1;
}

static int ask_family(int fd, uint8_t family, const struct ports_request *request,
		      const struct range *range)
{
	static uint32_t number;
	int more = sock_diag_ask(fd, family, ~(1U << BPF_TCP_LISTEN), request->remote_port,
				 ++number)
			   ?: 1;

	while (more > 0)
		more = read_answer(fd, number, request, range);
	return more;
}

/* An IPv4 connection may be one of an IPv6 socket. */
int ports_ask(const struct ports *p, const struct ports_request *request)
{
	struct range range;
	int err;

	if (p->fd < 0)
		return -EBADF;
	range = read_range(p->range_fd);
	err = ask_family(p->fd, AF_INET6, request, &range);
	return err ?: ask_family(p->fd, AF_INET, request, &range);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "clocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/maybe.h"
#include "identity.h"
#include "shared/diary_read.h"

/* handshakes that wait for the one of their other end; a later one may take the place of another */
#define SEEN_MAX (1U << 18)
/* Times of a damaged recording, of which sums and differences do not fit: from 36 years of uptime and the year 2043 on. */
#define UPTIME_LIMIT (INT64_MAX / 8)
#define OFFSET_LIMIT (INT64_MAX / 4)

/* A handshake, by identity_of_numbers(): CLOCK_REALTIME. */
struct seen {
	uint64_t numbers;
	uint32_t host;
	uint32_t role;
	/* client: its SYN, and the SYN,ACK that answered; server: its SYN,ACK, and the last ACK */
	int64_t sent_ns, answered_ns;
};

struct host {
	uint8_t boot[16];
	char name[HOST_NAME_MAX_LEN + 1];
	/* some item is of it */
	bool used;
	bool sees_drops;
};

/* Of b's clock minus a's, where a < b. */
struct bounds {
	uint32_t a, b;
	int64_t low_ns, high_ns;
};

struct clocks {
	struct host *hosts;
	struct bounds *bounds;
	size_t n_hosts, n_bounds;
	uint32_t host;
	int64_t clock_offset_ns;
	struct maybe given_ns;
	struct seen seen[SEEN_MAX];
};

struct clocks *clocks_create(void)
{
	return calloc(1, sizeof(struct clocks));
}

void clocks_destroy(struct clocks *c)
{
	if (!c)
		return;
	free(c->hosts);
	free(c->bounds);
	free(c);
}

static bool find_host(struct clocks *c, const struct item_host *is)
{
	for (size_t i = 0; i < c->n_hosts; i++) {
		if (memcmp(c->hosts[i].boot, is->boot, sizeof(is->boot)) != 0)
			continue;
		c->host = (uint32_t)i;
		return true;
	}
	return false;
}

/* The place of a host that no item is of is free.  Without memory for another, the host before stands for it. */
static void meet_host(struct clocks *c, const struct item_host *is)
{
	struct host *more;

	if (c->n_hosts && !c->hosts[c->n_hosts - 1].used && !*c->hosts[c->n_hosts - 1].name)
		c->n_hosts--;
	if (find_host(c, is))
		return;
	more = reallocarray(c->hosts, c->n_hosts + 1, sizeof(*more));
	if (!more) {
		c->host = 0;
		return;
	}
	c->hosts = more;
	c->host = (uint32_t)c->n_hosts++;
	more += c->host;
	*more = (struct host){ 0 };
	memcpy(more->boot, is->boot, sizeof(more->boot));
	memcpy(more->name, is->name, sizeof(is->name));
	more->sees_drops = is->sees_drops;
}

static struct bounds *find_bounds(const struct clocks *c, uint32_t a, uint32_t b)
{
	for (size_t i = 0; i < c->n_bounds; i++)
		if (c->bounds[i].a == a && c->bounds[i].b == b)
			return &c->bounds[i];
	return NULL;
}

static struct bounds *need_bounds(struct clocks *c, uint32_t a, uint32_t b)
{
	struct bounds *more = find_bounds(c, a, b);

	if (more)
		return more;
	more = reallocarray(c->bounds, c->n_bounds + 1, sizeof(*more));
	if (!more)
		return NULL;
	c->bounds = more;
	more += c->n_bounds++;
	*more = (struct bounds){ a, b, INT64_MIN, INT64_MAX };
	return more;
}

/* The server's clock minus the client's is between low and high. */
static void narrow(struct clocks *c, uint32_t client, uint32_t server, int64_t low_ns,
		   int64_t high_ns)
{
	bool turned = server < client;
	struct bounds *b = turned ? need_bounds(c, server, client) : need_bounds(c, client, server);
	int64_t low = turned ? -high_ns : low_ns, high = turned ? -low_ns : high_ns;

	if (!b)
		return;
	if (low > b->low_ns)
		b->low_ns = low;
	if (high < b->high_ns)
		b->high_ns = high;
}

/* Of a damaged recording, sums of differences may not fit. */
static bool is_sane(int64_t ns)
{
	return ns > -OFFSET_LIMIT / 4 && ns < OFFSET_LIMIT / 4;
}

/* What both ends say of one handshake. */
static void compare(struct clocks *c, const struct seen *client, const struct seen *server)
{
	int64_t syn_ns = server->sent_ns - client->sent_ns;
	int64_t ack_ns = server->answered_ns - client->answered_ns;
	int64_t synack_ns = server->sent_ns - client->answered_ns;

	if (!is_sane(syn_ns) || !is_sane(ack_ns) || !is_sane(synack_ns))
		return;
	narrow(c, client->host, server->host, synack_ns, syn_ns < ack_ns ? syn_ns : ack_ns);
}

/*
 * Where nothing was retransmitted, each segment is the one that the other end saw.  A server's SYN,ACK leaves when the
 * SYN has come.
 */
static bool is_clear(const struct handshake_part *h)
{
	return h->flags & HANDSHAKE_ESTABLISHED && h->options & OPTION_KNOWN && !h->retransmits &&
	       !h->unsent &&
	       !(h->flags & (HANDSHAKE_FASTOPEN | HANDSHAKE_EVENTS_LOST | HANDSHAKE_BEFORE_TRACE |
			     HANDSHAKE_SYNCOOKIE));
}

static void learn(struct clocks *c, const struct handshake_part *h)
{
	uint64_t end_ns = diary_handshake_end_ns(h), begin_ns = diary_handshake_begin_ns(h, end_ns);
	int64_t offset_ns = c->clock_offset_ns;
	bool client = h->role == ROLE_CLIENT;
	struct seen now = { .host = c->host, .role = h->role }, *before;

	if (c->host < c->n_hosts)
		c->hosts[c->host].used = true;
	if (!is_clear(h) || (!client && h->role != ROLE_SERVER) || !begin_ns ||
	    end_ns > UPTIME_LIMIT || offset_ns > OFFSET_LIMIT || offset_ns < -OFFSET_LIMIT)
		return;
	now.numbers = identity_of_numbers(h);
	now.sent_ns = (int64_t)begin_ns + offset_ns;
	now.answered_ns = (int64_t)end_ns + offset_ns;
	before = &c->seen[now.numbers % SEEN_MAX];
	if (before->numbers != now.numbers || before->role == now.role || !before->role ||
	    before->host == now.host) {
		*before = now;
		return;
	}
	if (client)
		compare(c, &now, before);
	else
		compare(c, before, &now);
}

int clocks_item(void *ctx, const struct item *item)
{
	struct clocks *c = ctx;
	union {
		int64_t clock;
		struct item_host host;
		struct handshake_part handshake;
		struct item_open open;
	} u;
	size_t size = item_size(item->type);

	if (item->len < size)
		return 0;
	switch (item->type) {
	case ITEM_CLOCK:
		memcpy(&c->clock_offset_ns, item->data, sizeof(c->clock_offset_ns));
		break;
	case ITEM_HOST:
		memcpy(&u.host, item->data, sizeof(u.host));
		meet_host(c, &u.host);
		break;
	case ITEM_HANDSHAKE:
	case ITEM_CLOSE:
		memcpy(&u.handshake, item->data, sizeof(u.handshake));
		learn(c, &u.handshake);
		break;
	case ITEM_OPEN:
		memcpy(&u.open, item->data, sizeof(u.open));
		learn(c, &u.open.record.h);
		break;
	default:
		break;
	}
	return 0;
}

uint32_t clocks_host(const struct clocks *c)
{
	return c->host;
}

const char *clocks_host_name(const struct clocks *c, uint32_t host)
{
	return host < c->n_hosts ? c->hosts[host].name : "";
}

bool clocks_host_sees_drops(const struct clocks *c, uint32_t host)
{
	return host < c->n_hosts && c->hosts[host].sees_drops;
}

void clocks_set_offset(struct clocks *c, int64_t ns)
{
	c->given_ns = known(ns);
}

static struct clock_offset between(int64_t low_ns, int64_t high_ns)
{
	bool unsteady = low_ns > high_ns;
	int64_t width_ns = unsteady ? low_ns - high_ns : high_ns - low_ns;

	return (struct clock_offset){
		.unsteady = unsteady,
		.ns = (unsteady ? high_ns : low_ns) + width_ns / 2,
		.uncertainty_ns = (width_ns + 1) / 2,
	};
}

struct clock_offset clocks_offset(const struct clocks *c, uint32_t a, uint32_t b)
{
	struct clock_offset offset = { 0 };
	const struct bounds *bounds;

	if (a == b)
		return offset;
	if (c->given_ns.known) {
		if (!a || !b)
			offset.ns = a ? -c->given_ns.value : c->given_ns.value;
		return offset;
	}
	if (a > b) {
		offset = clocks_offset(c, b, a);
		offset.ns = -offset.ns;
		return offset;
	}
	bounds = find_bounds(c, a, b);
	if (!bounds)
		return (struct clock_offset){ .unknown = true };
	return between(bounds->low_ns, bounds->high_ns);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Who has the local ports to a destination, when a connect() finds none: for time_waits.c. */
#include "tracer_parts.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"

struct question {
	const struct tracer *tracer;
	struct taken_port key; /* of which local_port varies */
	uint64_t at_ns;
	struct port_map *map;
};

/* Whose close left it, where closes are not posted. */
static void take_port(void *ctx, uint16_t port, enum ports_state state)
{
	static const enum port_use uses[] = {
		[PORTS_OPEN] = PORT_OPEN,
		[PORTS_TIME_WAIT] = PORT_TIME_WAIT,
		[PORTS_JUST_CLOSED] = PORT_JUST_CLOSED,
	};
	struct question *q = ctx;
	enum port_use use = uses[state];
	struct taken_by by;
	bool known;

	q->key.local_port = port;
	known = use != PORT_OPEN && q->tracer->skel->rodata->cfg.keep_taken &&
		!bpf_map_lookup_elem(bpf_map__fd(q->tracer->skel->maps.taken_ports), &q->key, &by);
	if (known && use == PORT_JUST_CLOSED)
		use = by.t_ns <= q->at_ns ? PORT_TIME_WAIT : PORT_OPEN;
	port_map_use(q->map, port, use, known ? &by.owner : NULL);
}

/* Whose record is it? */
static bool take_owner(const struct filter *f, const void *value)
{
	const struct question *q = f->ctx;
	const struct record *r = value;

	if (r->h.netns == q->key.netns && r->h.remote_port == q->key.remote_port && r->h.conn &&
	    r->h.role != ROLE_SERVER && !memcmp(r->h.remote, q->key.remote, 16))
		port_map_use(q->map, r->h.local_port, PORT_OWNER, &r->h.owner);
	return false;
}

static void find_owners(struct question *q, const struct bpf_map *map)
{
	const struct filter f = { .wanted = take_owner, .ctx = q };
	struct keys keys;

	if (!keys_read_some(&keys, bpf_map__fd(map), bpf_map__key_size(map), sizeof(struct record),
			    &f))
		free(keys.items);
}

int tracer_ask_ports(void *tracer, const struct chapter *ch, struct port_map *map)
{
	struct tracer *t = tracer;
	struct question q = { .tracer = t, .at_ns = (uint64_t)ch->t_ns.value, .map = map };
	struct ports_request request = { .remote_port = (uint16_t)ch->remote_port.value,
					 .at_ns = q.at_ns,
					 .tick_ns = t->skel->rodata->cfg.tick_ns,
					 .found = take_port,
					 .ctx = &q };
	int err;

	if (ch->netns != t->ports.netns)
		return -ENOENT;
	memcpy(request.local, ch->local, sizeof(request.local));
	memcpy(request.remote, ch->remote, sizeof(request.remote));
	memcpy(q.key.remote, ch->remote, sizeof(q.key.remote));
	q.key.netns = ch->netns;
	q.key.remote_port = request.remote_port;
	err = ports_ask(&t->ports, &request);
	if (err)
		return err;
	find_owners(&q, t->skel->maps.table);
	find_owners(&q, t->skel->maps.minisockets);
	return 0;
}

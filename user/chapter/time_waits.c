// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "time_waits.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "shared/diary_read.h"

/* include/net/tcp.h: TCP_TIMEWAIT_LEN */
#define TIME_WAIT_NS 60000000000LL

/* To one address and port. */
struct destination {
	uint8_t addr[16];
	uint32_t netns;
	uint32_t port;
};

static bool is_same(const struct destination *a, const struct destination *b)
{
	return !memcmp(a->addr, b->addr, sizeof(a->addr)) && a->netns == b->netns &&
	       a->port == b->port;
}

struct time_wait {
	/* CLOCK_MONOTONIC, when it began */
	int64_t t_ns;
	struct destination to;
	uint16_t local_port;
	struct owner owner;
};

struct time_waits {
	/* a ring that grows, as far as it is used */
	struct time_wait *ring;
	size_t room, n, next;
	/* what was asked last: a storm of such failures asks the same again and again */
	struct destination asked;
	int64_t ask_again_ns;
	struct ports_taken time_wait, open;
};

/* Of processes with ports to one destination, those that are told apart. */
#define PROCESSES_MAX 64
#define NOBODY PROCESSES_MAX
#define ASK_AGAIN_NS 100000000LL
/* the next question comes after so many times what the last one took */
#define ASK_SHARE 10

struct port_map {
	uint8_t use[65536]; /* enum port_use */
	uint8_t who[65536]; /* index of people; NOBODY: it is not known */
	struct owner people[PROCESSES_MAX];
	size_t n;
};

struct time_waits *time_waits_create(void)
{
	return calloc(1, sizeof(struct time_waits));
}

void time_waits_destroy(struct time_waits *t)
{
	if (t)
		free(t->ring);
	free(t);
}

static struct destination destination_of(const uint8_t addr[16], uint32_t netns, uint32_t port)
{
	struct destination to;

	memset(&to, 0, sizeof(to));
	memcpy(to.addr, addr, sizeof(to.addr));
	to.netns = netns;
	to.port = port;
	return to;
}

static void grow(struct time_waits *t)
{
	size_t room = t->room ? 2 * t->room : 256;
	struct time_wait *ring;

	if (room > TIME_WAITS_MAX)
		return;
	ring = realloc(t->ring, room * sizeof(*ring));
	if (!ring)
		return;
	t->ring = ring;
	t->room = room;
}

void time_waits_add(struct time_waits *t, const struct record *r)
{
	struct time_wait *w;

	if (r->h.role != ROLE_CLIENT || !(r->c.flags & CLOSE_TIME_WAIT))
		return;
	if (t->n == t->room)
		grow(t);
	if (!t->room)
		return;
	/* it has not come round yet as long as it grows */
	if (t->n < t->room)
		t->next = t->n++;
	w = &t->ring[t->next];
	t->next = (t->next + 1) % t->room;
	*w = (struct time_wait){
		.t_ns = (int64_t)diary_close_end_ns(r),
		.to = destination_of(r->h.remote, r->h.netns, r->h.remote_port),
		.local_port = r->h.local_port,
		.owner = r->h.owner,
	};
}

static uint8_t person_index(struct port_map *map, const struct owner *owner)
{
	size_t i = 0;

	if (!owner || !owner->pid)
		return NOBODY;
	while (i < map->n && map->people[i].pid != owner->pid)
		i++;
	if (i == PROCESSES_MAX)
		return NOBODY;
	if (i == map->n)
		map->people[map->n++] = *owner;
	return (uint8_t)i;
}

void port_map_use(struct port_map *map, uint16_t port, enum port_use use, const struct owner *owner)
{
	uint8_t who = person_index(map, owner);

	if (use == PORT_OWNER && map->use[port] != PORT_OPEN)
		return;
	if (use != PORT_OWNER)
		map->use[port] = (uint8_t)use;
	/* whose TIME_WAIT it is may be known from its close */
	if (who != NOBODY || (use != PORT_TIME_WAIT && use != PORT_JUST_CLOSED))
		map->who[port] = who;
}

/* The newer ones come later: they had the port last. */
static void enter_closes(const struct time_waits *t, struct port_map *map,
			 const struct destination *to, int64_t now_ns)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct time_wait *w = &t->ring[(t->next + i) % t->n];

		if (w->t_ns <= now_ns && now_ns - w->t_ns <= TIME_WAIT_NS && is_same(&w->to, to))
			port_map_use(map, w->local_port, PORT_TIME_WAIT, &w->owner);
	}
}

static struct ports_taken count_ports(const struct port_map *map, enum port_use use)
{
	unsigned int ports[PROCESSES_MAX + 1] = { 0 };
	struct ports_taken taken = { 0 };
	size_t most = 0;

	for (size_t port = 0; port < 65536; port++) {
		if (map->use[port] != use)
			continue;
		taken.n++;
		ports[map->who[port]]++;
	}
	for (size_t i = 1; i < map->n; i++)
		if (ports[i] > ports[most])
			most = i;
	if (!map->n || !ports[most])
		return taken;
	taken.n_most = ports[most];
	person_set(&taken.most, &map->people[most]);
	return taken;
}

/* What the kernel does not have is not taken any more. */
static void ask_source(struct port_map *map, const struct chapter *ch,
		       const struct port_source *source)
{
	struct port_map before = *map;

	memset(map->use, PORT_FREE, sizeof(map->use));
	if (source->ask(source->ctx, ch, map))
		*map = before;
	for (size_t port = 0; port < sizeof(map->use); port++)
		if (map->use[port] == PORT_JUST_CLOSED)
			map->use[port] = before.use[port] == PORT_TIME_WAIT ? PORT_TIME_WAIT
									    : PORT_OPEN;
}

static void ask(struct time_waits *t, const struct destination *to, const struct chapter *ch,
		const struct port_source *source)
{
	struct port_map *map = malloc(sizeof(*map));

	t->time_wait = t->open = (struct ports_taken){ 0 };
	if (!map)
		return;
	memset(map->use, PORT_FREE, sizeof(map->use));
	memset(map->who, NOBODY, sizeof(map->who));
	map->n = 0;
	enter_closes(t, map, to, ch->t_ns.value);
	if (source)
		ask_source(map, ch, source);
	t->time_wait = count_ports(map, PORT_TIME_WAIT);
	t->open = count_ports(map, PORT_OPEN);
	free(map);
}

void time_waits_explain(struct time_waits *t, struct chapter *ch, const struct port_source *source)
{
	struct destination to = destination_of(ch->remote, ch->netns,
					       (uint32_t)ch->remote_port.value);
	uint64_t began_ns = clock_monotonic_ns();

	if (ch->handshake.outcome != OUTCOME_NO_PORT || !ch->t_ns.known)
		return;
	if (!is_same(&t->asked, &to) || ch->t_ns.value > t->ask_again_ns) {
		ask(t, &to, ch, source);
		t->asked = to;
		t->ask_again_ns = ch->t_ns.value + ASK_AGAIN_NS +
				  ASK_SHARE * (int64_t)(clock_monotonic_ns() - began_ns);
	}
	ch->handshake.ports_in_time_wait = t->time_wait;
	ch->handshake.ports_open = t->open;
}

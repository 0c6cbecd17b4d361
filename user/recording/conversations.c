// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "conversations.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "ends.h"

#define BUCKETS (2 * CONVERSATIONS_WAITING)
#define REMEMBERED 65536
/* Between the same addresses, so many are looked at for the other end whose numbers are not known. */
#define LOOKED_AT 8

/*
 * A record that waits for the one of the other end.  A peer may use the same addresses and ports again and again,
 * so that all that waits is between them: it is found by its connection, and the oldest between its addresses.
 */
struct waiting {
	struct record record;
	uint64_t open_ns; /* now_ns of struct segments_end */
	int64_t clock_offset_ns;
	uint64_t added_ns;
	struct waiting *next_of_connections; /* in its bucket */
	struct waiting *newer;		     /* the next one between the same addresses */
	/* of the oldest between its addresses: the newest, and the next in the bucket */
	struct waiting *newest;
	struct waiting *next_of_addresses;
	uint8_t part;
	bool is_waiting; /* false: it is written, and its place in the ring is skipped */
};

/* What was written from one end's record alone, in case the other end's comes late. */
struct written_part {
	uint64_t connection; /* a hash that both ends share */
	uint16_t written;    /* struct segments, as this end sees it */
	bool by_larger;	     /* which end that was: ends_is_larger() */
	uint32_t ifindex;    /* that it is bound to */
};

struct conversations {
	packet_fn put;
	void *ctx;
	/* of the hashes: random, so that no peer can choose addresses that collide */
	uint64_t seed;
	/* records removed from the ring, and added to it, so far */
	uint64_t n_gone, n_added;
	struct waiting *connections[BUCKETS];
	struct waiting *addresses[BUCKETS]; /* the oldest between each pair of addresses */
	struct waiting ring[CONVERSATIONS_WAITING];
	size_t n_waiting;
	struct written_part written_parts[REMEMBERED];
};

struct conversations *conversations_create(packet_fn put, void *ctx)
{
	struct conversations *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->put = put;
	c->ctx = ctx;
	/* without it the hashes are still good, and only known */
	if (getrandom(&c->seed, sizeof(c->seed), GRND_NONBLOCK) < 0)
		c->seed = 0;
	return c;
}

void conversations_destroy(struct conversations *c)
{
	free(c);
}

static uint64_t mix(uint64_t h, uint64_t value)
{
	h = (h ^ value) * 0x9e3779b97f4a7c15ULL;
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93ULL;
	return h ^ h >> 32;
}

static uint64_t hash_endpoint(uint64_t seed, const uint8_t addr[16], uint16_t port)
{
	uint64_t words[2];

	memcpy(words, addr, sizeof(words));
	return mix(mix(mix(seed, port), words[0]), words[1]);
}

/* The same for both ends. */
static uint64_t hash_addresses(const struct conversations *c, const struct handshake_part *h)
{
	return hash_endpoint(c->seed, h->local, h->local_port) +
	       hash_endpoint(c->seed, h->remote, h->remote_port);
}

static uint64_t hash_connection(const struct conversations *c, const struct handshake_part *h,
				enum segments_part part)
{
	return mix(hash_addresses(c, h) + mix(c->seed, h->iss) + mix(c->seed, h->irs), part) | 1;
}

/* Without initial sequence numbers all connections of the same addresses would be in one bucket. */
static struct waiting **connection_bucket(struct conversations *c, const struct handshake_part *h,
					  enum segments_part part)
{
	uint64_t connection = hash_connection(c, h, part);

	if (!ends_has_numbers(h))
		connection = mix(connection, h->conn);
	return &c->connections[(connection >> 1) % BUCKETS];
}

/* The pointer to the oldest record that waits between these addresses, or to NULL. */
static struct waiting **oldest_of(struct conversations *c, const struct handshake_part *h)
{
	struct waiting **at = &c->addresses[hash_addresses(c, h) % BUCKETS];

	while (*at && !ends_same_tuple(h, &(*at)->record.h, true) &&
	       !ends_same_tuple(h, &(*at)->record.h, false))
		at = &(*at)->next_of_addresses;
	return at;
}

/* Takes the oldest record between its addresses out of both tables.  The ring skips its place later. */
static void leave(struct conversations *c, struct waiting *w)
{
	struct waiting **at = connection_bucket(c, &w->record.h, w->part);

	while (*at != w)
		at = &(*at)->next_of_connections;
	*at = w->next_of_connections;
	at = oldest_of(c, &w->record.h);
	*at = w->next_of_addresses;
	if (w->newer) {
		w->newer->newest = w->newest;
		w->newer->next_of_addresses = w->next_of_addresses;
		*at = w->newer;
	}
	w->is_waiting = false;
	c->n_waiting--;
}

/* Enters a record into both tables; it is the newest. */
static void enter(struct conversations *c, struct waiting *w)
{
	struct waiting **at = connection_bucket(c, &w->record.h, w->part);

	c->n_waiting++;
	w->next_of_connections = *at;
	*at = w;
	at = oldest_of(c, &w->record.h);
	if (*at) {
		(*at)->newest->newer = w;
		(*at)->newest = w;
	} else {
		w->newest = w;
		*at = w;
	}
}

static struct segments_end to_end(const struct waiting *w)
{
	return (struct segments_end){ &w->record, w->open_ns, w->clock_offset_ns };
}

/* What is in the file already, written from the other end's record alone; as this end sees it. */
static uint16_t written_before(const struct conversations *c, const struct handshake_part *h,
			       enum segments_part part)
{
	uint64_t connection = hash_connection(c, h, part);
	const struct written_part *written = &c->written_parts[connection % REMEMBERED];

	if (written->connection != connection)
		return 0;
	/* the same end on another link */
	if (written->by_larger == ends_is_larger(h) && written->ifindex != h->interface.index)
		return 0;
	return written->by_larger == ends_is_larger(h) ? written->written
						       : segments_mirror(written->written);
}

static int put_pair(struct conversations *c, const struct segments_end *end,
		    const struct segments_end *other, enum segments_part part)
{
	struct segments s = { { *end, *other }, part, 0, c->put, c->ctx };

	return segments_put_part(&s);
}

static int put_alone(struct conversations *c, const struct segments_end *end,
		     enum segments_part part)
{
	const struct handshake_part *h = &end->record->h;
	uint64_t connection = hash_connection(c, h, part);
	struct segments s = { { *end }, part, written_before(c, h, part), c->put, c->ctx };
	int err = segments_put_part(&s);

	c->written_parts[connection % REMEMBERED] = (struct written_part){ connection, s.written,
									   ends_is_larger(h),
									   h->interface.index };
	return err;
}

static int put_waiting(struct conversations *c, struct waiting *w)
{
	struct segments_end end = to_end(w);

	leave(c, w);
	return put_alone(c, &end, w->part);
}

static bool is_other_end(const struct waiting *w, const struct record *record,
			 enum segments_part part)
{
	return w->part == part && ends_match(record, &w->record, part);
}

/* By the initial sequence numbers of both, or, where one has none, among those between the same addresses. */
static struct waiting *other_end_of(struct conversations *c, const struct record *record,
				    enum segments_part part)
{
	struct waiting *at = *connection_bucket(c, &record->h, part);

	while (at && !is_other_end(at, record, part))
		at = at->next_of_connections;
	if (at)
		return at;
	at = *oldest_of(c, &record->h);
	for (int looked = 0; at && !is_other_end(at, record, part); at = at->newer)
		if (++looked == LOOKED_AT)
			return NULL;
	return at;
}

/* Writes what waits between the same addresses and is older than `until` (NULL: all of it). */
static int put_earlier(struct conversations *c, const struct handshake_part *h,
		       const struct waiting *until)
{
	struct waiting *oldest;
	int err = 0;

	while (!err && (oldest = *oldest_of(c, h)) && oldest != until)
		err = put_waiting(c, oldest);
	return err;
}

/*
 * Removes the oldest record of the ring, and writes it if it still waits.  False when there is
 * none that was added by until_ns, or after an error.
 */
static bool put_oldest(struct conversations *c, uint64_t until_ns, int *err)
{
	struct waiting *w = &c->ring[c->n_gone % CONVERSATIONS_WAITING];

	if (c->n_gone == c->n_added || (w->is_waiting && w->added_ns > until_ns))
		return false;
	c->n_gone++;
	if (w->is_waiting)
		*err = put_waiting(c, w);
	return !*err;
}

static int add_waiting(struct conversations *c, const struct segments_end *end,
		       enum segments_part part, uint64_t now_ns)
{
	struct waiting *w;
	int err = 0;

	if (c->n_added - c->n_gone == CONVERSATIONS_WAITING)
		put_oldest(c, UINT64_MAX, &err);
	w = &c->ring[c->n_added++ % CONVERSATIONS_WAITING];
	*w = (struct waiting){
		.record = *end->record,
		.open_ns = end->now_ns,
		.clock_offset_ns = end->clock_offset_ns,
		.added_ns = now_ns,
		.part = part,
		.is_waiting = true,
	};
	enter(c, w);
	return err;
}

/* May the other end's record still come?  A handshake that failed has none. */
static bool has_other_end(const struct handshake_part *h, enum segments_part part)
{
	bool itself = ends_same_tuple(h, h, true);

	return !itself && (part == SEGMENTS_CLOSE || h->options & OPTION_KNOWN);
}

int conversations_add(struct conversations *c, const struct segments_end *end,
		      enum segments_part part, uint64_t now_ns)
{
	const struct handshake_part *h = &end->record->h;
	struct waiting *other = other_end_of(c, end->record, part);
	struct segments_end first;
	int err;

	if (!other && has_other_end(h, part) && !written_before(c, h, part))
		return add_waiting(c, end, part, now_ns);
	err = put_earlier(c, h, other);
	if (err)
		return err;
	if (!other)
		return put_alone(c, end, part);
	first = to_end(other);
	/* the earlier ones are written, so it is the oldest */
	leave(c, other);
	return put_pair(c, &first, end, part);
}

int conversations_expire(struct conversations *c, uint64_t now_ns)
{
	uint64_t until_ns = now_ns > CONVERSATIONS_WAIT_NS ? now_ns - CONVERSATIONS_WAIT_NS : 0;
	int err = 0;

	while (put_oldest(c, until_ns, &err))
		;
	return err;
}

size_t conversations_waiting(const struct conversations *c)
{
	return c->n_waiting;
}

int conversations_flush(struct conversations *c)
{
	int err = 0;

	while (put_oldest(c, UINT64_MAX, &err))
		;
	return err;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "conversations.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS (2 * CONVERSATIONS_WAITING)
#define REMEMBERED 65536

struct held {
	struct record record;
	uint64_t open_ns; /* as segments_end's now_ns */
	int64_t clock_offset_ns;
	uint64_t since_ns;
	struct held *next; /* in its bucket, older */
	uint8_t part;
	bool waits;
};

/* What one end has told alone, in case that the other comes late. */
struct written_part {
	uint64_t connection; /* hash, of both ends the same */
	uint16_t written;    /* as that end sees it */
	bool by_larger;	     /* of the two endpoints */
};

struct conversations {
	packet_fn put;
	void *ctx;
	uint64_t first, n; /* records ever let go of, and added: places in the ring */
	struct held *buckets[BUCKETS];
	struct held ring[CONVERSATIONS_WAITING];
	struct written_part written_parts[REMEMBERED];
};

struct conversations *conversations_create(packet_fn put, void *ctx)
{
	struct conversations *c = calloc(1, sizeof(*c));

	if (c) {
		c->put = put;
		c->ctx = ctx;
	}
	return c;
}

void conversations_destroy(struct conversations *c)
{
	free(c);
}

static uint64_t mix(uint64_t h, uint64_t value)
{
	h = (h ^ value) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 32;
}

static uint64_t hash_endpoint(const uint8_t addr[16], uint16_t port)
{
	uint64_t words[2];

	memcpy(words, addr, sizeof(words));
	return mix(mix(mix(port, words[0]), words[1]), 0);
}

/* Of both ends the same. */
static uint64_t hash_tuple(const struct handshake_part *h)
{
	return hash_endpoint(h->local, h->local_port) + hash_endpoint(h->remote, h->remote_port);
}

static uint64_t hash_connection(const struct handshake_part *h, enum segments_part part)
{
	return mix(hash_tuple(h) + mix(0, h->iss) + mix(0, h->irs), part) | 1;
}

static bool is_larger(const struct handshake_part *h)
{
	int by_address = memcmp(h->local, h->remote, 16);

	return by_address ? by_address > 0 : h->local_port > h->remote_port;
}

static bool same_tuple(const struct handshake_part *a, const struct handshake_part *b,
		       bool mirrored)
{
	const uint8_t *local = mirrored ? b->remote : b->local;
	const uint8_t *remote = mirrored ? b->local : b->remote;

	return !memcmp(a->local, local, 16) && !memcmp(a->remote, remote, 16) &&
	       a->local_port == (mirrored ? b->remote_port : b->local_port) &&
	       a->remote_port == (mirrored ? b->local_port : b->remote_port);
}

/* The numbers tell connections of the same addresses apart; of one older than the trace they are 0. */
static bool are_ends(const struct handshake_part *a, const struct handshake_part *b)
{
	return same_tuple(a, b, true) && a->iss == b->irs && a->irs == b->iss;
}

static struct held **bucket_of(struct conversations *c, const struct handshake_part *h)
{
	return &c->buckets[hash_tuple(h) % BUCKETS];
}

/* A record leaves its bucket; its place in the ring is passed over later. */
static void release(struct conversations *c, struct held *held)
{
	struct held **at = bucket_of(c, &held->record.h);

	while (*at != held)
		at = &(*at)->next;
	*at = held->next;
	held->waits = false;
}

static struct segments_end end_of(const struct held *held)
{
	return (struct segments_end){ &held->record, held->open_ns, held->clock_offset_ns };
}

/* What is in the file of a connection of which one end was told alone, as this end sees it. */
static uint16_t written_before(const struct conversations *c, const struct handshake_part *h,
			       enum segments_part part)
{
	uint64_t connection = hash_connection(h, part);
	const struct written_part *written = &c->written_parts[connection % REMEMBERED];

	if (written->connection != connection)
		return 0;
	return written->by_larger == is_larger(h) ? written->written
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
	uint64_t connection = hash_connection(h, part);
	struct segments s = { { *end }, part, written_before(c, h, part), c->put, c->ctx };
	int err = segments_put_part(&s);

	c->written_parts[connection % REMEMBERED] = (struct written_part){ connection, s.written,
									   is_larger(h) };
	return err;
}

static int put_held(struct conversations *c, struct held *held)
{
	struct segments_end end = end_of(held);

	release(c, held);
	return put_alone(c, &end, held->part);
}

/* The oldest record that waits with these addresses. */
static struct held *oldest_of(struct conversations *c, const struct handshake_part *h)
{
	struct held *oldest = NULL;

	for (struct held *at = *bucket_of(c, h); at; at = at->next)
		if (same_tuple(h, &at->record.h, true) || same_tuple(h, &at->record.h, false))
			oldest = at;
	return oldest;
}

static struct held *other_end_of(struct conversations *c, const struct handshake_part *h,
				 enum segments_part part)
{
	for (struct held *at = *bucket_of(c, h); at; at = at->next)
		if (at->part == part && are_ends(h, &at->record.h))
			return at;
	return NULL;
}

/* What came before `until` between the same addresses is told first (NULL: all of it). */
static int put_earlier(struct conversations *c, const struct handshake_part *h,
		       const struct held *until)
{
	struct held *oldest;
	int err = 0;

	while (!err && (oldest = oldest_of(c, h)) && oldest != until)
		err = put_held(c, oldest);
	return err;
}

/* Lets go of the oldest record if it no longer waits, or has waited since `until`. */
static bool pop(struct conversations *c, uint64_t until_ns, int *err)
{
	struct held *held = &c->ring[c->first % CONVERSATIONS_WAITING];

	if (c->first == c->n || (held->waits && held->since_ns > until_ns))
		return false;
	c->first++;
	if (held->waits)
		*err = put_held(c, held);
	return !*err;
}

static int hold(struct conversations *c, const struct segments_end *end, enum segments_part part,
		uint64_t now_ns)
{
	struct held *held, **bucket = bucket_of(c, &end->record->h);
	int err = 0;

	if (c->n - c->first == CONVERSATIONS_WAITING)
		pop(c, UINT64_MAX, &err);
	held = &c->ring[c->n++ % CONVERSATIONS_WAITING];
	*held = (struct held){
		.record = *end->record,
		.open_ns = end->now_ns,
		.clock_offset_ns = end->clock_offset_ns,
		.since_ns = now_ns,
		.next = *bucket,
		.part = part,
		.waits = true,
	};
	*bucket = held;
	return err;
}

/* Is there another end that may be told?  A handshake that failed has none. */
static bool has_other_end(const struct handshake_part *h, enum segments_part part)
{
	bool itself = same_tuple(h, h, true);

	return !itself && (part == SEGMENTS_CLOSE || h->options & OPTION_KNOWN);
}

int conversations_add(struct conversations *c, const struct segments_end *end,
		      enum segments_part part, uint64_t now_ns)
{
	const struct handshake_part *h = &end->record->h;
	struct held *other = other_end_of(c, h, part);
	struct segments_end first;
	int err;

	if (!other && has_other_end(h, part) && !written_before(c, h, part))
		return hold(c, end, part, now_ns);
	err = put_earlier(c, h, other);
	if (err)
		return err;
	if (!other)
		return put_alone(c, end, part);
	first = end_of(other);
	release(c, other);
	return put_pair(c, &first, end, part);
}

int conversations_expire(struct conversations *c, uint64_t now_ns)
{
	uint64_t until_ns = now_ns > CONVERSATIONS_WAIT_NS ? now_ns - CONVERSATIONS_WAIT_NS : 0;
	int err = 0;

	while (pop(c, until_ns, &err))
		;
	return err;
}

int conversations_flush(struct conversations *c)
{
	int err = 0;

	while (pop(c, UINT64_MAX, &err))
		;
	return err;
}

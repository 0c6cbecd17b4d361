// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "conversations.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS (2 * CONVERSATIONS_WAITING)
#define REMEMBERED 65536

/* A record that waits for the one of the other end. */
struct waiting {
	struct record record;
	uint64_t open_ns; /* now_ns of struct segments_end */
	int64_t clock_offset_ns;
	uint64_t added_ns;
	struct waiting *next; /* the next older one in its bucket */
	uint8_t part;
	bool is_waiting; /* false: it is written, and its place in the ring is skipped */
};

/* What was written from one end's record alone, in case the other end's comes late. */
struct written_part {
	uint64_t connection; /* a hash that both ends share */
	uint16_t written;    /* struct segments, as this end sees it */
	bool by_larger;	     /* which end that was: is_larger() */
};

struct conversations {
	packet_fn put;
	void *ctx;
	/* records removed from the ring, and added to it, so far */
	uint64_t n_gone, n_added;
	struct waiting *buckets[BUCKETS];
	struct waiting ring[CONVERSATIONS_WAITING];
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

/* The same for both ends. */
static uint64_t hash_tuple(const struct handshake_part *h)
{
	return hash_endpoint(h->local, h->local_port) + hash_endpoint(h->remote, h->remote_port);
}

static uint64_t hash_connection(const struct handshake_part *h, enum segments_part part)
{
	return mix(hash_tuple(h) + mix(0, h->iss) + mix(0, h->irs), part) | 1;
}

/* Is the local endpoint the larger of the two?  That distinguishes the two ends. */
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

/*
 * The initial sequence numbers distinguish connections of the same addresses; those of a
 * connection that is older than the trace are 0.
 */
static bool are_ends(const struct handshake_part *a, const struct handshake_part *b)
{
	return same_tuple(a, b, true) && a->iss == b->irs && a->irs == b->iss;
}

static struct waiting **bucket_of(struct conversations *c, const struct handshake_part *h)
{
	return &c->buckets[hash_tuple(h) % BUCKETS];
}

/* Takes a record out of its bucket.  The ring skips its place later. */
static void leave_bucket(struct conversations *c, struct waiting *w)
{
	struct waiting **at = bucket_of(c, &w->record.h);

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	w->is_waiting = false;
}

static struct segments_end to_end(const struct waiting *w)
{
	return (struct segments_end){ &w->record, w->open_ns, w->clock_offset_ns };
}

/* What is in the file already, written from the other end's record alone; as this end sees it. */
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

static int put_waiting(struct conversations *c, struct waiting *w)
{
	struct segments_end end = to_end(w);

	leave_bucket(c, w);
	return put_alone(c, &end, w->part);
}

/* The oldest record that waits between these addresses. */
static struct waiting *oldest_of(struct conversations *c, const struct handshake_part *h)
{
	struct waiting *oldest = NULL;

	for (struct waiting *at = *bucket_of(c, h); at; at = at->next)
		if (same_tuple(h, &at->record.h, true) || same_tuple(h, &at->record.h, false))
			oldest = at;
	return oldest;
}

static struct waiting *other_end_of(struct conversations *c, const struct handshake_part *h,
				    enum segments_part part)
{
	for (struct waiting *at = *bucket_of(c, h); at; at = at->next)
		if (at->part == part && are_ends(h, &at->record.h))
			return at;
	return NULL;
}

/* Writes what waits between the same addresses and is older than `until` (NULL: all of it). */
static int put_earlier(struct conversations *c, const struct handshake_part *h,
		       const struct waiting *until)
{
	struct waiting *oldest;
	int err = 0;

	while (!err && (oldest = oldest_of(c, h)) && oldest != until)
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
	struct waiting *w, **bucket = bucket_of(c, &end->record->h);
	int err = 0;

	if (c->n_added - c->n_gone == CONVERSATIONS_WAITING)
		put_oldest(c, UINT64_MAX, &err);
	w = &c->ring[c->n_added++ % CONVERSATIONS_WAITING];
	*w = (struct waiting){
		.record = *end->record,
		.open_ns = end->now_ns,
		.clock_offset_ns = end->clock_offset_ns,
		.added_ns = now_ns,
		.next = *bucket,
		.part = part,
		.is_waiting = true,
	};
	*bucket = w;
	return err;
}

/* May the other end's record still come?  A handshake that failed has none. */
static bool has_other_end(const struct handshake_part *h, enum segments_part part)
{
	bool itself = same_tuple(h, h, true);

	return !itself && (part == SEGMENTS_CLOSE || h->options & OPTION_KNOWN);
}

int conversations_add(struct conversations *c, const struct segments_end *end,
		      enum segments_part part, uint64_t now_ns)
{
	const struct handshake_part *h = &end->record->h;
	struct waiting *other = other_end_of(c, h, part);
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
	leave_bucket(c, other);
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

int conversations_flush(struct conversations *c)
{
	int err = 0;

	while (put_oldest(c, UINT64_MAX, &err))
		;
	return err;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "pairing.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "identity.h"
#include "shared/verdict.h"

#define BUCKETS (1U << 16)

enum table { BY_CONN, BY_ADDRESSES, BY_NUMBERS, TABLES };

struct waiting {
	struct end end;
	uint64_t since_ns;
	/* nothing more comes of it */
	bool over;
	/* a SYN that was dropped, and maybe more of the same connection */
	bool dropped;
	/* its patience is over: it is reported alone, and waits for its own close only */
	bool given_up;
	bool is_settled;
	/* several ends have its numbers */
	bool ambiguous;
	struct waiting *other;
	TAILQ_ENTRY(waiting) queue;
	LIST_ENTRY(waiting) chains[TABLES];
};
TAILQ_HEAD(queue, waiting);
LIST_HEAD(bucket, waiting);

struct pairing {
	struct pairing_sink sink;
	uint64_t patience_ns;
	size_t n;
	/*
	 * In the order in which they came: those that wait for an end that may not exist, and those that have met it
	 * or have given up, and wait for a close.
	 */
	struct queue seeking, settled;
	struct bucket buckets[TABLES][BUCKETS];
};

struct pairing *pairing_create(const struct pairing_sink *sink, uint64_t patience_ns)
{
	struct pairing *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->sink = *sink;
	p->patience_ns = patience_ns;
	TAILQ_INIT(&p->seeking);
	TAILQ_INIT(&p->settled);
	return p;
}

static struct bucket *bucket_of(struct pairing *p, const struct handshake_part *h, enum table table)
{
	uint64_t hash = table == BY_CONN	? identity_mix(h->conn)
			: table == BY_ADDRESSES ? identity_of_addresses(h)
						: identity_of_numbers(h);

	return &p->buckets[table][hash >> 32 & (BUCKETS - 1)];
}

static struct waiting *find_conn(struct pairing *p, const struct end *end)
{
	const struct handshake_part *h = &end->record.h;
	struct waiting *w;

	LIST_FOREACH(w, bucket_of(p, h, BY_CONN), chains[BY_CONN])
	if (w->end.record.h.conn == h->conn && w->end.host == end->host)
		return w;
	return NULL;
}

static struct waiting *find_addresses(struct pairing *p, const struct waiting *of)
{
	struct waiting *w;

	LIST_FOREACH(w, bucket_of(p, &of->end.record.h, BY_ADDRESSES), chains[BY_ADDRESSES])
	if (!w->other && identity_same_addresses(&w->end.record.h, &of->end.record.h))
		return w;
	return NULL;
}

static bool fits(const struct waiting *w, const struct waiting *of)
{
	return !w->other && w != of && identity_same_numbers(&w->end.record.h, &of->end.record.h);
}

/* Those that fit by their numbers: how many, and one of them. */
static size_t count_fitting(struct pairing *p, const struct waiting *of, struct waiting **found)
{
	struct waiting *w;
	size_t n = 0;

	LIST_FOREACH(w, bucket_of(p, &of->end.record.h, BY_NUMBERS), chains[BY_NUMBERS])
	if (fits(w, of)) {
		*found = w;
		n++;
	}
	return n;
}

/* Each has to be the only one that fits the other; where there are more, none of them gets one, also later. */
static struct waiting *find_numbers(struct pairing *p, struct waiting *of)
{
	struct waiting *found, *back, *w;

	if (!identity_has_both_isns(&of->end.record.h) || !count_fitting(p, of, &found))
		return NULL;
	if (count_fitting(p, of, &found) == 1 && count_fitting(p, found, &back) == 1)
		return of->ambiguous || found->ambiguous ? NULL : found;
	LIST_FOREACH(w, bucket_of(p, &of->end.record.h, BY_NUMBERS), chains[BY_NUMBERS])
	w->ambiguous |= fits(w, of) || fits(w, found);
	return NULL;
}

static struct queue *queue_of(struct pairing *p, const struct waiting *w)
{
	return w->is_settled ? &p->settled : &p->seeking;
}

/* SYNs that were dropped are not yet the end that a connection waits for. */
static void settle(struct pairing *p, struct waiting *w, uint64_t now_ns)
{
	bool met = w->other && !(w->over && w->other->dropped);
	bool settled = met || w->given_up;

	if (settled == w->is_settled)
		return;
	TAILQ_REMOVE(queue_of(p, w), w, queue);
	w->is_settled = settled;
	w->since_ns = now_ns;
	TAILQ_INSERT_TAIL(queue_of(p, w), w, queue);
}

static void remove_waiting(struct pairing *p, struct waiting *w)
{
	TAILQ_REMOVE(queue_of(p, w), w, queue);
	for (unsigned int i = 0; i < TABLES; i++)
		LIST_REMOVE(w, chains[i]);
	if (w->other)
		w->other->other = NULL;
	p->n--;
	free(w);
}

static void join(struct pairing *p, struct waiting *w, enum matched matched)
{
	struct waiting *other = w->other;
	bool first = w->end.record.h.role == ROLE_CLIENT;

	p->sink.both(p->sink.ctx, first ? &w->end : &other->end, first ? &other->end : &w->end,
		     matched);
	remove_waiting(p, other);
	remove_waiting(p, w);
}

/* It waits no longer. */
static void give_up(struct pairing *p, struct waiting *w)
{
	struct waiting *other;

	if (w->other) {
		join(p, w, MATCHED_ADDRESSES);
		return;
	}
	other = find_numbers(p, w);
	if (other) {
		w->other = other;
		other->other = w;
		join(p, w, MATCHED_NUMBERS);
		return;
	}
	if (!w->dropped)
		p->sink.alone(p->sink.ctx, &w->end);
	if (w->over || w->dropped) {
		remove_waiting(p, w);
		return;
	}
	/* of its handshake this was all */
	w->given_up = w->end.handshake_reported = true;
	settle(p, w, w->since_ns);
}

/* SYNs for which there was no room are of the connection that comes of a later one. */
static bool is_dropped_syn(const struct handshake_part *h)
{
	return h->flags & HANDSHAKE_NO_SOCKET && verdict_attempt(h) == OUTCOME_DROPPED;
}

static void count_drop(struct end *end, uint64_t t_ns)
{
	if (end->n_drops < END_DROPS)
		end->drop_ns[end->n_drops] = t_ns;
	if (end->n_drops < UINT8_MAX)
		end->n_drops++;
}

/* Both are ends of one connection at the same host: SYNs that were dropped, and maybe what came of the last one. */
static struct waiting *find_drops(struct pairing *p, const struct end *end)
{
	const struct handshake_part *h = &end->record.h, *is;
	struct waiting *w;

	LIST_FOREACH(w, bucket_of(p, h, BY_ADDRESSES), chains[BY_ADDRESSES])
	{
		is = &w->end.record.h;
		if (w->dropped && is->role == h->role && is->irs == h->irs &&
		    w->end.host == end->host && is->local_port == h->local_port &&
		    is->remote_port == h->remote_port && !memcmp(is->local, h->local, 16) &&
		    !memcmp(is->remote, h->remote, 16))
			return w;
	}
	return NULL;
}

/* What replaces an end keeps what was counted of it. */
static void replace(struct pairing *p, struct waiting *w, const struct end *end)
{
	const struct end before = w->end;

	for (unsigned int i = 0; i < TABLES; i++)
		LIST_REMOVE(w, chains[i]);
	w->end = *end;
	w->end.handshake_reported = before.handshake_reported;
	w->end.n_drops = before.n_drops;
	memcpy(w->end.drop_ns, before.drop_ns, sizeof(before.drop_ns));
	for (unsigned int i = 0; i < TABLES; i++)
		LIST_INSERT_HEAD(bucket_of(p, &end->record.h, i), w, chains[i]);
}

static struct waiting *insert(struct pairing *p, const struct end *end, uint64_t now_ns)
{
	struct waiting *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	if (p->n >= PAIRING_MAX)
		give_up(p, TAILQ_FIRST(&p->seeking) ?: TAILQ_FIRST(&p->settled));
	w->end = *end;
	w->since_ns = now_ns;
	for (unsigned int i = 0; i < TABLES; i++)
		LIST_INSERT_HEAD(bucket_of(p, &end->record.h, i), w, chains[i]);
	TAILQ_INSERT_TAIL(&p->seeking, w, queue);
	p->n++;
	w->other = find_addresses(p, w);
	if (w->other)
		w->other->other = w;
	return w;
}

/* A handshake that came to be has a close; a report of what is open is the last of it. */
static bool is_over(const struct end *end)
{
	return end->has_close || end->now_ns || !(end->record.h.flags & HANDSHAKE_ESTABLISHED);
}

static void take(struct pairing *p, struct waiting *w, uint64_t now_ns)
{
	w->over = is_over(&w->end) && !w->dropped;
	if (w->over && w->other && w->other->over) {
		join(p, w, MATCHED_ADDRESSES);
	} else if (w->over && w->given_up && !w->other) {
		give_up(p, w);
	} else {
		settle(p, w, now_ns);
		if (w->other)
			settle(p, w->other, now_ns);
	}
}

bool pairing_add(struct pairing *p, const struct end *end, uint64_t now_ns)
{
	struct waiting *w;
	bool dropped;

	if (!identity_has_isn(&end->record.h))
		return false;
	dropped = is_dropped_syn(&end->record.h);
	w = find_conn(p, end);
	if (!w && end->record.h.role == ROLE_SERVER)
		w = find_drops(p, end);
	if (w && !dropped)
		replace(p, w, end);
	else if (!w)
		w = insert(p, end, now_ns);
	if (!w)
		return false;
	if (dropped)
		count_drop(&w->end, end->record.h.t0_ns);
	w->dropped = dropped;
	take(p, w, now_ns);
	return !dropped;
}

void pairing_expire(struct pairing *p, uint64_t now_ns)
{
	struct waiting *w;

	if (p->patience_ns == UINT64_MAX)
		return;
	while ((w = TAILQ_FIRST(&p->seeking)) && now_ns >= w->since_ns &&
	       now_ns - w->since_ns >= p->patience_ns)
		give_up(p, w);
}

static void flush(struct pairing *p, struct queue *queue)
{
	struct waiting *w;

	while ((w = TAILQ_FIRST(queue))) {
		w->over = true;
		/* its handshake was reported, and of its close nothing is known */
		if (w->given_up && !w->other && !w->end.has_close)
			remove_waiting(p, w);
		else
			give_up(p, w);
	}
}

void pairing_flush(struct pairing *p)
{
	flush(p, &p->seeking);
	flush(p, &p->settled);
}

static void free_queue(struct queue *queue)
{
	struct waiting *next;

	for (struct waiting *w = TAILQ_FIRST(queue); w; w = next) {
		next = TAILQ_NEXT(w, queue);
		free(w);
	}
}

void pairing_destroy(struct pairing *p)
{
	if (!p)
		return;
	free_queue(&p->seeking);
	free_queue(&p->settled);
	free(p);
}

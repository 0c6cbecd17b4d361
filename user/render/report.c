// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define CHAINS_BITS 13
#define CHAINS (1 << CHAINS_BITS)

enum list_number {
	LIST_CONNECT,
	LIST_CLOSE,
	LIST_OPEN,
	LIST_OUTCOME,
	LIST_ENDING = LIST_OUTCOME + OUTCOMES,
	LISTS = LIST_ENDING + ENDINGS,
};

/*
 * A connection is in up to three lists: slow to open, slow to close, and open or one kind of
 * failure.
 */
enum { PLACE_CONNECT, PLACE_CLOSE, PLACE_FAILURE, PLACES };

/* Where a connection is in a list, or would be. */
struct place {
	struct kept *kept;
	struct list *list; /* NULL: in none */
	uint64_t key;	   /* the smallest makes room first */
	size_t at;	   /* index in the list's heap */
};

/* A binary heap with the smallest key on top. */
struct list {
	size_t n, max;
	struct place *heap[REPORT_SLOWEST];
};

struct kept {
	uint64_t conn;
	uint64_t serial; /* in the order of report_keep() */
	char *text;
	size_t bytes;
	struct kept *next; /* in its hash chain */
	struct place places[PLACES];
};

struct report {
	size_t n, bytes;
	uint64_t n_left_out;
	bool no_memory;	 /* for one of them */
	uint64_t factor; /* of the hash: random and odd, so that no recording's numbers collide */
	uint64_t n_kept_ever;
	struct kept *chains[CHAINS];
	struct list lists[LISTS];
};

_Static_assert(REPORT_OF_A_KIND <= REPORT_SLOWEST, "each heap has room for its list");

struct report *report_create(void)
{
	struct report *r = calloc(1, sizeof(*r));

	if (r && getrandom(&r->factor, sizeof(r->factor), GRND_NONBLOCK) < 0)
		r->factor = 0x9e3779b97f4a7c15ULL;
	if (r)
		r->factor |= 1;
	for (size_t i = 0; r && i < LISTS; i++)
		r->lists[i].max = i == LIST_CONNECT || i == LIST_CLOSE ? REPORT_SLOWEST
								       : REPORT_OF_A_KIND;
	return r;
}

static void kept_free(struct kept *k)
{
	free(k->text);
	free(k);
}

void report_destroy(struct report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < CHAINS; i++) {
		while (r->chains[i]) {
			struct kept *k = r->chains[i];

			r->chains[i] = k->next;
			kept_free(k);
		}
	}
	free(r);
}

/* The pointer to this connection in its chain, or to NULL at the end of the chain. */
static struct kept **find(struct report *r, uint64_t conn)
{
	struct kept **k = &r->chains[conn * r->factor >> (64 - CHAINS_BITS)];

	while (*k && (*k)->conn != conn)
		k = &(*k)->next;
	return k;
}

static void heap_set(struct list *l, size_t at, struct place *p)
{
	l->heap[at] = p;
	p->at = at;
}

/* Puts a place at `at`, or higher up if its key is smaller than those there. */
static void heap_up(struct list *l, size_t at, struct place *p)
{
	while (at && l->heap[(at - 1) / 2]->key > p->key) {
		heap_set(l, at, l->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_set(l, at, p);
}

/* Puts a place at `at`, or lower down if its key is larger than those there. */
static void heap_down(struct list *l, size_t at, struct place *p)
{
	for (size_t child; (child = 2 * at + 1) < l->n; at = child) {
		if (child + 1 < l->n && l->heap[child + 1]->key < l->heap[child]->key)
			child++;
		if (l->heap[child]->key >= p->key)
			break;
		heap_set(l, at, l->heap[child]);
	}
	heap_set(l, at, p);
}

static void heap_remove(struct place *p)
{
	struct list *l = p->list;
	struct place *last;

	if (!l)
		return;
	p->list = NULL;
	last = l->heap[--l->n];
	if (last == p)
		return;
	if (last->key < p->key)
		heap_up(l, p->at, last);
	else
		heap_down(l, p->at, last);
}

static bool is_in_a_list(const struct kept *k)
{
	for (size_t i = 0; i < PLACES; i++)
		if (k->places[i].list)
			return true;
	return false;
}

static void drop(struct report *r, struct kept **link)
{
	struct kept *k = *link;

	if (!k)
		return;
	*link = k->next;
	r->n--;
	r->bytes -= k->bytes;
	for (size_t i = 0; i < PLACES; i++)
		heap_remove(&k->places[i]);
	kept_free(k);
}

static bool has_room(const struct place *p)
{
	const struct list *l = p->list;

	return l && (l->n < l->max || p->key > l->heap[0]->key);
}

/* Inserts into a list that has room for it; a full one drops its smallest key. */
static void insert(struct report *r, struct place *p)
{
	struct list *l = p->list;

	if (l->n == l->max) {
		struct kept *least = l->heap[0]->kept;

		heap_remove(l->heap[0]);
		if (!is_in_a_list(least))
			drop(r, find(r, least->conn));
	}
	heap_up(l, l->n++, p);
}

static uint64_t latency_key(struct maybe ns)
{
	return ns.known && ns.value > 0 ? (uint64_t)ns.value : 0;
}

/* By age: those from before the trace, whose age is not known, first. */
static uint64_t open_key(const struct chapter *ch)
{
	return ch->state_ns.known ? latency_key(ch->state_ns) : UINT64_MAX;
}

/* The list of open ones or of a kind of failure that it belongs to; LISTS: none. */
static unsigned int failure_list(const struct chapter *handshake, const struct chapter *close)
{
	if (close ? close->open : handshake->open)
		return LIST_OPEN;
	if (close && close->close.ending != ENDING_GRACEFUL)
		return LIST_ENDING + close->close.ending % ENDINGS;
	if (!close && handshake->handshake.outcome != OUTCOME_ESTABLISHED)
		return LIST_OUTCOME + handshake->handshake.outcome % OUTCOMES;
	return LISTS;
}

/* Fills in the places that it would have. */
static void set_places(struct report *r, struct place places[PLACES],
		       const struct chapter *handshake, const struct chapter *close)
{
	unsigned int list = failure_list(handshake, close);

	for (size_t i = 0; i < PLACES; i++)
		places[i] = (struct place){ 0 };
	if (handshake && !handshake->open && handshake->handshake.outcome == OUTCOME_ESTABLISHED)
		places[PLACE_CONNECT] = (struct place){
			.list = &r->lists[LIST_CONNECT],
			.key = latency_key(handshake->handshake.handshake_ns),
		};
	if (close && !close->open)
		places[PLACE_CLOSE] = (struct place){
			.list = &r->lists[LIST_CLOSE],
			.key = latency_key(close->close.close_ns),
		};
	if (list < LISTS)
		places[PLACE_FAILURE] = (struct place){
			.list = &r->lists[list],
			/* larger than all before */
			.key = list == LIST_OPEN ? open_key(close ?: handshake)
						 : r->n_kept_ever + 1,
		};
}

static uint64_t conn_of(const struct chapter *handshake, const struct chapter *close)
{
	return close ? close->conn : handshake->conn;
}

bool report_wants(struct report *r, const struct chapter *handshake, const struct chapter *close)
{
	struct kept **link = find(r, conn_of(handshake, close));
	struct place places[PLACES];

	if (*link)
		drop(r, link);
	set_places(r, places, handshake, close);
	for (size_t i = 0; i < PLACES; i++)
		if (has_room(&places[i]))
			return true;
	return false;
}

void report_keep(struct report *r, const struct chapter *handshake, const struct chapter *close,
		 char *text)
{
	uint64_t conn = conn_of(handshake, close);
	struct kept *k = text ? calloc(1, sizeof(*k)) : NULL;
	size_t bytes = k ? sizeof(*k) + strlen(text) : 0;
	struct kept **link = find(r, conn);

	if (!k || r->bytes + bytes > REPORT_BYTES) {
		r->no_memory |= !k;
		r->n_left_out++;
		free(text);
		free(k);
		return;
	}
	*k = (struct kept){ .conn = conn, .text = text, .bytes = bytes, .next = *link };
	set_places(r, k->places, handshake, close);
	k->serial = ++r->n_kept_ever;
	*link = k;
	r->n++;
	r->bytes += bytes;
	for (size_t i = 0; i < PLACES; i++) {
		struct place *p = &k->places[i];

		p->kept = k;
		if (has_room(p))
			insert(r, p);
		else
			p->list = NULL;
	}
}

bool report_add(struct report *r, uint64_t conn, const char *text)
{
	struct kept *k = *find(r, conn);
	size_t before = k ? strlen(k->text) : 0, more = strlen(text);
	char *joined;

	if (!k || r->bytes + more > REPORT_BYTES)
		return false;
	joined = realloc(k->text, before + more + 1);
	if (!joined)
		return false;
	memcpy(joined + before, text, more + 1);
	k->text = joined;
	k->bytes += more;
	r->bytes += more;
	return true;
}

size_t report_kept(const struct report *r)
{
	return r->n;
}

uint64_t report_left_out(const struct report *r, bool *no_memory)
{
	*no_memory = r->no_memory;
	return r->n_left_out;
}

static int compare_kept(const void *a, const void *b)
{
	const struct kept *x = *(struct kept *const *)a, *y = *(struct kept *const *)b;

	return (x->serial > y->serial) - (x->serial < y->serial);
}

int report_each(const struct report *r, void (*each)(void *ctx, const char *text), void *ctx)
{
	const struct kept **all = calloc(r->n + 1, sizeof(const struct kept *));
	size_t n = 0;

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < CHAINS; i++)
		for (const struct kept *k = r->chains[i]; k; k = k->next)
			all[n++] = k;
	qsort(all, n, sizeof(*all), compare_kept);
	for (size_t i = 0; i < n; i++)
		each(ctx, all[i]->text);
	free(all);
	return 0;
}

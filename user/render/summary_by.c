// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "summary_by.h"

#include <stdlib.h>
#include <string.h>

/* An open hash table: a power of two, at most half full. */
#define SLOTS (2 * SUMMARY_BY_ROWS)
/* summary_by_make_room() begins to */
#define MANY_ROWS (SUMMARY_BY_ROWS * 3 / 4)

struct summary_by {
	const struct by *by;
	bool by_cause;
	struct summary_paths paths;
	size_t n_rows;
	struct by_row *slots[SLOTS];
	struct by_row others; /* what found no row of its own */
	uint64_t overflowed;
	uint64_t last_number, now; /* of the newest row, of the last change */
};

struct summary_by *summary_by_create(const struct by *by)
{
	struct summary_by *b = calloc(1, sizeof(*b));

	if (b) {
		b->by = by;
		b->by_cause = by_has(by, BY_CAUSE);
	}
	return b;
}

static void free_latencies(struct by_row *row)
{
	for (size_t i = 0; i < BY_LATENCIES; i++)
		histogram_free(&row->latency[i]);
}

static void free_row(struct by_row *row)
{
	if (!row)
		return;
	free_latencies(row);
	free(row->key);
	free(row);
}

void summary_by_reset(struct summary_by *b)
{
	for (size_t i = 0; i < SLOTS; i++)
		free_row(b->slots[i]);
	memset(b->slots, 0, sizeof(b->slots));
	free_latencies(&b->others);
	b->others = (struct by_row){ 0 };
	b->n_rows = 0;
	b->overflowed = 0;
}

void summary_by_destroy(struct summary_by *b)
{
	if (!b)
		return;
	summary_by_reset(b);
	free(b);
}

void summary_by_set_paths(struct summary_by *b, const struct summary_paths *paths)
{
	b->paths = *paths;
}

/* FNV-1a, 32 bits. */
static uint32_t hash_of(const char *key, size_t len)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)key[i]) * 16777619U;
	return h;
}

static struct by_row *create_row(const char *key, size_t len, uint32_t hash)
{
	struct by_row *row = calloc(1, sizeof(*row));

	if (row)
		row->key = malloc(len);
	if (!row || !row->key) {
		free(row);
		return NULL;
	}
	memcpy(row->key, key, len);
	row->key_len = len;
	row->hash = hash;
	return row;
}

/* NULL: there is no room for another row. */
static struct by_row *find_row(struct summary_by *b, const struct chapter *ch)
{
	char key[SUMMARY_KEY_MAX];
	size_t len = summary_key(key, b->by, ch, &b->paths);
	uint32_t hash = hash_of(key, len), at = hash;
	struct by_row *row;

	while ((row = b->slots[at % SLOTS])) {
		if (row->hash == hash && row->key_len == len && !memcmp(row->key, key, len))
			return row;
		at++;
	}
	row = b->n_rows < SUMMARY_BY_ROWS ? create_row(key, len, hash) : NULL;
	if (row) {
		row->number = ++b->last_number;
		b->slots[at % SLOTS] = row;
		b->n_rows++;
	}
	return row;
}

static struct by_row *row_of(struct summary_by *b, const struct chapter *ch, uint64_t n)
{
	struct by_row *row = find_row(b, ch);
	const char *comm = summary_person(ch)->comm;

	if (!row) {
		b->overflowed += n;
		return &b->others;
	}
	row->changed = ++b->now;
	if (*comm)
		memcpy(row->comm, comm, sizeof(row->comm));
	return row;
}

static void count_open(struct by_row *row, const struct chapter *ch)
{
	bool unaccepted = ch->accepted == TRISTATE_NO;
	struct by_open *open = &row->open[unaccepted		  ? BY_STATE_UNACCEPTED
					  : ch->state < BY_STATES ? ch->state
								  : 0];
	/* the peer of one that waits for accept() may have closed meanwhile */
	struct maybe age = unaccepted && ch->close.queued_ns.known ? ch->close.queued_ns
								   : ch->state_ns;
	uint64_t age_ns = age.known ? (uint64_t)age.value : 0;

	row->counts.open++;
	if (ch->cause < CAUSES)
		row->counts.open_causes[ch->cause]++;
	open->n++;
	open->older += !age.known && ch->missing == MISSING_BEFORE_TRACE;
	open->sum_ns += age_ns;
	if (age_ns > open->oldest_ns)
		open->oldest_ns = age_ns;
}

static void count_handshake(struct by_counts *c, const struct chapter *ch, uint64_t n)
{
	enum outcome outcome = ch->handshake.outcome;

	c->handshakes += n;
	if ((unsigned int)outcome >= OUTCOMES)
		return;
	c->outcomes[outcome] += n;
	if (outcome != OUTCOME_ESTABLISHED && outcome != OUTCOME_UNKNOWN)
		c->failed += n;
}

static void count_close(struct by_counts *c, const struct chapter *ch, uint64_t n)
{
	c->closes += n;
	if ((unsigned int)ch->close.ending < ENDINGS)
		c->endings[ch->close.ending] += n;
	if ((unsigned int)ch->close.first_closer < CLOSERS)
		c->closers[ch->close.first_closer] += n;
}

/* Counts n chapters, but not their latencies. */
static struct by_row *count(struct summary_by *b, const struct chapter *ch, bool connection,
			    uint64_t n)
{
	struct by_row *row = row_of(b, ch, n);
	struct by_counts *c = &row->counts;

	/* a connection may have one cause of its handshake and another of its close */
	if (connection || (b->by_cause && !ch->open)) {
		c->connections += n;
		c->open_connections += ch->open ? n : 0;
	}
	if (ch->open) {
		count_open(row, ch);
		return row;
	}
	if (ch->type == CHAPTER_CLOSE)
		count_close(c, ch, n);
	else
		count_handshake(c, ch, n);
	if (ch->cause < CAUSES)
		c->causes[ch->cause] += n;
	return row;
}

static void add_latency(struct by_row *row, enum by_latency latency, struct maybe ns)
{
	if (ns.known && ns.value > 0)
		histogram_add(&row->latency[latency], (uint64_t)ns.value);
}

/* As in the table of -s: how long a failure took is no latency, nor is a close by one RST. */
void summary_by_add(struct summary_by *b, const struct chapter *ch, bool connection)
{
	struct by_row *row = count(b, ch, connection, 1);

	if (ch->open)
		return;
	if (ch->type == CHAPTER_HANDSHAKE) {
		if (ch->handshake.outcome == OUTCOME_ESTABLISHED)
			add_latency(row, BY_CONNECT, ch->handshake.handshake_ns);
		add_latency(row, BY_ACCEPT, ch->handshake.accept_ns);
		return;
	}
	add_latency(row, BY_CLOSE, ch->close.close_ns);
	add_latency(row, BY_ACCEPT, ch->close.accept_ns);
	add_latency(row, BY_CLOSE_WAIT, ch->close.app_close_ns);
}

void summary_by_add_tally(struct summary_by *b, const struct chapter *ch, bool connection,
			  unsigned int bucket, uint64_t n, uint64_t max_ns)
{
	struct by_row *row = count(b, ch, connection, n);

	if (ch->type == CHAPTER_CLOSE)
		histogram_add_bucket(&row->latency[BY_CLOSE], bucket, n, max_ns);
	else if (ch->handshake.outcome == OUTCOME_ESTABLISHED)
		histogram_add_bucket(&row->latency[BY_CONNECT], bucket, n, max_ns);
}

void summary_by_add_open(struct summary_by *b, const struct chapter *ch)
{
	count_open(row_of(b, ch, 1), ch);
}

/* But not that of earlier traces. */
static void forget_open(struct by_row *row)
{
	const struct by_all_open *before = &row->before;

	row->counts.connections -= row->counts.open_connections;
	row->counts.open_connections = 0;
	row->counts.open = before->n;
	memcpy(row->counts.open_causes, before->causes, sizeof(before->causes));
	memcpy(row->open, before->in, sizeof(before->in));
}

static void keep_open(struct by_row *row)
{
	struct by_all_open *before = &row->before;

	row->counts.open_connections = 0;
	before->n = row->counts.open;
	memcpy(before->causes, row->counts.open_causes, sizeof(before->causes));
	memcpy(before->in, row->open, sizeof(before->in));
}

void summary_by_next_trace(struct summary_by *b)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (b->slots[i])
			keep_open(b->slots[i]);
	keep_open(&b->others);
}

void summary_by_open_begin(struct summary_by *b)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (b->slots[i])
			forget_open(b->slots[i]);
	forget_open(&b->others);
}

const struct by *summary_by_keys(const struct summary_by *b)
{
	return b->by;
}

static bool is_empty(const struct by_row *row)
{
	const struct by_counts *c = &row->counts;

	return !(c->connections | c->handshakes | c->closes | c->open);
}

size_t summary_by_rows(const struct summary_by *b, const struct by_row *rows[SUMMARY_BY_ROWS])
{
	size_t n = 0;

	for (size_t i = 0; i < SLOTS; i++)
		if (b->slots[i] && !is_empty(b->slots[i]))
			rows[n++] = b->slots[i];
	return n;
}

const struct by_row *summary_by_overflow(const struct summary_by *b, uint64_t *n)
{
	*n = b->overflowed;
	return &b->others;
}

/* Those where something is open last, then the latest. */
static int compare_changed(const void *a, const void *b)
{
	const struct by_row *x = *(struct by_row *const *)a, *y = *(struct by_row *const *)b;

	if (!x->counts.open != !y->counts.open)
		return x->counts.open ? 1 : -1;
	return (x->changed > y->changed) - (x->changed < y->changed);
}

static void put_back(struct summary_by *b, struct by_row *row)
{
	uint32_t at = row->hash;

	while (b->slots[at % SLOTS])
		at++;
	b->slots[at % SLOTS] = row;
	b->n_rows++;
}

void summary_by_make_room(struct summary_by *b)
{
	struct by_row **rows;
	size_t n = 0, gone = 0;

	if (b->n_rows < MANY_ROWS || !(rows = calloc(b->n_rows, sizeof(struct by_row *))))
		return;
	for (size_t i = 0; i < SLOTS; i++)
		if (b->slots[i])
			rows[n++] = b->slots[i];
	qsort(rows, n, sizeof(struct by_row *), compare_changed);
	memset(b->slots, 0, sizeof(b->slots));
	b->n_rows = 0;
	for (; gone < n / 2 && !rows[gone]->counts.open; gone++) {
		summary_by_add_row(&b->others, rows[gone]);
		b->overflowed++;
		free_row(rows[gone]);
	}
	for (size_t i = gone; i < n; i++)
		put_back(b, rows[i]);
	free(rows);
}

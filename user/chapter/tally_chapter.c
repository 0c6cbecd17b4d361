// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "tally_chapter.h"

#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

/* An open hash table: a power of two, and more than three times what the kernel's two maps hold. */
#define SLOTS 65536
_Static_assert(3 * (TALLIES + TALLIES_OTHER) < SLOTS, "a slot for every key");

struct tally_counts {
	struct {
		struct tally_key key;
		uint64_t taken; /* 0: a free slot */
	} slots[SLOTS];
};

/* A record with just what the verdict depends on. */
static void make_record(struct record *r, const struct tally_key *key)
{
	memset(r, 0, sizeof(*r));
	r->h.family = 4;
	r->h.role = key->role;
	r->h.flags = key->h_flags;
	r->h.state = key->state;
	if (key->role == ROLE_CLIENT)
		r->h.remote_port = key->port;
	else if (key->role == ROLE_SERVER)
		r->h.local_port = key->port;
	if (!key->close) {
		r->h.err = key->err;
		r->h.err_soft = key->soft ? key->err : 0;
		return;
	}
	r->h.flags |= HANDSHAKE_ESTABLISHED;
	r->c.err = key->err;
	r->c.flags = key->c_flags;
	if (key->last_from)
		diary_close_step(r, 0, key->last_from, BPF_TCP_CLOSE, STEP_STATE);
}

void tally_chapter(struct chapter *ch, const struct tally_key *key)
{
	struct record r;

	make_record(&r, key);
	if (key->close)
		chapter_close(ch, &r, 0);
	else
		chapter_handshake(ch, &r.h, 0);
	ch->alone = key->alone;
}

struct tally_counts *tally_counts_create(void)
{
	return calloc(1, sizeof(struct tally_counts));
}

void tally_counts_destroy(struct tally_counts *c)
{
	free(c);
}

/* FNV-1a, 32 bits. */
static uint32_t hash(const struct tally_key *key)
{
	const unsigned char *p = (const unsigned char *)key;
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < sizeof(*key); i++)
		h = (h ^ p[i]) * 16777619U;
	return h;
}

uint64_t tally_counts_take(struct tally_counts *c, const struct tally_key *key, uint64_t n)
{
	uint32_t at = hash(key) % SLOTS;
	uint64_t grown;

	while (c->slots[at].taken && memcmp(&c->slots[at].key, key, sizeof(*key)))
		at = (at + 1) % SLOTS;
	grown = n > c->slots[at].taken ? n - c->slots[at].taken : 0;
	if (grown) {
		c->slots[at].key = *key;
		c->slots[at].taken = n;
	}
	return grown;
}

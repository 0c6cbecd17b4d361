// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "numbering.h"

#include <stdlib.h>
#include <sys/random.h>

#define SLOTS_MIN 1024

/* The slot of the key, or the empty one where it belongs.  The table is never full. */
static struct numbered *find(const struct numbering *n, const struct numbered_table *t,
			     uint64_t key)
{
	uint64_t at = (key * n->factor) >> 32;

	while (t->slots[at & (t->n_slots - 1)].number && t->slots[at & (t->n_slots - 1)].key != key)
		at++;
	return &t->slots[at & (t->n_slots - 1)];
}

static struct numbered *lookup(const struct numbering *n, const struct numbered_table *t,
			       uint64_t key)
{
	struct numbered *slot = t->n ? find(n, t, key) : NULL;

	return slot && slot->number ? slot : NULL;
}

static void table_free(struct numbered_table *t)
{
	free(t->slots);
	*t = (struct numbered_table){ 0 };
}

/* Twice as many slots. */
static bool grow(const struct numbering *n, struct numbered_table *t)
{
	struct numbered_table more = { .n = t->n,
				       .n_slots = t->n_slots ? 2 * t->n_slots : SLOTS_MIN };

	more.slots = calloc(more.n_slots, sizeof(*more.slots));
	if (!more.slots)
		return false;
	for (size_t i = 0; i < t->n_slots; i++)
		if (t->slots[i].number)
			*find(n, &more, t->slots[i].key) = t->slots[i];
	free(t->slots);
	*t = more;
	return true;
}

/* Moves those that follow, so that each is found from where its hash points. */
static void take_out(const struct numbering *n, struct numbered_table *t, struct numbered *slot)
{
	size_t at = (size_t)(slot - t->slots);
	struct numbered moved;

	t->slots[at].number = 0;
	t->n--;
	for (at = (at + 1) & (t->n_slots - 1); t->slots[at].number;
	     at = (at + 1) & (t->n_slots - 1)) {
		moved = t->slots[at];
		t->slots[at].number = 0;
		*find(n, t, moved.key) = moved;
	}
}

/* At most half of the slots are taken. */
static void remember(struct numbering *n, struct numbered entry)
{
	struct numbered_table *t = &n->young;

	if (t->n >= NUMBERING_MAX) {
		table_free(&n->old);
		n->old = n->young;
		*t = (struct numbered_table){ 0 };
	}
	if (2 * t->n >= t->n_slots && !grow(n, t)) {
		n->no_memory = true;
		return;
	}
	*find(n, t, entry.key) = entry;
	t->n++;
}

/* Random and odd, so that no recording's keys collide. */
static void set_factor(struct numbering *n)
{
	if (getrandom(&n->factor, sizeof(n->factor), GRND_NONBLOCK) < 0)
		n->factor = 0x9e3779b97f4a7c15ULL;
	n->factor |= 1;
}

uint64_t numbering_number(struct numbering *n, uint64_t key, bool over)
{
	struct numbered_table *t = &n->young;
	struct numbered *slot, found;

	if (!n->factor)
		set_factor(n);
	slot = lookup(n, t, key);
	if (!slot) {
		t = &n->old;
		slot = lookup(n, t, key);
	}
	found = slot ? *slot : (struct numbered){ .key = key, .number = ++n->last };
	if (slot && over)
		take_out(n, t, slot);
	else if (!slot && !over)
		remember(n, found);
	return found.number;
}

void numbering_forget(struct numbering *n)
{
	table_free(&n->young);
	table_free(&n->old);
}

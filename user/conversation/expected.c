// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "expected.h"

#include <stdlib.h>
#include <string.h>

#include "identity.h"

/* slots, of 8 bytes */
#define SLOTS (1U << 20)

/* 1 << enum role, which was seen; and that the slot is of several connections, of which nothing is known */
#define BOTH (1U << ROLE_CLIENT | 1U << ROLE_SERVER)
#define SHARED (1U << 7)
#define FLAGS 0xffU

struct expected {
	/* a key without its last 8 bits, which are flags; 0: none */
	uint64_t slots[SLOTS];
};

struct expected *expected_create(void)
{
	return calloc(1, sizeof(struct expected));
}

void expected_destroy(struct expected *e)
{
	free(e);
}

static bool is_of(uint64_t slot, uint64_t key)
{
	return (slot ^ key) <= FLAGS;
}

static void note(struct expected *e, uint64_t key, uint8_t role)
{
	uint64_t *slot = &e->slots[key % SLOTS];

	if (!*slot)
		*slot = key & ~(uint64_t)FLAGS;
	*slot |= 1U << role | (is_of(*slot, key) ? 0 : SHARED);
}

static bool is_both(const struct expected *e, uint64_t key)
{
	uint64_t slot = e->slots[key % SLOTS];

	return slot & SHARED || (is_of(slot, key) && (slot & BOTH) == BOTH);
}

void expected_note(struct expected *e, const struct handshake_part *h)
{
	if (!identity_has_isn(h))
		return;
	note(e, identity_of_addresses(h), h->role);
	if (identity_has_both_isns(h))
		note(e, identity_of_numbers(h), h->role);
}

bool expected_other(const struct expected *e, const struct handshake_part *h)
{
	if (!identity_has_isn(h))
		return false;
	return is_both(e, identity_of_addresses(h)) ||
	       (identity_has_both_isns(h) && is_both(e, identity_of_numbers(h)));
}

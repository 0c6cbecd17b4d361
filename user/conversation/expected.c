// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "expected.h"

#include <stdlib.h>
#include <string.h>

#include "identity.h"

/* keys that are kept apart, 8 MiB */
#define KEYS_MAX (1U << 19)

struct seen {
	uint64_t key;
	/* 1 << enum role */
	uint64_t roles;
};

struct expected {
	/* a key had to give way to another: what is not found may have been there */
	bool full;
	struct seen seen[KEYS_MAX];
};

struct expected *expected_create(void)
{
	return calloc(1, sizeof(struct expected));
}

void expected_destroy(struct expected *e)
{
	free(e);
}

static void note(struct expected *e, uint64_t key, uint8_t role)
{
	struct seen *s = &e->seen[key % KEYS_MAX];

	if (s->key != key) {
		e->full |= s->roles != 0;
		*s = (struct seen){ .key = key };
	}
	s->roles |= 1U << role;
}

static bool is_both(const struct expected *e, uint64_t key)
{
	const struct seen *s = &e->seen[key % KEYS_MAX];

	if (s->key != key)
		return e->full;
	return s->roles == (1U << ROLE_CLIENT | 1U << ROLE_SERVER);
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

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "ends.h"

#include <string.h>

bool ends_is_larger(const struct handshake_part *h)
{
	int by_address = memcmp(h->local, h->remote, 16);

	return by_address ? by_address > 0 : h->local_port > h->remote_port;
}

bool ends_same_tuple(const struct handshake_part *a, const struct handshake_part *b, bool mirrored)
{
	const uint8_t *local = mirrored ? b->remote : b->local;
	const uint8_t *remote = mirrored ? b->local : b->remote;

	return !memcmp(a->local, local, 16) && !memcmp(a->remote, remote, 16) &&
	       a->local_port == (mirrored ? b->remote_port : b->local_port) &&
	       a->remote_port == (mirrored ? b->local_port : b->remote_port);
}

bool ends_has_numbers(const struct handshake_part *h)
{
	return h->iss || h->irs;
}

/* The FIN that one end sent is the one that the other received, where both are known. */
static bool same_fins(const struct close_part *a, const struct close_part *b)
{
	bool from_a = a->flags & CLOSE_LOCAL_FIN && b->flags & CLOSE_REMOTE_FIN;
	bool from_b = a->flags & CLOSE_REMOTE_FIN && b->flags & CLOSE_LOCAL_FIN;

	return (!from_a || a->local_fin_seq == b->remote_fin_seq) &&
	       (!from_b || a->remote_fin_seq == b->local_fin_seq);
}

bool ends_match(const struct record *a, const struct record *b, enum segments_part part)
{
	const struct handshake_part *h = &a->h, *other = &b->h;

	if (!ends_same_tuple(h, other, true))
		return false;
	if (ends_has_numbers(h) && ends_has_numbers(other))
		return h->iss == other->irs && h->irs == other->iss;
	return part == SEGMENTS_CLOSE && !h->interface.index && !other->interface.index &&
	       same_fins(&a->c, &b->c);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "witnesses.h"

#include <string.h>

static bool has(const struct witness *is, uint32_t host, const uint8_t addr[16])
{
	return is->host == host && !memcmp(is->addr, addr, 16);
}

static void add(struct witnesses *w, uint32_t host, const uint8_t addr[16], int64_t t_ns)
{
	struct witness *is = &w->of[w->n];

	if (w->n == WITNESSES_MAX)
		return;
	*is = (struct witness){ .host = host, .first_ns = t_ns, .last_ns = t_ns };
	memcpy(is->addr, addr, 16);
	w->n++;
}

void witnesses_note(struct witnesses *w, uint32_t host, const struct handshake_part *h,
		    int64_t t_ns)
{
	bool known = false;

	for (struct witness *is = w->of; is < w->of + w->n; is++) {
		known |= has(is, host, h->local);
		if (is->host != host)
			continue;
		if (t_ns < is->first_ns)
			is->first_ns = t_ns;
		if (t_ns > is->last_ns)
			is->last_ns = t_ns;
	}
	/* a connection of a host with itself may be one of loopback, whose address all have */
	if (!known && memcmp(h->local, h->remote, 16) != 0)
		add(w, host, h->local, t_ns);
}

const struct witness *witnesses_find(const struct witnesses *w, uint32_t host,
				     const uint8_t addr[16])
{
	for (const struct witness *is = w->of; is < w->of + w->n; is++)
		if (is->host != host && !memcmp(is->addr, addr, 16))
			return is;
	return NULL;
}

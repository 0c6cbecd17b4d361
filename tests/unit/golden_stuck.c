// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A golden case of connections whose peer does not acknowledge what was sent, and of one that was silent. */
#include "golden_cases.h"

struct unacked {
	uint32_t bytes;
	uint32_t ms; /* 0: not known */
	uint8_t retransmits;
	uint8_t flags;
};

static void set_unacked(struct flow *f, const struct unacked *u)
{
	f->r.c.unacked = u->bytes;
	f->r.c.unacked_ms = u->ms;
	f->r.c.unacked_retransmits = u->retransmits;
	f->r.c.unacked_flags = u->flags | UNACKED_KNOWN | (u->ms ? UNACKED_TIME : 0);
}

/*
 * Established: the peer is gone, or its window is closed; what waits before our FIN; half closed, with nothing that
 * waits.  Then one closes after a silence.
 */
void case_stuck(struct poster *p)
{
	static const struct unacked established[] = {
		{ 3100, 12449, 6, 0 },
		{ 1, 60000, 1, UNACKED_ZERO_WINDOW },
		{ 4194304, 0, 0, UNACKED_ZERO_WINDOW },
	};
	static const struct unacked closing = { 65536, 950, 2, UNACKED_ZERO_WINDOW },
				    nothing = { 0 };
	struct flow f;

	post_item(p, ITEM_SNAPSHOT, NULL, 0);
	for (unsigned int i = 0; i < 3; i++) {
		flow_open(&f, i ? ROLE_CLIENT : ROLE_SERVER);
		golden_number(&f, i + 1);
		f.r.h.flags |= HANDSHAKE_POSTED;
		flow_data(&f, 100, 200);
		flow_wait(&f, 100 * S);
		set_unacked(&f, &established[i]);
		post_open(p, &f);
	}
	flow_open(&f, ROLE_CLIENT);
	golden_number(&f, 4);
	f.r.h.flags |= HANDSHAKE_POSTED;
	f.now_ns = BEGIN_NS + 98 * S;
	flow_fin(&f, CLOSE_FIN_BEHIND_DATA | CLOSE_DATA_OUTSTANDING);
	flow_wait(&f, 2 * S);
	set_unacked(&f, &closing);
	post_held(p, &f, 4712, "helper");

	flow_open(&f, ROLE_SERVER);
	golden_number(&f, 5);
	f.r.h.flags |= HANDSHAKE_POSTED;
	flow_peer_fin(&f);
	flow_wait(&f, 100 * S);
	set_unacked(&f, &nothing);
	post_open(p, &f);

	flow_open(&f, ROLE_CLIENT);
	golden_number(&f, 6);
	f.r.h.flags |= HANDSHAKE_POSTED;
	flow_data(&f, 100, 200);
	flow_wait(&f, 31 * S);
	f.r.c.flags |= CLOSE_IDLE;
	f.r.c.idle_ms = 31000;
	flow_fin(&f, 0);
	flow_wait(&f, 20 * MS);
	flow_fin_acked(&f);
	flow_peer_fin(&f);
	post_close(p, &f);
	post_counts(p, 0, 0);
}

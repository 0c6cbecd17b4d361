// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A golden case of connections from before the trace, and of numbers as the BPF side gives them. */
#include <string.h>

#include "golden_cases.h"

#define CONN (0x3ULL << 48)

/* A connection with a number as the BPF side gives it; a client's first SYN is lost. */
static void begin(struct flow *f, enum role role, unsigned int n)
{
	flow_begin(f, role);
	golden_number(f, n);
	f->r.h.conn = CONN + n * 4096;
	if (role == ROLE_CLIENT) {
		flow_syn(f);
		flow_wait(f, S);
		flow_syn_again(f);
	}
	flow_wait(f, 20 * MS);
	flow_established(f, 19990);
	flow_wait(f, 30 * US);
	if (role == ROLE_SERVER)
		flow_accepted(f, 80, "nginx");
}

/* In CLOSE_WAIT since before the trace. */
static void post_leak(struct poster *p, unsigned int n, bool owned)
{
	struct flow f;

	flow_begin(&f, ROLE_UNKNOWN);
	f.r.h.conn = n;
	f.r.h.remote_port += n;
	f.r.h.state = BPF_TCP_CLOSE_WAIT;
	f.r.h.flags = HANDSHAKE_BEFORE_TRACE | HANDSHAKE_ESTABLISHED | HANDSHAKE_POSTED;
	f.r.c.flags |= CLOSE_REMOTE_FIN;
	owner_set(&f.r.h.owner, 123, "python3");
	if (!owned)
		f.r.h.owner = (struct owner){ 0 };
	flow_wait(&f, 100 * S);
	post_held(p, &f, 123, "python3");
}

/* Two handshakes, the close of the second, the leaks, and the first, which has closed half. */
void case_older(struct poster *p)
{
	const struct item_counts counts = { .established = 1 + 7 };
	struct flow first, second;

	begin(&first, ROLE_SERVER, 1);
	post_handshake(p, &first);
	begin(&second, ROLE_CLIENT, 2);
	post_handshake(p, &second);
	flow_data(&second, 100, 200);
	flow_wait(&second, 11 * S);
	flow_fin(&second, 0);
	flow_wait(&second, 20 * MS);
	flow_fin_acked(&second);
	flow_wait(&second, 224 * S);
	flow_peer_fin(&second);
	post_close(p, &second);
	post_item(p, ITEM_SNAPSHOT, NULL, 0);
	post_leak(p, 3076390, true);
	post_leak(p, 17, false);
	flow_peer_fin(&first);
	flow_wait(&first, 161 * S);
	post_held(p, &first, 81, "logrotate");
	post_item(p, ITEM_COUNTS, &counts, sizeof(counts));
}

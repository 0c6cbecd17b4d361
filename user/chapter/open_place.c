// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "open_place.h"

#include <linux/bpf.h>

#include "chapter_parts.h"

/* As a connection passes through them; first what is reset to 0, last what is never open. */
static unsigned int rank(uint8_t state)
{
	static const uint8_t ranks[] = {
		[BPF_TCP_SYN_SENT] = 1,	   [BPF_TCP_NEW_SYN_RECV] = 2, [BPF_TCP_SYN_RECV] = 3,
		[BPF_TCP_ESTABLISHED] = 4, [BPF_TCP_FIN_WAIT1] = 5,    [BPF_TCP_FIN_WAIT2] = 6,
		[BPF_TCP_CLOSING] = 7,	   [BPF_TCP_CLOSE_WAIT] = 8,   [BPF_TCP_LAST_ACK] = 9,
		[BPF_TCP_TIME_WAIT] = 10,
	};

	if (!state)
		return 0;
	return state < sizeof(ranks) && ranks[state] ? ranks[state] : UINT8_MAX;
}

struct open_place open_place(const struct record *r)
{
	return (struct open_place){
		.since_ns = diary_established(r) ? chapter_close_since_ns(r)
						 : chapter_handshake_since_ns(&r->h),
		.conn = r->h.conn,
		.state = r->h.state,
	};
}

int open_place_compare(const void *a, const void *b)
{
	const struct open_place *x = a, *y = b;
	unsigned int x_rank = rank(x->state), y_rank = rank(y->state);

	if (x_rank != y_rank)
		return x_rank < y_rank ? -1 : 1;
	if (x->since_ns != y->since_ns)
		return x->since_ns < y->since_ns ? -1 : 1;
	return (x->conn > y->conn) - (x->conn < y->conn);
}

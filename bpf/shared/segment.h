/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a FIN_WAIT2 minisocket does with a segment.  Pure, see diary.h. */
#ifndef SEGMENT_H
#define SEGMENT_H

#include "diary.h"

/* RFC 9293, 3.1: where the fields are in the header, and the flags */
#define TCP_SOURCE_AT 0
#define TCP_DEST_AT 2
#define TCP_SEQ_AT 4
#define TCP_FLAGS_AT 13
#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

enum arrival_kind {
	/* it changes nothing */
	ARRIVAL_OTHER,
	ARRIVAL_FIN,
	ARRIVAL_RST,
	/* data that nobody reads any more: an RST answers it */
	ARRIVAL_REFUSED,
	/* not decided yet: segment_by_headers() needs what the minisocket expects */
	ARRIVAL_BY_HEADERS,
};

/* interfaces by which a segment may have come, for a socket bound to one of them */
#define ARRIVAL_INTERFACES 3

struct arrival {
	__u64 t_ns;
	/* where the hook knows the minisocket: what that is bound to, so often */
	__u32 ifindex[ARRIVAL_INTERFACES];
	__u32 seq;
	/* after its data and its FIN, whose number is one less */
	__u32 end_seq;
	/* of the TCP header */
	__u32 flags;
	/* enum arrival_kind */
	__u32 kind;
};

static __always_inline bool segment_came_by(const struct arrival *s, __u32 ifindex)
{
	bool found = false;

	for (int i = 0; i < ARRIVAL_INTERFACES; i++)
		found |= s->ifindex[i] == ifindex;
	return found;
}

/*
 * By its headers, to a minisocket that expects rcv_nxt and has a window of rcv_wnd:
 * tcp_timewait_state_process() in net/ipv4/tcp_minisocks.c, but without old timestamps (PAWS).
 */
static __always_inline enum arrival_kind segment_by_headers(const struct arrival *s, __u32 rcv_nxt,
							    __u32 rcv_wnd)
{
	bool news = (__s32)(s->end_seq - rcv_nxt) > 0;
	__s32 beyond = s->seq - (rcv_nxt + rcv_wnd);

	if (s->seq != rcv_nxt && !(news && beyond < 0) && !(!beyond && s->seq == s->end_seq))
		return ARRIVAL_OTHER;
	if (s->flags & TCP_RST)
		return ARRIVAL_RST;
	if (s->flags & TCP_SYN && (__s32)(s->seq - rcv_nxt) >= 0)
		return ARRIVAL_REFUSED;
	if (!(s->flags & TCP_ACK) || !news || s->end_seq == s->seq)
		return ARRIVAL_OTHER;
	return s->flags & TCP_FIN && s->end_seq == rcv_nxt + 1 ? ARRIVAL_FIN : ARRIVAL_REFUSED;
}

#endif

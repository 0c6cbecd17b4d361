/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a FIN_WAIT2 minisocket makes of a segment that comes to it.  Pure, see diary.h. */
#ifndef SEGMENT_H
#define SEGMENT_H

#include "diary.h"

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

enum arrival_kind {
	ARRIVAL_OTHER, /* it changes nothing */
	ARRIVAL_FIN,
	ARRIVAL_RST,
	ARRIVAL_REFUSED,    /* data that nobody is there to read: answered with an RST */
	ARRIVAL_BY_HEADERS, /* not decided: that takes what the minisocket awaits */
};

struct arrival {
	__u64 t_ns;
	__u32 seq;
	__u32 end_seq; /* behind its data and its FIN, whose number is one less */
	__u32 flags;   /* of the TCP header */
	__u32 kind;    /* enum arrival_kind */
};

/*
 * By its headers, to a minisocket that awaits rcv_nxt: tcp_timewait_state_process() in
 * net/ipv4/tcp_minisocks.c, but for the upper end of the window and for old timestamps (PAWS), which only
 * a stranger's segments have.
 */
static __always_inline enum arrival_kind segment_by_headers(const struct arrival *s, __u32 rcv_nxt)
{
	bool news = (__s32)(s->end_seq - rcv_nxt) > 0;

	if (s->seq != rcv_nxt && !news)
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

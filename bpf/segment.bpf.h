/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How a segment is read by its headers: which connection it came to, and its numbers and flags. */
#ifndef SEGMENT_BPF_H
#define SEGMENT_BPF_H

#include "common.bpf.h"
#include "shared/segment.h"
#include "socket.bpf.h"

/* RFC 791 and RFC 8200: the destination's address follows */
#define IPV4_SOURCE_AT 12
#define IPV6_SOURCE_AT 8

struct headers {
	/* without options or extensions */
	__u8 ip[40];
	/* up to the flags */
	__u8 tcp[TCP_FLAGS_AT + 1];
};

static __always_inline __u16 read_be16(const __u8 *from)
{
	return from[0] << 8 | from[1];
}

/* In the segment's TCP header. */
static __always_inline __u8 tcp_flags_of(const struct sk_buff *skb)
{
	__u8 flags = 0;

	bpf_probe_read_kernel(&flags, 1,
			      PEEK(sk_buff, skb, head) + PEEK(sk_buff, skb, transport_header) +
				      TCP_FLAGS_AT);
	return flags;
}

/* Which connection a segment came to, by its headers.  False: it did not reach TCP. */
static __always_inline bool segment_read(struct sk_buff *skb, struct tuple *key, struct arrival *s)
{
	struct tcp_skb_cb *cb = (void *)skb->cb;
	__u8 *head = BPF_CORE_READ(skb, head);
	__u8 *tcp = head + BPF_CORE_READ(skb, transport_header);
	struct headers h = {};

	/* TCP's receive path has moved skb->data there; ip_rcv() and the filters have not */
	if (BPF_CORE_READ(skb, data) != tcp)
		return false;
	bpf_probe_read_kernel(h.tcp, sizeof(h.tcp), tcp);
	s->seq = (__u32)read_be16(h.tcp + TCP_SEQ_AT) << 16 | read_be16(h.tcp + TCP_SEQ_AT + 2);
	s->end_seq = BPF_CORE_READ(cb, end_seq);
	s->flags = h.tcp[TCP_FLAGS_AT];
	/* tcp_v4_fill_cb() wrote the same */
	if (BPF_CORE_READ(cb, seq) != s->seq)
		return false;
	if (s->end_seq == s->seq && !(s->flags & TCP_RST))
		return false;
	bpf_probe_read_kernel(h.ip, sizeof(h.ip), head + BPF_CORE_READ(skb, network_header));
	if (h.ip[0] >> 4 == 4) {
		v4_mapped(key->local, *(__be32 *)(h.ip + IPV4_SOURCE_AT + 4));
		v4_mapped(key->remote, *(__be32 *)(h.ip + IPV4_SOURCE_AT));
	} else {
		__builtin_memcpy(key->local, h.ip + IPV6_SOURCE_AT + 16, 16);
		__builtin_memcpy(key->remote, h.ip + IPV6_SOURCE_AT, 16);
	}
	key->netns = BPF_CORE_READ(skb, dev, nd_net.net, ns.inum);
	/*
	 * A socket may be bound to none, to the interface, or to the VRF that this belongs to: there
	 * skb->dev is the VRF, unless the addresses are link-local.
	 */
	s->ifindex[0] = BPF_CORE_READ(skb, dev, ifindex);
	s->ifindex[1] = BPF_CORE_READ(cb, header.h4.iif);
	key->local_port = read_be16(h.tcp + TCP_DEST_AT);
	key->remote_port = read_be16(h.tcp + TCP_SOURCE_AT);
	return true;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Attempts to connect to this host that make no socket.  A peer can make as many as it likes, so
 * that so many in a second are posted, and the rest are counted, by namespace and port.
 */
#ifndef ATTEMPT_BPF_H
#define ATTEMPT_BPF_H

#include "common.bpf.h"
#include "cpu.bpf.h"
#include "handshake.bpf.h"
#include "owner.bpf.h"
#include "segment.bpf.h"
#include "select.bpf.h"
#include "table.bpf.h"

#define NS_PER_S 1000000000ULL

/* The second that attempts are posted in, and how many it has had. */
struct {
	__u64 second;
	__u64 n;
} posted = {};

/*
 * User space raises it, and then reads and removes the entries of earlier periods: no program adds
 * to them any more.
 */
__u32 counted_period = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, COUNTED);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct counted_key);
	__type(value, __u64);
} counted SEC(".maps");

/* Those that found no room there, by enum attempt. */
__u64 counted_rest[ATTEMPTS] = {};

static __always_inline void count_attempt(const struct handshake_part *h, enum attempt what)
{
	struct counted_key key = {
		.period = counted_period, .netns = h->netns, .port = h->local_port, .attempt = what
	};
	__u64 one = 1, *n = bpf_map_lookup_elem(&counted, &key);

	if (!n && !bpf_map_update_elem(&counted, &key, &one, BPF_NOEXIST))
		return;
	if (!n)
		n = bpf_map_lookup_elem(&counted, &key);
	__sync_fetch_and_add(n ? n : &counted_rest[what], 1);
}

/* May this one be posted?  Processors that ask at the same time may get a few more. */
static __always_inline bool may_post_attempt(__u64 t_ns)
{
	__u64 second = t_ns / NS_PER_S;

	if (posted.second != second) {
		posted.second = second;
		posted.n = 0;
	}
	if (posted.n >= cfg.max_attempts)
		return false;
	__sync_fetch_and_add(&posted.n, 1);
	return true;
}

/* Of a selected one that is over. */
static __always_inline void post_attempt(const struct record *r, enum attempt what, __u64 t_ns)
{
	if (!wanted_handshake(&cfg, r))
		return;
	if (!only_counted() && may_post_attempt(t_ns)) {
		if (!put_handshake(r))
			count(COUNT_LOST_HANDSHAKE);
	} else {
		count_attempt(&r->h, what);
	}
}

/* RFC 4291, 2.5.6: fe80::/10 */
static __always_inline bool is_link_local(const __u8 *addr)
{
	return addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80;
}

static __always_inline bool tuple_is_v4(const struct tuple *t)
{
	const __u32 *w = (const void *)t->remote;

	return !w[0] && !w[1] && w[2] == bpf_htonl(0xffff);
}

/* What a SYN shows of the connection that it asks for. */
static __always_inline void read_syn(struct handshake_part *h, const struct tuple *key,
				     const struct arrival *s)
{
	__builtin_memcpy(h->local, key->local, 16);
	__builtin_memcpy(h->remote, key->remote, 16);
	h->netns = key->netns;
	h->local_port = key->local_port;
	h->remote_port = key->remote_port;
	h->family = tuple_is_v4(key) ? 4 : 6;
	h->role = ROLE_SERVER;
	h->irs = s->seq;
	h->early_received = s->end_seq - s->seq - 1;
	h->flags |= HANDSHAKE_NO_SOCKET | HANDSHAKE_IRS;
}

/* Is this segment, which is by TCP's headers, an attempt to connect? */
static __always_inline bool is_syn(const struct arrival *s)
{
	return (s->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
}

static __always_inline void refuse(struct record *r, struct sk_buff *skb, const struct tuple *key,
				   const struct arrival *s)
{
	__u64 t_ns = bpf_ktime_get_ns();

	read_syn(&r->h, key, s);
	if (is_link_local(r->h.remote)) {
		r->h.interface.index = s->ifindex[1];
		read_name(&r->h.interface, BPF_CORE_READ(skb, dev, nd_net.net));
	}
	if (!select_remote(&r->h) || !select_local_port(&r->h))
		return;
	/* freed for another reason: a filter's, or of a listener's */
	if (cfg.refused_by_headers && listener_of(&r->h))
		return;
	diary_handshake_step(r, t_ns, BPF_TCP_CLOSE, BPF_TCP_CLOSE, STEP_SYN_RECEIVED);
	diary_handshake_step(r, t_ns, BPF_TCP_CLOSE, BPF_TCP_CLOSE, STEP_RST_SENT);
	r->h.state = BPF_TCP_CLOSE;
	post_attempt(r, ATTEMPT_REFUSED, t_ns);
}

/* A segment came for which there is no socket.  Nobody listens, so that it has no owner. */
static __always_inline void on_refused(struct sk_buff *skb)
{
	struct arrival s = {};
	struct tuple key = {};
	struct record *r;
	struct work w;

	if (!select_nobodys() || cfg.role == ROLE_CLIENT || !segment_read(skb, &key, &s) ||
	    !is_syn(&s))
		return;
	r = work_begin(&w);
	if (r)
		refuse(r, skb, &key, &s);
	work_end(&w);
}

/* An RST answers a segment that found no socket; since 6.10, where there is a third argument. */
SEC("?raw_tp/tcp_send_reset")
int BPF_PROG(syn_refused, struct sock *sk, struct sk_buff *skb)
{
	if (!sk && skb)
		on_refused(skb);
	return 0;
}

/* TCP frees such a segment, and since 5.17 it says why. */
SEC("?raw_tp/kfree_skb")
int BPF_PROG(syn_freed, struct sk_buff *skb)
{
	if (cfg.refused_by_headers ||
	    (__u32)ctx[2] ==
		    (__u32)bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_NO_SOCKET))
		on_refused(skb);
	return 0;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a listener's child does not show of its handshake: when its SYN,ACK was sent, if it was
 * retransmitted, and whether a SYN cookie made the child.
 *
 * The child has the number of retransmissions, but not their times.  So the request is read at each
 * of them: it has the time of the first SYN,ACK.
 */
#ifndef SYNACK_BPF_H
#define SYNACK_BPF_H

#include "common.bpf.h"
#include "cpu.bpf.h"
#include "post.bpf.h"
#include "select.bpf.h"
#include "socket.bpf.h"

/* LRU: a SYN flood evicts its own requests */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct tuple);
	__type(value, struct synacks);
} synacks SEC(".maps");

/* A SYN,ACK was retransmitted: user space looks for requests that are gone. */
__u32 synacks_seen = 0;

/* The first retransmission of this request. */
static __always_inline void synacks_begin(const struct tuple *key, struct synacks *s,
					  const struct sock *listener, struct request_sock *req)
{
	struct tcp_request_sock *treq = (void *)req;
	struct cpu *cpu = this_cpu();
	int level;

	if (!cpu)
		return;
	level = level_enter(cpu);
	if (level >= 0) {
		s->conn = next_conn(cpu, level);
		level_leave(cpu);
	}
	s->request = (__u64)req;
	s->listener = (__u64)listener;
	s->iss = BPF_CORE_READ(treq, snt_isn);
	s->irs = BPF_CORE_READ(treq, rcv_isn);
	s->interface.index = key->ifindex;
	if (key->ifindex)
		read_name(&s->interface, BPF_CORE_READ(req, __req_common.skc_net.net));
	bpf_map_update_elem(&synacks, key, s, BPF_ANY);
	synacks_seen++;
	wake_reader();
}

/* What nobody selected takes no room, and wakes nobody. */
static __always_inline bool request_excluded(const struct tuple *key)
{
	return (cfg.netns && key->netns != cfg.netns) ||
	       (cfg.by_local_port && !port_in(local_ports, key->local_port)) ||
	       (cfg.by_remote_port && !port_in(remote_ports, key->remote_port));
}

SEC("?raw_tp/tcp_retransmit_synack")
int BPF_PROG(synack_retransmitted, struct sock *listener, struct request_sock *req)
{
	struct tcp_request_sock *treq = (void *)req;
	struct synacks new = {}, *s;
	struct tuple key = {};
	__u64 t_ns = bpf_ktime_get_ns();

	if (!req)
		return 0;
	read_tuple(&key, &req->__req_common);
	if (request_excluded(&key))
		return 0;
	new.first_ns = BPF_CORE_READ(treq, snt_synack) * NS_PER_US;
	s = bpf_map_lookup_elem(&synacks, &key);
	if (s && s->first_ns == new.first_ns) {
		__u32 n = s->n;

		barrier_var(n);
		if (n < SYNACK_TIMES)
			s->again_ns[n] = t_ns;
		s->n = n + 1;
		return 0;
	}
	new.again_ns[0] = t_ns;
	new.n = 1;
	synacks_begin(&key, &new, listener, req);
	return 0;
}

/* A child whose SYN,ACK was retransmitted is about to become ESTABLISHED. */
static __always_inline void synacks_take(struct record *r)
{
	struct synacks *s;
	struct tuple key;

	tuple_of(&key, &r->h);
	s = bpf_map_lookup_elem(&synacks, &key);
	if (!s)
		return;
	diary_synacks(r, s);
	/* it may have been reported as open */
	if (s->conn)
		r->h.conn = s->conn;
	bpf_map_delete_elem(&synacks, &key);
}

/*
 * Children made of a SYN cookie.  Nothing in the child says so.  The function that makes them runs
 * only for the ACK of a cookie, and returns before the child's state changes.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	/* its initial sequence number: the socket's memory may be another child's by now */
	__type(value, __u32);
} cookie_children SEC(".maps");

/* There was such a child.  Never cleared. */
__u8 cookies_seen = 0;

static __always_inline void on_cookie_child(struct sock *child)
{
	__u64 key = (__u64)child;
	__u32 iss;

	if (!child)
		return;
	cookies_seen = 1;
	iss = BPF_CORE_READ((struct tcp_sock *)child, snd_una) - 1;
	bpf_map_update_elem(&cookie_children, &key, &iss, BPF_ANY);
}

SEC("?fexit/tcp_get_cookie_sock")
int BPF_PROG(cookie_fexit, struct sock *sk, void *skb, void *req, void *dst, struct sock *child)
{
	on_cookie_child(child);
	return 0;
}

/*
 * Before 6.8 the timestamp's offset is an argument: commit efce3d1fdff5 ("tcp: Don't initialise
 * tp->tsoffset in tcp_get_cookie_sock().").
 */
SEC("?fexit/tcp_get_cookie_sock")
int BPF_PROG(cookie_fexit_5args, struct sock *sk, void *skb, void *req, void *dst, __u32 tsoff,
	     struct sock *child)
{
	on_cookie_child(child);
	return 0;
}

SEC("?kretprobe/tcp_get_cookie_sock")
int BPF_KRETPROBE(cookie_kretprobe, struct sock *child)
{
	on_cookie_child(child);
	return 0;
}

/* for so long the kernel takes cookies after it has sent one: TCP_SYNCOOKIE_VALID, and a second for its clock */
#define COOKIES_VALID_NS (121ULL * 1000000000)

/*
 * May this listener take cookies?  It does so only for a while after it has sent the last one:
 * tcp_synq_no_recent_overflow() in include/net/tcp.h, since 5.5 with a lower bound.
 */
static __always_inline bool may_take_cookies(const struct sock *listener)
{
	const struct sock_reuseport *group = BPF_CORE_READ(listener, sk_reuseport_cb);
	__u32 last = group ? BPF_CORE_READ(group, synq_overflow_ts)
			   : (__u32)BPF_CORE_READ((const struct tcp_sock *)listener,
						  rx_opt.ts_recent_stamp);

	return ((__u32)bpf_jiffies64() - last) * (__u64)cfg.tick_ns <= COOKIES_VALID_NS;
}

/* Is this child made of a SYN cookie?  After facts_established().  listener: 0 if it is not known. */
static __always_inline void syncookie_take(struct handshake_part *h, __u64 sk, __u64 listener)
{
	__u32 *iss;

	if (!cfg.syncookie_seen) {
		if (listener && cfg.tick_ns && !may_take_cookies((const void *)listener))
			h->flags |= HANDSHAKE_SYNCOOKIE_KNOWN;
		return;
	}
	h->flags |= HANDSHAKE_SYNCOOKIE_KNOWN;
	iss = cookies_seen ? bpf_map_lookup_elem(&cookie_children, &sk) : NULL;
	if (iss && *iss == h->iss)
		h->flags |= HANDSHAKE_SYNCOOKIE;
	if (iss)
		bpf_map_delete_elem(&cookie_children, &sk);
}

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* SYNs that a listener drops because one of its queues is full, each with its peer. */
#ifndef DROPPED_BPF_H
#define DROPPED_BPF_H

#include "common.bpf.h"
#include "attempt.bpf.h"
#include "request.bpf.h"
#include "segment.bpf.h"

/* An int, or in later kernels a byte. */
static __always_inline bool has_syncookies(const struct sock *listener)
{
	const struct net *net = BPF_CORE_READ(listener, __sk_common.skc_net.net);
	__u32 value = 0;

	bpf_core_read(&value, bpf_core_field_size(net->ipv4.sysctl_tcp_syncookies),
		      &net->ipv4.sysctl_tcp_syncookies);
	return value;
}

static __always_inline void syn_dropped(const struct tuple *key, const struct arrival *syn,
					__u64 listener, bool syn_queue)
{
	const struct sock *sk = (const void *)listener;
	struct record *r;
	struct work w;
	__u64 t_ns;

	r = work_begin(&w);
	if (r) {
		t_ns = bpf_ktime_get_ns();
		read_syn(&r->h, key, syn);
		r->h.interface.index = BPF_CORE_READ(sk, __sk_common.skc_bound_dev_if);
		r->h.flags |= syn_queue ? HANDSHAKE_SYN_QUEUE : 0;
		diary_handshake_step(r, t_ns, BPF_TCP_LISTEN, BPF_TCP_LISTEN, STEP_DROPPED);
		r->h.state = BPF_TCP_CLOSE;
		if (select_remote(&r->h) && select_local_port(&r->h) &&
		    request_owner(&r->h.owner, listener))
			post_attempt(r, ATTEMPT_DROPPED, t_ns);
	}
	work_end(&w);
}

/*
 * The SYN queue takes as many as the limit, or since commit 3479c7549fb1 ("tcp/dccp: allow a
 * connection when sk_max_ack_backlog is zero") one more: of 6.13, and in stable kernels.  A SYN that
 * finds as many there is dropped or not, which is known when the kernel is done with it.
 */
struct tie {
	/* the listener's, before */
	__s32 drops;
	bool begun;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tie);
} ties SEC(".maps");

/* The queue was seen to take one more. */
bool one_more = false;

static __always_inline void syn_full(struct sk_buff *skb, const struct sock *sk, bool syn_queue)
{
	struct arrival a = {};
	struct tuple key = {};

	if (cfg.role == ROLE_CLIENT || !segment_read(skb, &key, &a))
		return;
	/* a segment that has found its socket has no device any more: skb->dev is NULL */
	key.netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	syn_dropped(&key, &a, (__u64)sk, syn_queue);
}

static __always_inline bool accept_queue_full(const struct sock *sk)
{
	return BPF_CORE_READ(sk, sk_ack_backlog) > BPF_CORE_READ(sk, sk_max_ack_backlog);
}

/* The end of the function shows what became of the SYN. */
static __always_inline void tie_begin(const struct sock *sk)
{
	__u32 zero = 0;
	struct tie *t = bpf_map_lookup_elem(&ties, &zero);

	if (!t)
		return;
	t->begun = true;
	t->drops = BPF_CORE_READ(sk, sk_drops.counter);
}

/* The tie that this processor has begun, or NULL; it is over. */
static __always_inline struct tie *tie_end(void)
{
	__u32 zero = 0;
	struct tie *t = bpf_map_lookup_elem(&ties, &zero);

	if (!t || !t->begun)
		return NULL;
	t->begun = false;
	return t;
}

/* Nearly always both queues have room for one more, and fewer instructions show that where types are known. */
static __always_inline bool queues_have_room(struct sock *listener)
{
	const struct tcp_sock *tp = bpf_skc_to_tcp_sock(listener);
	const struct sock *sk;
	__u32 limit;

	if (!tp)
		return false;
	sk = &tp->inet_conn.icsk_inet.sk;
	limit = sk->sk_max_ack_backlog;
	return (__u32)tp->inet_conn.icsk_accept_queue.qlen.counter < limit &&
	       sk->sk_ack_backlog <= limit;
}

/* A SYN came to a listener: the kernel's own tests say whether a queue is too full for it. */
static __noinline void on_syn(struct sk_buff *skb, __u64 listener, bool has_end)
{
	const struct inet_connection_sock *icsk = (const void *)listener;
	const struct sock *sk = (const void *)listener;
	__u32 limit = BPF_CORE_READ(sk, sk_max_ack_backlog);
	__u32 n = BPF_CORE_READ(icsk, icsk_accept_queue.qlen.counter);
	bool syn_queue = n >= limit && !has_syncookies(sk);

	if (syn_queue && n == limit) {
		if (has_end) {
			tie_begin(sk);
			return;
		}
		syn_queue = !one_more;
	} else if (syn_queue) {
		one_more = true;
	}
	if (syn_queue || accept_queue_full(sk))
		syn_full(skb, sk, syn_queue);
}

static __noinline void on_syn_end(struct sk_buff *skb, __u64 listener)
{
	const struct sock *sk = (const void *)listener;
	struct tie *t = tie_end();

	if (!t)
		return;
	if (t->drops == BPF_CORE_READ(sk, sk_drops.counter))
		one_more = true;
	else
		syn_full(skb, sk, !one_more || !accept_queue_full(sk));
}

SEC("?fentry/tcp_conn_request")
int BPF_PROG(syn_fentry, void *ops, void *family_ops, struct sock *listener, struct sk_buff *skb)
{
	if (!queues_have_room(listener))
		on_syn(skb, (__u64)listener, true);
	return 0;
}

SEC("?fexit/tcp_conn_request")
int BPF_PROG(syn_fexit, void *ops, void *family_ops, struct sock *listener, struct sk_buff *skb)
{
	on_syn_end(skb, (__u64)listener);
	return 0;
}

SEC("?kprobe/tcp_conn_request")
int BPF_KPROBE(syn_kprobe, void *ops, void *family_ops, struct sock *listener, struct sk_buff *skb)
{
	on_syn(skb, (__u64)listener, false);
	return 0;
}

/*
 * Without SYN cookies the last quarter of tcp_max_syn_backlog is for peers that are known to be
 * alive.  Only that asks for it: a SYN of any other is dropped.
 */
SEC("?fexit/tcp_peer_is_proven")
int BPF_PROG(syn_unproven, struct request_sock *req, void *dst, bool proven)
{
	const struct tcp_request_sock *treq = (const void *)req;
	struct arrival a = {};
	struct tuple key = {};

	if (proven || cfg.role == ROLE_CLIENT)
		return 0;
	/* else it would be reported twice */
	tie_end();
	read_tuple(&key, &req->__req_common);
	a.seq = BPF_CORE_READ(treq, rcv_isn);
	a.end_seq = a.seq + 1;
	syn_dropped(&key, &a, (__u64)BPF_CORE_READ(req, __req_common.skc_listener), true);
	return 0;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a listening socket shows of its queues.  Its own counters, which `ss -lntm` prints: nothing
 * is counted here that the kernel counts.
 */
#ifndef LISTENER_BPF_H
#define LISTENER_BPF_H

#include "common.bpf.h"
#include "for_each.bpf.h"
#include "owner.bpf.h"
#include "post.bpf.h"

/* Number of the reading; user space raises it. */
__u32 listeners_number = 0;

/*
 * A child of this listener is ESTABLISHED, and in its accept queue: a peak between two readings is
 * seen here.  Where several sockets listen, the child may be another one's, but the length is true.
 */
static __always_inline void listener_child(struct listener *l)
{
	struct sock *sk = (void *)l->sk;
	__u32 queue;

	__sync_fetch_and_add(&l->children, 1);
	if (!sk)
		return;
	queue = BPF_CORE_READ(sk, sk_ack_backlog);
	if (queue > l->queue_max)
		l->queue_max = queue;
}

/* accept() returned a connection of this listener; 0: not known which. */
static __always_inline void listener_accepted(__u64 sk)
{
	struct listening *l = sk ? bpf_map_lookup_elem(&listening, &sk) : NULL;

	if (l)
		__sync_fetch_and_add(&l->accepted, 1);
}

/* This listener has made no child of a request's segment. */
static __always_inline void listener_discards(__u64 sk)
{
	struct listening *l = cfg.listeners_seen ? bpf_map_lookup_elem(&listening, &sk) : NULL;

	if (l)
		__sync_fetch_and_add(&l->discarded, 1);
}

/* The socket is read at its address, so that neither its namespace nor a privilege is needed. */
static __always_inline void listener_read(struct listening *l, const struct sock *sk)
{
	const struct inet_connection_sock *icsk = (const void *)sk;
	/* 6.1 takes no key that lies in an iterator's memory */
	struct listener_key key = l->at;
	const struct listener *at = bpf_map_lookup_elem(&listeners, &key);
	__u32 queue = BPF_CORE_READ(sk, sk_ack_backlog), most = queue;
	__u32 drops = BPF_CORE_READ(sk, sk_drops.counter) - l->discarded;

	if (at) {
		l->children = at->children;
		if (at->sk == (__u64)sk && at->queue_max > most)
			most = at->queue_max;
	}
	l->queue = queue;
	if (most > l->queue_max)
		l->queue_max = most;
	l->backlog = BPF_CORE_READ(sk, sk_max_ack_backlog);
	l->half_open = BPF_CORE_READ(icsk, icsk_accept_queue.qlen.counter);
	/* one of the two counters may be ahead of the other for a moment */
	if ((__s32)(drops - l->drops) > 0)
		l->drops = drops;
}

/* Run once a second, and when open connections are reported. */
static __always_inline void read_listeners_one(struct sock *const *key, struct listening *l)
{
	struct sock *sk = *key;

	/* the memory of a socket whose end was not seen may be anything by now */
	if (BPF_CORE_READ(sk, __sk_common.skc_state) != BPF_TCP_LISTEN ||
	    BPF_CORE_READ(sk, __sk_common.skc_num) != l->at.port)
		return;
	listener_read(l, sk);
	l->seen = listeners_number;
}

FOR_EACH(read_listeners, listening, struct sock *, struct listening)

/* It ends, and is still as it was: its children are thrown away after this. */
static __always_inline void listener_ends(__u64 sk)
{
	struct listening *l = bpf_map_lookup_elem(&listening, &sk);

	if (!l)
		return;
	listener_read(l, (const struct sock *)sk);
	if (l->children || l->queue_max || l->drops != l->drops_before)
		/* the next reading of user space would find it gone */
		bpf_ringbuf_output(&ring, l, sizeof(*l), wake_flag());
}

#endif

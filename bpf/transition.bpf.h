/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* -o states: each state change is posted as it happens. */
#ifndef TRANSITION_BPF_H
#define TRANSITION_BPF_H

#include "common.bpf.h"
#include "connection.bpf.h"
#include "listener.bpf.h"
#include "shared/transition.h"

#define CLOSER_SELECTED_SHIFT 32

/* The PID of the calling process, if that may close a connection, and above it whether -p selects it then. */
static __noinline __u64 caller_as_closer(void)
{
	__u64 selected = 0;
	struct owner o;

	if (current_is_kernel())
		return 0;
	owner_current(&o);
	if (cfg.by_pid && select_current(&o))
		selected = 1;
	return selected << CLOSER_SELECTED_SHIFT | o.pid;
}

/* 1 if this change closes the connection by a call; as write_closer(), which comes later, but without branches. */
static __always_inline __u64 is_closed_now(const struct record *r, const struct change *now)
{
	const __u64 fin = 1ULL << BPF_TCP_FIN_WAIT1 | 1ULL << BPF_TCP_LAST_ACK;
	const __u64 from = 1ULL << BPF_TCP_ESTABLISHED | 1ULL << BPF_TCP_CLOSE_WAIT |
			   1ULL << BPF_TCP_FIN_WAIT1;
	__u64 other = (__u64)now->tp->inet_conn.icsk_inet.sk.sk_err |
		      (now->room->to ^ BPF_TCP_CLOSE);

	if (r)
		other |= r->c.closer.pid;
	return nonzero(1ULL << (now->room->to & STEP_NIBBLE) & fin) |
	       (nonzero(1ULL << (now->room->from & STEP_NIBBLE) & from) & (1 - nonzero(other)));
}

/* A selection by owner decides on a server's connection when it is accept()ed. */
static __always_inline bool transition_selected(const struct record *r)
{
	return !select_by_owner() || (r && wanted_owner(&cfg, r));
}

/* -o states: of a listener.  l: NULL if it is not known. */
static __always_inline void listener_transition(struct transition *t, const struct listening *l)
{
	if (!l)
		return;
	t->pid = l->owner.pid;
	__builtin_memcpy(t->comm, l->owner.comm, COMM_LEN);
	if (t->from == BPF_TCP_LISTEN && !l->found)
		t->since_ns = t->t_ns - l->since_ns;
}

/* Time of the last of n steps, of max, that changed the state; 0: none of them is kept. */
static __always_inline __u64 last_change_ns(const __u64 *steps, __u32 n, __u32 max, __u64 t0_ns)
{
	__u64 found = 0;

	for (__u32 i = 0; i < max; i++)
		if (i < n && step_from(steps[i]) != step_to(steps[i]))
			found = t0_ns + step_t_ns(steps[i]);
	return found;
}

/* Since when the connection has been in its state, with what was retransmitted in it; 0: not known. */
static __always_inline __u64 state_since_ns(const struct record *r)
{
	__u64 t_ns = last_change_ns(r->c.steps, r->c.n_steps, CLOSE_STEPS, r->c.t0_ns);

	if (r->c.n_steps > CLOSE_STEPS || r->h.n_steps > HANDSHAKE_STEPS)
		return 0;
	return t_ns ?: last_change_ns(r->h.steps, r->h.n_steps, HANDSHAKE_STEPS, r->h.t0_ns);
}

/* -o states: posts this state change.  r: its record; NULL: it has none.  l: the same of a listener. */
static __noinline void post_transition(const struct record *r, const struct listening *l,
				       const struct change *now)
{
	struct handshake_part *h = &now->room->identity;
	struct transition *t = &now->room->transition;
	const bool of_listener = now->room->from == BPF_TCP_LISTEN ||
				 now->room->to == BPF_TCP_LISTEN;
	__u64 closer;

	__builtin_memset(t, 0, sizeof(*t));
	t->t_ns = now->t_ns;
	t->skaddr = now->sk;
	t->from = now->room->from;
	t->to = now->room->to;
	if (of_listener) {
		if (!listener_selected(l))
			return;
	} else {
		closer = caller_as_closer() & -is_closed_now(r, now);
		t->closer = closer;
		if (!(closer >> CLOSER_SELECTED_SHIFT) && !transition_selected(r))
			return;
	}
	read_identity(h, now->tp, now->room->to);
	h->role = r ? r->h.role : ROLE_UNKNOWN;
	if (!select_remote(h) || !select_local_port(h))
		return;
	__builtin_memcpy(t->local, h->local, 16);
	__builtin_memcpy(t->remote, h->remote, 16);
	t->family = h->family;
	t->netns = h->netns;
	t->interface = now->room->interface;
	t->local_port = h->local_port;
	t->remote_port = h->remote_port;
	t->role = h->role;
	listener_transition(t, l);
	if (r) {
		const struct owner *o = r->h.accept_ns ? &r->h.acceptor : &r->h.owner;
		__u64 last = state_since_ns(r);

		t->conn = r->h.conn;
		t->since_ns = last && last < now->t_ns ? now->t_ns - last : 0;
		t->pid = o->pid;
		__builtin_memcpy(t->comm, o->comm, COMM_LEN);
		if (!t->closer)
			t->closer = r->c.closer.pid;
	}
	if (bpf_ringbuf_output(&ring, t, sizeof(*t), wake_flag()))
		count(COUNT_LOST_TRANSITION);
}

#endif

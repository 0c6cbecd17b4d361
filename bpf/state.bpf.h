/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A socket changes its state: which part of a connection's way is it? */
#ifndef STATE_BPF_H
#define STATE_BPF_H

#include "common.bpf.h"
#include "begin.bpf.h"
#include "connect.bpf.h"
#include "connection.bpf.h"
#include "listener.bpf.h"
#include "scan.bpf.h"
#include "transition.bpf.h"

static __always_inline void listener_changes(const struct change *now)
{
	const struct tcp_sock *tp = now->tp;
	struct listener_key key;

	read_listener(&key, &tp->inet_conn.icsk_inet.sk.__sk_common,
		      local_port_of(tp, now->room->to));
	if (cfg.netns && key.netns != cfg.netns)
		return;
	if (now->room->to == BPF_TCP_LISTEN) {
		struct owner o;

		owner_current(&o);
		listener_add(&key, now->sk, &o, select_by_owner() && select_current(&o), false);
	}
	if (cfg.states)
		post_transition(NULL, bpf_map_lookup_elem(&listening, &now->sk), now);
	if (now->room->to != BPF_TCP_LISTEN) {
		if (cfg.listeners_seen)
			listener_ends(now->sk);
		listener_remove(&key, now->sk);
	}
}

static __always_inline void on_connect(const struct change *now)
{
	client_begin(now);
	if (cfg.states)
		post_transition(table_find(now->sk), NULL, now);
}

/*
 * Is this the record of an earlier connection in the same memory, whose end was not seen?  Without
 * cookies the ports tell most of them apart.
 */
static __always_inline bool is_stale(const struct record *r, const struct sock *sk)
{
	__u16 local, remote;

	if (cfg.cookie_helper)
		return r->h.cookie && r->h.cookie != cookie_of(sk);
	local = FIELD(sk, __sk_common.skc_num);
	remote = bpf_ntohs(FIELD(sk, __sk_common.skc_dport));
	return (local && r->h.local_port && local != r->h.local_port) ||
	       (r->h.remote_port && remote != r->h.remote_port);
}

/* The record of this connection; one of an earlier connection in the same memory is removed. */
static __always_inline struct record *find_record(const struct change *now, const struct sock *sk)
{
	struct record *r = table_find(now->sk);

	/* see scan_bury() */
	if (r && !r->h.conn) {
		if (!scanning)
			table_remove(now->sk);
		r = NULL;
	}
	if (r && is_stale(r, sk)) {
		post_stale(r, !claim_handshake(now->sk));
		table_remove(now->sk);
		r = NULL;
	}
	return r;
}

/* The connection is over. */
static __always_inline void finish(struct record *r, const struct change *now)
{
	if (!awaits_reset(r) || !reset_hold(r, now))
		post_finished(r);
}

/* Nothing has selected this connection, and now it is closed: does not that select it either? */
static __always_inline bool stays_unselected(const struct record *r, const struct change *now)
{
	return !wanted_owner(&cfg, r) &&
	       (queues_fin(now->room->to) || now->room->to == BPF_TCP_CLOSE) &&
	       !(cfg.by_pid && caller_selected());
}

/* Removes the record of one that stays unselected. */
static __always_inline void forget_unselected(struct record *r, const struct change *now)
{
	/* accept()'s hook has claimed it */
	if (!r->h.accept_ns) {
		claim_handshake(now->sk);
		/* our FIN: nobody closes what is not accepted */
		if (queues_fin(now->room->to) && r->h.role == ROLE_SERVER &&
		    !(r->h.flags & HANDSHAKE_MPTCP))
			write_accept_unseen(r);
	}
	table_remove(now->sk);
}

/* The socket is closed: its record, if it had one, leaves the table. */
static __always_inline void leave_table(const struct change *now, bool known)
{
	if (known)
		table_remove(now->sk);
	else if (scanning)
		scan_bury(now);
}

/*
 * A connection changes its state.  r: its record in the table, or NULL.  Returns its record there; NULL: it has none
 * now.
 */
static __always_inline struct record *change_state(struct record *r, const struct change *now)
{
	now->room->known = r;
	now->room->closes = now->room->to == BPF_TCP_CLOSE;
	if (r && stays_unselected(r, now)) {
		forget_unselected(r, now);
		return NULL;
	}
	if (r && now->room->closes)
		settle_handshake(r, now->sk);
	if (!r)
		r = unknown_begin(now);
	if (r && (!now->room->closes || end_connection(r, now))) {
		write_change(r, now);
		if (now->room->closes)
			finish(r, now);
	}
	if (now->room->closes) {
		leave_table(now, now->room->known);
		return NULL;
	}
	if (now->room->known || !r)
		return r;
	if (!wanted_owner(&cfg, r))
		return NULL;
	table_enter(r, now->sk);
	return table_find(now->sk);
}

/*
 * Will connect() return an error for this change, or the next call that asks for the result?  It does too if the
 * handshake was over, and an RST came before the caller ran again.
 */
static __always_inline bool may_fail_connect(const struct change *now)
{
	return now->room->to == BPF_TCP_CLOSE &&
	       (now->room->from == BPF_TCP_SYN_SENT || now->tp->inet_conn.icsk_inet.sk.sk_err);
}

static __always_inline void on_connection(const struct change *now, const struct sock *sk)
{
	struct record *r = find_record(now, sk);

	if (r && !client_selected(r, now)) {
		table_remove(now->sk);
		return;
	}
	if (now->room->from == BPF_TCP_SYN_RECV && !opened_by_both(r)) {
		r = server_begin(now);
		if (!r)
			return;
		if (now->room->to == BPF_TCP_ESTABLISHED) {
			server_established(r, now);
			if (cfg.states)
				post_transition(table_find(now->sk), NULL, now);
			return;
		}
		r = server_cut_short(r, now);
	}
	if (cfg.states)
		post_transition(r, NULL, now);
	if (may_fail_connect(now))
		connect_reported(now->sk, cookie_of(sk));
	r = change_state(r, now);
	if (r && now->room->to == BPF_TCP_ESTABLISHED)
		post_handshake(r);
}

/*
 * A connection without a record: will it have one?  With a selection by owner only those that a selected process opens,
 * accepts or, with -p, closes have one.  We have asked for the cookie of each that has.
 */
static __always_inline bool stays_unrecorded(const struct sock *sk, __u8 from, __u8 to)
{
	if (!cfg.by_owner || !cfg.cookie_helper || cfg.preexisting || scanning || cookie_of(sk))
		return false;
	if (from == BPF_TCP_LISTEN || to == BPF_TCP_LISTEN || from == BPF_TCP_SYN_RECV ||
	    to == BPF_TCP_SYN_SENT)
		return false;
	return !(cfg.by_pid && (queues_fin(to) || to == BPF_TCP_CLOSE) && caller_selected());
}

/* Nothing is to be done for this change. */
static __always_inline bool is_excluded(const struct sock *sk, __u8 from, __u8 to)
{
	return is_excluded_by_end(sk) || stays_unrecorded(sk, from, to);
}

/* The interface that the socket is bound to, in this level's room. */
static __always_inline struct level *room_of(struct cpu *cpu, int level, const struct tcp_sock *tp)
{
	struct level *room;

	if (!tp || level < 0 || level >= LEVELS)
		return NULL;
	room = &cpu->levels[level];
	read_interface(&room->interface, tp);
	return room;
}

static __always_inline void on_change(struct cpu *cpu, int level, struct sock *sk, __u8 from,
				      __u8 to)
{
	const struct tcp_sock *tp = tcp_of(sk, level);
	const struct change now = {
		.cpu = cpu,
		.level = level,
		.sk = (__u64)sk,
		.tp = tp,
		.room = room_of(cpu, level, tp),
		.t_ns = bpf_ktime_get_ns(),
	};

	if (!now.room)
		return;
	now.room->from = from;
	now.room->to = to;
	if (from == BPF_TCP_LISTEN || to == BPF_TCP_LISTEN)
		listener_changes(&now);
	else if (to == BPF_TCP_SYN_SENT)
		on_connect(&now);
	else
		on_connection(&now, sk);
}

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How a connection's record begins: with connect(), with a listener's child, or on its way. */
#ifndef BEGIN_BPF_H
#define BEGIN_BPF_H

#include "common.bpf.h"
#include "deferred.bpf.h"
#include "facts.bpf.h"
#include "handshake.bpf.h"
#include "listener.bpf.h"
#include "owner.bpf.h"
#include "synack.bpf.h"
#include "table.bpf.h"

/*
 * A kernel thread connects a further subflow of an MPTCP connection: it has the owner of the first
 * one.  False: that is not known, or not selected.  Of its own, for the stack's sake.
 */
static __noinline bool subflow_owner(struct record *r, const struct tcp_sock *tp)
{
	const struct mptcp_subflow_context *ctx;
	const struct record *first;
	struct mptcp_sock *parent;

	if (!r || !tp || !bpf_core_field_exists(((struct mptcp_subflow_context *)0)->conn) ||
	    !bpf_core_field_exists(((struct mptcp_sock *)0)->first))
		return false;
	ctx = BPF_CORE_READ(tp, inet_conn.icsk_ulp_data);
	parent = (void *)BPF_CORE_READ(ctx, conn);
	first = table_find((__u64)BPF_CORE_READ(parent, first));
	if (!first)
		return false;
	r->h.owner = first->h.accept_ns ? first->h.acceptor : first->h.owner;
	return wanted_owner(&cfg, first);
}

/* Writes who calls connect().  False: that one is not selected. */
static __always_inline bool write_caller(struct record *r, const struct change *now)
{
	if (is_mptcp(now->tp) && current_is_kernel()) {
		if (!subflow_owner(r, now->tp))
			return !select_by_owner();
	} else {
		owner_current(&r->h.owner);
		if (select_by_owner() && !select_current(&r->h.owner))
			return false;
	}
	if (select_by_owner())
		r->h.flags |= HANDSHAKE_OWNER_SELECTED;
	return true;
}

/* connect() was called: the record begins, and the caller is its owner. */
static __always_inline void client_begin(const struct change *now)
{
	struct record *r;

	/* first of all: most connections of the host are not those of a selected process */
	if (!caller_selected() && !is_mptcp(now->tp))
		return;
	r = scratch_record(now->cpu, now->level);
	if (!r)
		return;
	r->h.role = ROLE_CLIENT;
	read_identity(&r->h, now->tp, BPF_TCP_SYN_SENT);
	if (!select_remote(&r->h))
		return;
	if (cfg.owners && !write_caller(r, now))
		return;
	if (!cfg.retransmit_err)
		r->h.flags |= HANDSHAKE_MAYBE_UNSENT;
	/* TCP_FASTOPEN_CONNECT with a cookie at hand: the first write sends the SYN */
	if (BPF_CORE_READ_BITFIELD(now->tp, fastopen_connect) && !now->tp->fastopen_req)
		r->h.flags |= HANDSHAKE_SYN_AT_WRITE;
	r->h.errors_before = facts_errors(now->tp);
	r->h.interface = now->room->interface;
	r->h.cookie = ask_cookie(now->tp);
	diary_change(r, now->t_ns, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT, STEP_STATE);
	if (!table_enter(r, now->sk))
		table_is_full();
}

/*
 * A client's own port is known from its first change after connect() on.  False: it is not
 * selected.
 */
static __always_inline bool client_selected(struct record *r, const struct change *now)
{
	if (r->h.role != ROLE_CLIENT || (r->h.local_port && diary_established(r)))
		return true;
	if (!r->h.local_port)
		read_identity(&r->h, now->tp, now->room->to);
	return select_local_port(&r->h);
}

/*
 * May the last ACK have come before, and been dropped (TCP_DEFER_ACCEPT)?  It may where the
 * listener waits for data, whatever made the child: data, a FIN, or the ACK of a SYN,ACK that was
 * retransmitted for lack of them.  Where it is not known which listener it is, data in this
 * segment says so.
 */
static __always_inline bool is_deferred(const struct tcp_sock *tp, const struct listener *listener)
{
	if (listener && listener->sk)
		return listener_defers(listener);
	return tp->data_segs_in;
}

/*
 * Two segments may find the same request on two CPUs, and each makes a child of it.  The later
 * child is closed before anybody has it (inet_ehash_nolisten()): it is no connection.  It has no
 * bind bucket, so it keeps its port, which tcp_set_state() takes from all others before the
 * tracepoint.
 */
static __always_inline bool child_lost_the_race(const struct change *now)
{
	if (now->room->to != BPF_TCP_CLOSE)
		return false;
	return cfg.on_entry ? !now->tp->inet_conn.icsk_bind_hash
			    : now->tp->inet_conn.icsk_inet.sk.__sk_common.skc_num;
}

/* What the child shows of its handshake.  False: it is not selected. */
static __always_inline bool child_read(struct record *r, const struct change *now)
{
	struct listener *listener;
	const struct tcp_sock *tp = now->tp;
	bool defers;

	r->h.role = ROLE_SERVER;
	read_identity(&r->h, tp, now->room->to);
	if (!select_remote(&r->h) || !select_local_port(&r->h))
		return false;
	listener = listener_of(&r->h);
	if (listener) {
		r->h.owner = listener->owner;
		if (listener->selected || (cfg.by_pid && select_pid(listener->owner.pid)))
			r->h.flags |= HANDSHAKE_OWNER_SELECTED;
	}
	if (!cfg.accept_awaited && !wanted_owner(&cfg, r))
		return false;
	if (listener) {
		r->c.listener = listener->sk;
		listener_child(listener);
	}
	r->h.interface = now->room->interface;
	r->h.cookie = ask_cookie(tp);
	facts_established(&r->h, tp);
	syncookie_take(&r->h, now->sk, r->c.listener);
	if (r->h.retransmits)
		synacks_take(r);
	defers = is_deferred(tp, listener);
	if (defers || acks_dropped_lately())
		deferred_take(&r->h, defers, now->t_ns);
	return true;
}

/*
 * A listener's child leaves SYN_RECV: only now its addresses are valid.  Returns its record, which
 * is not in the table yet; NULL: it is no connection, or not selected.
 */
static __always_inline struct record *server_begin(const struct change *now)
{
	struct record *r;

	if (child_lost_the_race(now))
		return NULL;
	r = scratch_record(now->cpu, now->level);
	if (!r || child_read(r, now))
		return r;
	/* what accept_early() may have entered */
	table_remove(now->sk);
	return NULL;
}

/*
 * Did accept() return the child while it was in SYN_RECV?  Takes over what accept_early() entered.
 */
static __always_inline bool take_early_accept(struct record *r, const struct record *early)
{
	if (!early || early->h.state != BPF_TCP_SYN_RECV || !early->h.accept_ns)
		return false;
	r->h.acceptor = early->h.acceptor;
	r->h.accept_ns = early->h.accept_ns;
	r->h.accept_fate |= early->h.accept_fate;
	r->h.conn = early->h.conn;
	return true;
}

static __always_inline void server_enter(struct record *r, const struct change *now)
{
	struct record *old;
	bool first = true;

	/* first into `unaccepted`, then into the table: accept() may already be looking for both */
	if (cfg.accept_awaited)
		first = await_accept(r, now->sk, now->t_ns);
	else
		post_handshake(r);
	if (bpf_map_update_elem(&table, &now->sk, r, BPF_NOEXIST) == 0)
		return;
	old = table_find(now->sk);
	if (take_early_accept(r, old)) {
		claim_handshake(now->sk);
		if (!cfg.by_pid && !wanted_owner(&cfg, r)) {
			table_remove(now->sk);
			return;
		}
		if (wanted_owner(&cfg, r))
			listener_accepted(r->c.listener);
		if (!(r->h.flags & HANDSHAKE_POSTED))
			post_unqueued(r);
		bpf_map_update_elem(&table, &now->sk, r, BPF_ANY);
	} else if (old) {
		if (!table_replace(r, now->sk, first))
			table_is_full();
	} else {
		table_is_full();
		post_unrecorded(r, now->sk);
	}
}

/* The last ACK came. */
static __always_inline void server_established(struct record *r, const struct change *now)
{
	diary_change(r, now->t_ns, BPF_TCP_SYN_RECV, BPF_TCP_ESTABLISHED, STEP_STATE);
	if (cfg.accept_seen) {
		server_enter(r, now);
		return;
	}
	post_handshake(r);
	if (!table_enter(r, now->sk))
		table_is_full();
}

/*
 * A child closes, or dies, before its last ACK (fast open): the close yields the handshake.
 * Returns its record in the table; NULL: there is no room.
 */
static __always_inline struct record *server_cut_short(struct record *r, const struct change *now)
{
	take_early_accept(r, table_find(now->sk));
	r->h.state = BPF_TCP_SYN_RECV;
	leave_to_close(r);
	bpf_map_update_elem(&table, &now->sk, r, BPF_ANY);
	return table_find(now->sk);
}

/*
 * Why has this socket no record?  It existed before the trace, it was not selected, the table was
 * full, or an event was missed.
 */
static __always_inline void mark_unknown(struct record *r, __u8 from)
{
	if (scanning || r->h.flags & HANDSHAKE_BEFORE_TRACE ||
	    (scanned_netns && scanned_netns != r->h.netns)) {
		r->h.flags |= HANDSHAKE_BEFORE_TRACE;
	} else if (select_by_owner()) {
		r->h.flags |= HANDSHAKE_NOT_SELECTED;
	} else if (table_was_full) {
		/* post_unrecorded() has posted its handshake */
		r->h.flags |= HANDSHAKE_TABLE_FULL;
	} else {
		r->h.flags |= HANDSHAKE_EVENTS_LOST;
		if (from != BPF_TCP_SYN_SENT)
			count(COUNT_LOST_HANDSHAKE);
	}
}

/* -p: does a selected process close this socket, for all that is known yet? */
static __always_inline bool selected_closes(const struct change *now)
{
	const struct sock *sk = &now->tp->inet_conn.icsk_inet.sk;

	return cfg.by_pid &&
	       (queues_fin(now->room->to) || may_abort(now->room->from, now->room->to, sk)) &&
	       caller_selected();
}

/*
 * A socket without a record changes its state: the record begins on its way, and is not in the
 * table yet.  NULL: it is not selected.
 */
static __always_inline struct record *unknown_begin(const struct change *now)
{
	struct record *r;

	const bool closes = selected_closes(now);

	if ((select_by_owner() && !cfg.preexisting && !closes) || cfg.role)
		return NULL;
	r = scratch_record(now->cpu, now->level);
	if (!r)
		return NULL;
	read_identity(&r->h, now->tp, now->room->to);
	if (!select_remote(&r->h) || !select_local_port(&r->h))
		return NULL;
	if (cfg.preexisting)
		preexisting_take(r);
	if (!closes && !wanted_owner(&cfg, r))
		return NULL;
	count(COUNT_UNKNOWN);
	r->h.interface = now->room->interface;
	r->h.cookie = ask_cookie(now->tp);
	r->h.state = now->room->from;
	mark_unknown(r, now->room->from);
	if (now->room->from == BPF_TCP_SYN_SENT)
		r->h.role = ROLE_CLIENT;
	else
		r->h.flags |= HANDSHAKE_ESTABLISHED | HANDSHAKE_POSTED;
	if (now->room->from != BPF_TCP_ESTABLISHED)
		r->c.flags |= CLOSE_EVENTS_LOST;
	facts_of_state(&r->c, now->tp, now->room->from);
	return r;
}

/* A client that received the peer's SYN passes through SYN_RECV as well. */
static __always_inline bool opened_by_both(const struct record *r)
{
	return r && r->h.role == ROLE_CLIENT &&
	       (r->h.state == BPF_TCP_SYN_RECV || r->h.state == BPF_TCP_SYN_SENT);
}

#endif

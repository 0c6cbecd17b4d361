/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A connection's way through its states: how its record begins, grows and ends. */
#ifndef CONNECTION_BPF_H
#define CONNECTION_BPF_H

#include "common.bpf.h"
#include "synack.bpf.h"
#include "table.bpf.h"
#include "timewait.bpf.h"

/* connect() was called: the record begins, with its caller as the owner. */
static __always_inline void client_begin(struct cpu *cpu, int level, __u64 sk,
					 const struct tcp_sock *tp, __u64 t_ns)
{
	struct record *r = scratch_record(cpu, level);

	if (!r)
		return;
	r->h.role = ROLE_CLIENT;
	facts_identity(&r->h, tp, BPF_TCP_SYN_SENT);
	if (!select_remote(&r->h))
		return;
	if (cfg.owners)
		owner_current(&r->h.owner);
	if (select_by_owner()) {
		if (!select_current(&r->h.owner))
			return;
		r->h.flags |= HANDSHAKE_OWNER_SELECTED;
	}
	if (!cfg.retransmit_err)
		r->h.flags |= HANDSHAKE_MAYBE_UNSENT;
	/* TCP_FASTOPEN_CONNECT with a cookie at hand: the SYN leaves with the first write */
	if (BPF_CORE_READ_BITFIELD(tp, fastopen_connect) && !tp->fastopen_req)
		r->h.flags |= HANDSHAKE_SYN_AT_WRITE;
	r->h.cookie = facts_cookie(tp);
	diary_change(r, t_ns, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT, STEP_STATE);
	if (!table_enter(r, sk))
		table_is_full();
}

/*
 * May the ACK that made this child have been dropped before?  Data says so, and that a SYN,ACK was sent again
 * for want of data, where the listener is known to defer.
 */
static __always_inline bool is_deferred(const struct tcp_sock *tp, const struct listener *listener)
{
	if (!listener)
		return tp->data_segs_in;
	return (tp->data_segs_in || (listener->sk && tp->total_retrans)) &&
	       listener_defers(listener);
}

/*
 * A listener's child leaves SYN_RECV; it is the first moment its addresses can be trusted.  False when
 * it is not selected.
 */
static __always_inline bool server_begin(struct record *r, __u64 sk, const struct tcp_sock *tp,
					 __u8 to)
{
	const struct listener *listener = NULL;

	r->h.role = ROLE_SERVER;
	facts_identity(&r->h, tp, to);
	if (!select_remote(&r->h) || !select_local_port(&r->h))
		return false;
	if (cfg.owners || tp->data_segs_in || tp->total_retrans)
		listener = listener_of(&r->h);
	if (listener) {
		r->h.owner = listener->owner;
		if (listener->selected || (cfg.by_pid && select_pid(listener->owner.pid)))
			r->h.flags |= HANDSHAKE_OWNER_SELECTED;
	}
	if (!cfg.accept_seen && !owner_selected(r))
		return false;
	r->h.cookie = facts_cookie(tp);
	facts_established(&r->h, tp);
	cookie_take(&r->h, sk);
	if (r->h.retransmits)
		synacks_take(r);
	if (is_deferred(tp, listener))
		r->h.flags |= HANDSHAKE_ACK_DEFERRED;
	return true;
}

/* accept() took the child while it was in SYN_RECV: what its hook wrote down then. */
static __always_inline bool take_early_accept(struct record *r, const struct record *early)
{
	if (!early || early->h.state != BPF_TCP_SYN_RECV || !early->h.accept_ns)
		return false;
	r->h.acceptor = early->h.acceptor;
	r->h.accept_ns = early->h.accept_ns;
	r->h.conn = early->h.conn;
	return true;
}

static __always_inline void post_established(struct record *r)
{
	if (!wanted_handshake(&cfg, r) || post_handshake(r))
		r->h.flags |= HANDSHAKE_POSTED;
}

/* The same where accept() will not tell it any more; what is not told now is the close's to yield. */
static __always_inline void post_accepted(struct record *r)
{
	post_established(r);
	if (!(r->h.flags & HANDSHAKE_POSTED))
		r->h.accept_fate = ACCEPT_LOST;
}

/* The last ACK came: the record is entered, and waits for accept(). */
static __always_inline void server_established(struct record *r, __u64 sk, __u64 t_ns)
{
	struct unaccepted u = { .conn = r->h.conn, .since_ns = t_ns };
	struct record *old;
	bool queued;
	int err;

	diary_change(r, t_ns, BPF_TCP_SYN_RECV, BPF_TCP_ESTABLISHED, STEP_STATE);
	if (!cfg.accept_seen) {
		post_established(r);
		if (!table_enter(r, sk))
			table_is_full();
		return;
	}

	/* first the place in the queue, then the record: accept() may already be looking for both */
	err = bpf_map_update_elem(&unaccepted, &sk, &u, BPF_NOEXIST);
	queued = err != -EEXIST;
	if (!queued)
		err = bpf_map_update_elem(&unaccepted, &sk, &u, BPF_ANY);
	if (err)
		post_accepted(r);
	if (bpf_map_update_elem(&table, &sk, r, BPF_NOEXIST) == 0)
		return;
	old = table_find(sk);
	if (take_early_accept(r, old)) {
		claim_handshake(sk);
		post_accepted(r);
		bpf_map_update_elem(&table, &sk, r, BPF_ANY);
	} else if (old) {
		if (!table_replace(r, sk, queued))
			table_is_full();
	} else {
		/* no room: the handshake is told all the same, and the close later says what it lacks */
		table_is_full();
		claim_handshake(sk);
		r->h.flags |= HANDSHAKE_TABLE_FULL;
		if (owner_selected(r) && wanted_handshake(&cfg, r) && !post_handshake(r))
			count(COUNT_LOST_HANDSHAKE);
	}
}

/*
 * Two segments may find the same request on two CPUs, and each makes a child of it.  The later one is
 * undone before anybody has it (inet_ehash_nolisten()): no connection.  It alone closes with its port,
 * or what tcp_set_state() is about to take that from.
 */
static __always_inline bool lost_the_race(const struct tcp_sock *tp, __u8 to)
{
	if (to != BPF_TCP_CLOSE)
		return false;
	return cfg.on_entry ? !tp->inet_conn.icsk_bind_hash
			    : tp->inet_conn.icsk_inet.sk.__sk_common.skc_num;
}

/* A fast-open child closes, or dies, before its last ACK: the close yields the handshake. */
static __always_inline struct record *server_cut_short(struct record *r, __u64 sk)
{
	take_early_accept(r, table_find(sk));
	r->h.state = BPF_TCP_SYN_RECV;
	r->h.accept_fate = ACCEPT_LOST;
	bpf_map_update_elem(&table, &sk, r, BPF_ANY);
	return table_find(sk);
}

/*
 * A state change of a socket without a record.  It is older than the trace, or an event of it was not
 * seen, or the table was full when it began.
 */
static __always_inline struct record *record_unknown(struct cpu *cpu, int level,
						     const struct tcp_sock *tp, __u8 from, __u8 to)
{
	struct record *r;

	if ((select_by_owner() && !cfg.preexisting) || cfg.role)
		return NULL;
	r = scratch_record(cpu, level);
	if (!r)
		return NULL;
	facts_identity(&r->h, tp, to);
	if (!select_remote(&r->h) || !select_local_port(&r->h))
		return NULL;
	if (cfg.preexisting)
		preexisting_take(r);
	if (!owner_selected(r))
		return NULL;
	count(COUNT_UNKNOWN);
	r->h.cookie = facts_cookie(tp);
	r->h.state = from;
	if (scanning || r->h.flags & HANDSHAKE_BEFORE_TRACE ||
	    (scanned_netns && scanned_netns != r->h.netns)) {
		r->h.flags |= HANDSHAKE_BEFORE_TRACE;
	} else if (table_was_full) {
		r->h.flags |= HANDSHAKE_TABLE_FULL; /* and its handshake was told */
	} else {
		r->h.flags |= HANDSHAKE_EVENTS_LOST;
		if (from != BPF_TCP_SYN_SENT)
			count(COUNT_LOST_HANDSHAKE);
	}
	if (from == BPF_TCP_SYN_SENT)
		r->h.role = ROLE_CLIENT;
	else
		r->h.flags |= HANDSHAKE_ESTABLISHED | HANDSHAKE_POSTED;
	if (from != BPF_TCP_ESTABLISHED)
		r->c.flags |= CLOSE_EVENTS_LOST;
	facts_of_state(&r->c, tp, from);
	return r;
}

/* Whose system call ends the connection, when one does. */
static __always_inline void record_closer(struct record *r, __u8 from, __u8 to,
					  const struct sock *sk)
{
	bool fin = to == BPF_TCP_FIN_WAIT1 || to == BPF_TCP_LAST_ACK;
	bool abort = to == BPF_TCP_CLOSE && !sk->sk_err &&
		     (from == BPF_TCP_ESTABLISHED || from == BPF_TCP_CLOSE_WAIT ||
		      from == BPF_TCP_FIN_WAIT1);

	if (cfg.owners && (fin || (abort && !r->c.closer.pid)) && !current_is_kernel())
		owner_current(&r->c.closer);
}

/* One state change between the first and the last: what it tells, and its step. */
static __always_inline void record_change(struct record *r, const struct tcp_sock *tp, __u64 t_ns,
					  __u8 from, __u8 to)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	enum step_kind kind = STEP_STATE;

	if (to == BPF_TCP_ESTABLISHED) {
		facts_established(&r->h, tp);
		diary_change(r, t_ns, from, to, kind);
		return;
	}
	record_closer(r, from, to, sk);
	if (to == BPF_TCP_FIN_WAIT1 || to == BPF_TCP_LAST_ACK)
		facts_local_fin(&r->c, tp);
	/* our ACK of the peer's FIN: it leaves with what ends CLOSE_WAIT, or it has left */
	if (from == BPF_TCP_CLOSE_WAIT) {
		if (tp->inet_conn.icsk_ack.pending & 1)
			r->c.flags |= CLOSE_ACK_PENDING;
		else if (tp->segs_out == r->c.segs_at_fin + 1 && tp->tcp_wstamp_ns <= t_ns &&
			 tp->tcp_wstamp_ns >= r->c.t0_ns && r->c.n_steps)
			diary_close_step(r, tp->tcp_wstamp_ns, from, from, STEP_ACK_SENT);
	}
	if (to == BPF_TCP_CLOSE_WAIT || to == BPF_TCP_CLOSING)
		facts_remote_fin(&r->c, tp);
	if (to == BPF_TCP_FIN_WAIT2)
		facts_local_fin_acked(&r->c, tp);

	/* the kernel refreshes this clock once for each segment it takes in (tcp_mstamp_refresh) */
	if (from == BPF_TCP_FIN_WAIT2 && to == BPF_TCP_TIME_WAIT &&
	    r->c.segment_clock == tp->tcp_clock_cache)
		kind = STEP_SAME_SEGMENT;
	r->c.segment_clock = tp->tcp_clock_cache;
	diary_change(r, t_ns, from, to, kind);
}

/* The socket is done.  False when it lives on as a FIN_WAIT2 minisocket, its record with it. */
static __always_inline bool record_finish(struct cpu *cpu, int level, struct record *r,
					  const struct tcp_sock *tp, __u64 t_ns, __u8 from)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	__u8 to = BPF_TCP_CLOSE;

	if (from == BPF_TCP_FIN_WAIT2) {
		unsigned long flags = sk->__sk_common.skc_flags;

		if (flags & 1 << SOCK_DONE) {
			facts_remote_fin(&r->c, tp);
			to = BPF_TCP_TIME_WAIT;
		} else if (!sk->sk_err && flags & 1 << SOCK_DEAD && tp->linger2 >= 0 &&
			   !(r->c.flags & CLOSE_RST_SENT)) {
			/* with an RST the keepalive timer ends what waited in vain as a full socket */
			facts_totals(r, tp);
			r->c.flags |= CLOSE_MINISOCKET;
			if (!cfg.minisockets_seen || facts_timewait_full(tp)) {
				r->c.flags |= CLOSE_EVENTS_LOST | CLOSE_TIMEWAIT_FULL;
			} else if (minisocket_enter(cpu, level, r, tp, t_ns)) {
				return false;
			} else if (!(r->h.flags & HANDSHAKE_TABLE_FULL)) {
				r->h.flags |= HANDSHAKE_TABLE_FULL;
				table_is_full();
			}
		}
	}
	if ((from == BPF_TCP_LAST_ACK || from == BPF_TCP_CLOSING) && !sk->sk_err) {
		if (tp->snd_una == tp->write_seq) {
			facts_local_fin_acked(&r->c, tp);
			if (from == BPF_TCP_CLOSING)
				to = BPF_TCP_TIME_WAIT;
		} else if (facts_aborted(tp)) {
			r->c.flags |= CLOSE_RST_SENT;
		}
	}
	if (facts_refused_data(&r->c, tp))
		r->c.flags = (r->c.flags & ~CLOSE_RST_RECEIVED) | CLOSE_RST_SENT;
	if (to == BPF_TCP_TIME_WAIT)
		r->c.flags |= facts_timewait_full(tp) ? CLOSE_TIMEWAIT_FULL : CLOSE_TIME_WAIT;
	facts_totals(r, tp);
	if (!diary_established(r)) {
		r->h.err = sk->sk_err;
		r->h.err_soft = sk->sk_err_soft;
		/* an RST is a segment; port unreachable is none, and may be no soft error (tcp_v4_err) */
		if (sk->sk_err == ECONNREFUSED) {
			bool rst = r->h.flags & HANDSHAKE_RST_RECEIVED ||
				   (tp->segs_in && !(r->h.flags & HANDSHAKE_RST_SENT));

			r->h.err_soft = rst ? 0 : ECONNREFUSED;
		}
		r->h.retransmits = tp->total_retrans;
		/* without a cookie connect() has sent the SYN, and nothing else was */
		if (r->h.flags & HANDSHAKE_SYN_AT_WRITE && tp->segs_out && !tp->total_retrans)
			r->h.sent_ns = tp->tcp_wstamp_ns;
		if (tp->segs_out || r->h.role == ROLE_SERVER) {
			/* a child of a listener begins behind its SYN */
			r->h.iss = tp->snd_una - (__u32)tp->bytes_acked -
				   (r->h.role == ROLE_SERVER);
			r->h.flags |= HANDSHAKE_ISS;
		} else if (!(r->h.flags & HANDSHAKE_SYN_AT_WRITE) || !r->h.local_port) {
			/* none is free, or the one it has is taken there */
			r->h.flags |= HANDSHAKE_NO_PORT;
		}
	}
	r->c.flags |= CLOSE_OVER;
	record_change(r, tp, t_ns, from, to);
	return true;
}

/* A client that met the peer's SYN passes through SYN_RECV as well. */
static __always_inline bool opened_by_both(const struct record *r)
{
	return r && r->h.role == ROLE_CLIENT &&
	       (r->h.state == BPF_TCP_SYN_RECV || r->h.state == BPF_TCP_SYN_SENT);
}

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How a connection's record goes on, one state change after the other, and ends. */
#ifndef CONNECTION_BPF_H
#define CONNECTION_BPF_H

#include "common.bpf.h"
#include "facts.bpf.h"
#include "idle.bpf.h"
#include "mptcp.bpf.h"
#include "owner.bpf.h"
#include "reset.bpf.h"
#include "timewait.bpf.h"

/* include/net/inet_connection_sock.h, enum inet_csk_ack_state_t: an ACK is still to be sent */
#define ICSK_ACK_SCHED 1

/* Writes whose system call closes the connection, when one does. */
static __always_inline void write_closer(struct record *r, const struct change *now)
{
	struct close_part *c = &r->c;
	const struct tcp_sock *tp = now->tp;

	if (!cfg.owners || !(queues_fin(now->room->to) || (may_abort(now->room->from, now->room->to,
								     &tp->inet_conn.icsk_inet.sk) &&
							   !c->closer.pid)))
		return;
	if (!(r->h.flags & HANDSHAKE_MPTCP) ||
	    !mptcp_closed_by(c, (__u64)tp->inet_conn.icsk_ulp_data)) {
		if (current_is_kernel())
			return;
		owner_current(&c->closer);
		c->closer_exit = exit_of_current();
	}
	if (cfg.by_pid && select_pid(c->closer.pid) && select_comm(c->closer.comm) &&
	    current_in_cgroup())
		c->flags |= CLOSE_CLOSER_SELECTED;
}

/* CLOSE_WAIT ends: our ACK of the peer's FIN is sent with what ends it, or was sent before. */
static __always_inline void write_ack_of_fin(struct record *r, const struct tcp_sock *tp,
					     __u64 t_ns)
{
	if (tp->inet_conn.icsk_ack.pending & ICSK_ACK_SCHED)
		r->c.flags |= CLOSE_ACK_PENDING;
	else if (tp->segs_out == r->c.segs_out_at_remote_fin + 1 && tp->tcp_wstamp_ns <= t_ns &&
		 tp->tcp_wstamp_ns >= r->c.t0_ns && r->c.n_steps)
		diary_close_step(r, tp->tcp_wstamp_ns, BPF_TCP_CLOSE_WAIT, BPF_TCP_CLOSE_WAIT,
				 STEP_ACK_SENT);
}

/* What this change shows of the two FINs. */
static __always_inline void write_fins(struct record *r, const struct change *now)
{
	if (queues_fin(now->room->to))
		facts_local_fin(&r->c, now->tp, now->t_ns);
	if (now->room->from == BPF_TCP_CLOSE_WAIT)
		write_ack_of_fin(r, now->tp, now->t_ns);
	if (now->room->to == BPF_TCP_CLOSE_WAIT || now->room->to == BPF_TCP_CLOSING)
		facts_remote_fin(&r->c, now->tp);
	if (now->room->to == BPF_TCP_FIN_WAIT2)
		facts_local_fin_acked(&r->c, now->tp);
}

/* Did the segment of the last change make this one too? */
static __always_inline enum step_kind close_step_kind(struct close_part *c,
						      const struct change *now)
{
	/* the kernel updates this clock once for each segment it receives (tcp_mstamp_refresh) */
	__u64 clock = now->tp->tcp_clock_cache;
	bool same = now->room->from == BPF_TCP_FIN_WAIT2 && now->room->to == BPF_TCP_TIME_WAIT &&
		    c->segment_clock == clock;

	c->segment_clock = clock;
	return same ? STEP_SAME_SEGMENT : STEP_STATE;
}

/* Writes a state change with what the socket shows. */
static __always_inline void write_change(struct record *r, const struct change *now)
{
	enum step_kind kind = STEP_STATE;

	if (now->room->to == BPF_TCP_ESTABLISHED) {
		facts_established(&r->h, now->tp);
	} else {
		write_closer(r, now);
		if (!r->c.n_steps)
			facts_idle(&r->c, now->tp, now->t_ns);
		write_fins(r, now);
		kind = close_step_kind(&r->c, now);
	}
	diary_change(r, now->t_ns, now->room->from, now->room->to, kind);
}

/*
 * FIN_WAIT2 ends without the peer's FIN: does the kernel replace the socket by a minisocket?  Not
 * if we sent an RST: then the keepalive timer ended a full socket that had waited in vain.
 */
static __always_inline bool leaves_minisocket(const struct record *r, const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;

	return !sk->sk_err && has_sock_flag(sk, SOCK_DEAD) && tp->linger2 >= 0 &&
	       !(r->c.flags & CLOSE_RST_SENT);
}

/* Moves the record to those of the minisockets.  False: our table is full, or the kernel's. */
static __always_inline bool move_to_minisocket(struct record *r, const struct change *now)
{
	facts_totals(r, now->tp);
	r->c.flags |= CLOSE_MINISOCKET;
	if (!cfg.minisockets_seen || facts_timewait_full(now->tp)) {
		r->c.flags |= CLOSE_EVENTS_LOST | CLOSE_TIMEWAIT_FULL;
		return false;
	}
	if (minisocket_enter(r, now))
		return true;
	if (!(r->h.flags & HANDSHAKE_TABLE_FULL)) {
		r->h.flags |= HANDSHAKE_TABLE_FULL;
		table_is_full();
	}
	return false;
}

/* LAST_ACK or CLOSING ends without an error: with the ACK of our FIN, or by an abort? */
static __always_inline __u8 end_of_last_ack(struct close_part *c, const struct change *now)
{
	const struct tcp_sock *tp = now->tp;

	if (tp->snd_una == tp->write_seq) {
		facts_local_fin_acked(c, tp);
		if (now->room->from == BPF_TCP_CLOSING)
			return BPF_TCP_TIME_WAIT;
	} else if (facts_aborted(tp)) {
		c->flags |= CLOSE_RST_SENT;
	}
	return BPF_TCP_CLOSE;
}

/* It was accepted: by a call that no hook shows? */
static __always_inline void write_accept_unseen(struct record *r)
{
	if (r->h.accept_ns || !cfg.accept_seen || r->h.flags & HANDSHAKE_ACCEPT_UNSEEN)
		return;
	r->h.flags |= HANDSHAKE_ACCEPT_UNSEEN;
	count(COUNT_ACCEPT_UNSEEN);
}

/*
 * The socket becomes CLOSE: what it shows, before write_change().  False: a FIN_WAIT2 minisocket goes on, and has
 * the record.
 */
static __always_inline bool end_connection(struct record *r, const struct change *now)
{
	const struct tcp_sock *tp = now->tp;
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	__u8 to = BPF_TCP_CLOSE;

	/* an MPTCP subflow has no file of its own */
	if (r->h.role == ROLE_SERVER && diary_established(r) && !(r->h.flags & HANDSHAKE_MPTCP))
		r->h.flags |= was_accepted(sk) ? HANDSHAKE_ACCEPTED : HANDSHAKE_UNACCEPTED;
	if (r->h.flags & HANDSHAKE_ACCEPTED)
		write_accept_unseen(r);
	if (now->room->from == BPF_TCP_FIN_WAIT2 && has_sock_flag(sk, SOCK_DONE)) {
		facts_remote_fin(&r->c, tp);
		to = BPF_TCP_TIME_WAIT;
	} else if (now->room->from == BPF_TCP_FIN_WAIT2 && leaves_minisocket(r, tp)) {
		if (move_to_minisocket(r, now))
			return false;
	} else if ((now->room->from == BPF_TCP_LAST_ACK || now->room->from == BPF_TCP_CLOSING) &&
		   !sk->sk_err) {
		to = end_of_last_ack(&r->c, now);
	}
	now->room->to = to;
	if (now->room->to == BPF_TCP_TIME_WAIT)
		r->c.flags |= facts_timewait_full(tp) ? CLOSE_TIMEWAIT_FULL : CLOSE_TIME_WAIT;
	facts_totals(r, tp);
	if (!diary_established(r))
		facts_failed(&r->h, tp);
	r->c.flags |= CLOSE_OVER;
	reset_read(r, tp, now->room->from);
	return true;
}

#endif

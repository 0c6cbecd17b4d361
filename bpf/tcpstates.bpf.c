// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The hooks, each a few lines: gather facts, write the diary, post.  The way of a connection:
 * on_state() -> client_begin() or server_established() -> ... -> change() -> finish() -> tell().
 */
#include "vmlinux.h"

#include <asm/errno.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "config.h"

const volatile struct config cfg;

#include "accept.bpf.h"
#include "scan.bpf.h"
#include "synack.bpf.h"
#include "table.bpf.h"
#include "timewait.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* connect() was called: the record begins, with its caller as the owner. */
static __always_inline void client_begin(struct cpu *cpu, int lane, struct sock *sk,
					 const struct tcp_sock *tp, __u64 t_ns)
{
	struct record *r = scratch_record(cpu, lane);

	if (!r)
		return;
	r->h.role = ROLE_CLIENT;
	facts_identity(&r->h, tp, BPF_TCP_SYN_SENT);
	if (!select_remote(&r->h))
		return;
	owner_current(&r->h.owner);
	if (select_by_owner()) {
		if (!select_current(&r->h.owner))
			return;
		r->h.flags |= HANDSHAKE_OWNER_SELECTED;
	}
	/* TCP_FASTOPEN_CONNECT with a cookie at hand: the SYN leaves with the first write */
	if (BPF_CORE_READ_BITFIELD(tp, fastopen_connect) && !tp->fastopen_req)
		r->h.flags |= HANDSHAKE_SYN_AT_WRITE;
	r->h.cookie = facts_cookie(sk);
	diary_change(r, t_ns, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT, STEP_STATE);
	if (!table_enter(r, (__u64)sk))
		table_is_full();
}

/* The last ACK came to a listener's child; it is the first moment its addresses can be trusted. */
static __always_inline void server_established(struct record *r, struct sock *socket,
					       const struct tcp_sock *tp, __u64 t_ns, __u8 to)
{
	__u64 sk = (__u64)socket;
	struct unaccepted u = { .conn = r->h.conn, .since_ns = t_ns };
	const struct listener *listener;
	struct record *old;
	bool queued;
	long err;

	r->h.role = ROLE_SERVER;
	facts_identity(&r->h, tp, to);
	if (!select_remote(&r->h) || !select_local_port(&r->h)) {
		table_remove(sk); /* what accept() may have entered early */
		return;
	}
	listener = listener_of(&r->h);
	if (listener) {
		r->h.owner = listener->owner;
		if (listener->selected || (cfg.by_pid && select_pid(listener->owner.pid)))
			r->h.flags |= HANDSHAKE_OWNER_SELECTED;
	}
	if (!cfg.accept_seen && !owner_selected(r))
		return;
	r->h.cookie = facts_cookie(socket);
	facts_established(&r->h, tp);
	if (r->h.retransmits)
		synacks_take(r);
	if (tp->data_segs_in && (!listener || listener_defers(listener)))
		r->h.flags |= HANDSHAKE_ACK_DEFERRED;
	diary_change(r, t_ns, BPF_TCP_SYN_RECV, to, STEP_STATE);
	if (!cfg.accept_seen) {
		if (!wanted_handshake(&cfg, r) || post_handshake(r))
			r->h.flags |= HANDSHAKE_TOLD;
		if (!table_enter(r, sk))
			table_is_full();
		return;
	}

	/* first the place in the queue, then the record: accept() may already be looking for both */
	err = bpf_map_update_elem(&unaccepted, &sk, &u, BPF_NOEXIST);
	queued = err != -EEXIST;
	if (!queued)
		err = bpf_map_update_elem(&unaccepted, &sk, &u, BPF_ANY);
	if (err && (!wanted_handshake(&cfg, r) || post_handshake(r)))
		r->h.flags |= HANDSHAKE_TOLD;
	if (bpf_map_update_elem(&table, &sk, r, BPF_NOEXIST) == 0)
		return;
	old = table_find(sk);
	if (old && old->h.state == BPF_TCP_SYN_RECV && old->h.accept_ns) {
		/* accept() took the child in SYN_RECV already */
		r->h.acceptor = old->h.acceptor;
		r->h.accept_ns = old->h.accept_ns;
		r->h.conn = old->h.conn;
		claim_handshake(sk);
		if (!wanted_handshake(&cfg, r) || post_handshake(r))
			r->h.flags |= HANDSHAKE_TOLD;
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
 * A state change of a socket without a record.  It is older than the trace, or an event of it was not
 * seen, or the table was full when it began.
 */
static __always_inline struct record *unknown(struct cpu *cpu, int lane, struct sock *sk,
					      const struct tcp_sock *tp, __u8 from, __u8 to)
{
	struct record *r;

	if (select_by_owner() || cfg.role)
		return NULL;
	r = scratch_record(cpu, lane);
	if (!r)
		return NULL;
	facts_identity(&r->h, tp, to);
	if (!select_remote(&r->h) || !select_local_port(&r->h))
		return NULL;
	count(COUNT_UNKNOWN);
	r->h.cookie = facts_cookie(sk);
	r->h.state = from;
	if (scanning) {
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
		r->h.flags |= HANDSHAKE_ESTABLISHED | HANDSHAKE_TOLD;
	if (from != BPF_TCP_ESTABLISHED)
		r->c.flags |= CLOSE_EVENTS_LOST;
	return r;
}

/* Whose system call ends the connection, when one does (kernel-notes 7). */
static __always_inline void closer(struct record *r, __u8 from, __u8 to, const struct sock *sk)
{
	bool fin = to == BPF_TCP_FIN_WAIT1 || to == BPF_TCP_LAST_ACK;
	bool abort = to == BPF_TCP_CLOSE && !sk->sk_err &&
		     (from == BPF_TCP_ESTABLISHED || from == BPF_TCP_CLOSE_WAIT || from == BPF_TCP_FIN_WAIT1);

	if (fin || (abort && !r->c.closer.pid))
		owner_current(&r->c.closer);
}

/* One state change between the first and the last: what it tells, and its step. */
static __always_inline void change(struct record *r, const struct tcp_sock *tp, __u64 t_ns, __u8 from, __u8 to)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	enum step_kind kind = STEP_STATE;

	if (to == BPF_TCP_ESTABLISHED) {
		if (!r->h.local_port)
			facts_identity(&r->h, tp, to);
		facts_established(&r->h, tp);
		diary_change(r, t_ns, from, to, kind);
		return;
	}
	closer(r, from, to, sk);
	if (to == BPF_TCP_FIN_WAIT1 || to == BPF_TCP_LAST_ACK)
		facts_local_fin(&r->c, tp);
	if (to == BPF_TCP_LAST_ACK) {
		if (tp->inet_conn.icsk_ack.pending & 1)
			r->c.flags |= CLOSE_ACK_PENDING;
		else if (tp->segs_out == r->c.segs_out_at_fin + 1 && tp->tcp_wstamp_ns <= t_ns &&
			 tp->tcp_wstamp_ns >= r->c.t0_ns && r->c.n_steps)
			diary_close_step(r, tp->tcp_wstamp_ns, from, from, STEP_ACK_SENT);
	}
	if (to == BPF_TCP_CLOSE_WAIT || to == BPF_TCP_CLOSING)
		facts_remote_fin(&r->c, tp);
	if (to == BPF_TCP_FIN_WAIT2)
		facts_local_fin_acked(&r->c, tp);

	/* the kernel refreshes this clock once for each segment it takes in (tcp_mstamp_refresh) */
	if (from == BPF_TCP_FIN_WAIT2 && r->c.segment_clock == tp->tcp_clock_cache)
		kind = STEP_SAME_SEGMENT;
	r->c.segment_clock = tp->tcp_clock_cache;
	diary_change(r, t_ns, from, to, kind);
}

/* The socket is done.  False when it lives on as a FIN_WAIT2 minisocket, its record with it. */
static __always_inline bool finish(struct cpu *cpu, int lane, struct record *r,
				   const struct tcp_sock *tp, __u64 t_ns, __u8 from)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	__u8 to = BPF_TCP_CLOSE;

	if (!r->h.local_port)
		facts_identity(&r->h, tp, to);
	if (from == BPF_TCP_FIN_WAIT2) {
		unsigned long flags = sk->__sk_common.skc_flags;

		if (flags & 1 << SOCK_DONE) {
			facts_remote_fin(&r->c, tp);
			to = BPF_TCP_TIME_WAIT;
		} else if (!sk->sk_err && flags & 1 << SOCK_DEAD && tp->linger2 >= 0) {
			facts_totals(r, tp);
			if (cfg.minisockets_seen && minisocket_enter(cpu, lane, r, tp, t_ns))
				return false;
			r->c.flags |= CLOSE_MINISOCKET | CLOSE_EVENTS_LOST;
		}
	}
	if ((from == BPF_TCP_LAST_ACK || from == BPF_TCP_CLOSING) && !sk->sk_err &&
	    tp->snd_una == tp->write_seq) {
		facts_local_fin_acked(&r->c, tp);
		if (from == BPF_TCP_CLOSING)
			to = BPF_TCP_TIME_WAIT;
	}
	if (to == BPF_TCP_TIME_WAIT)
		r->c.flags |= CLOSE_TIME_WAIT;
	facts_totals(r, tp);
	if (!diary_established(r)) {
		r->h.err = sk->sk_err;
		r->h.err_soft = sk->sk_err_soft;
		r->h.retransmits = tp->total_retrans;
		r->h.iss = tp->snd_una - (__u32)tp->bytes_acked;
		r->h.flags |= HANDSHAKE_ISS;
		if (r->h.role == ROLE_CLIENT && !r->h.local_port)
			r->h.flags |= HANDSHAKE_NO_PORT;
	}
	r->c.flags |= CLOSE_OVER;
	change(r, tp, t_ns, from, to);
	return true;
}

static __always_inline void post_transition(const struct record *r, const struct tcp_sock *tp, __u64 sk,
					    __u64 t_ns, __u8 from, __u8 to)
{
	struct transition t = { .t_ns = t_ns, .skaddr = sk, .from = from, .to = to };
	struct handshake_part h = {};

	facts_identity(&h, tp, to);
	h.role = r ? r->h.role : ROLE_UNKNOWN;
	if (!select_remote(&h) || !select_local_port(&h))
		return;
	__builtin_memcpy(t.local, h.local, 16);
	__builtin_memcpy(t.remote, h.remote, 16);
	t.family = h.family;
	t.netns = h.netns;
	t.local_port = h.local_port;
	t.remote_port = h.remote_port;
	if (r) {
		const struct owner *o = r->h.accept_ns ? &r->h.acceptor : &r->h.owner;
		__u64 last = r->c.n_steps ? diary_close_end_ns(r) : diary_handshake_end_ns(&r->h);

		t.conn = r->h.conn;
		t.since_ns = last && last < t_ns ? t_ns - last : 0;
		t.pid = o->pid;
		__builtin_memcpy(t.comm, o->comm, COMM_LEN);
	} else if (select_by_owner()) {
		return;
	}
	if (bpf_ringbuf_output(&ring, &t, sizeof(t), wake_flag()))
		count(COUNT_LOST_TRANSITION);
}

static __always_inline void listen_change(struct sock *sk, const struct tcp_sock *tp, __u8 to)
{
	struct listener_key key;

	facts_listener(&key, &sk->__sk_common, facts_local_port(tp, to));
	if (cfg.netns && key.netns != cfg.netns)
		return;
	if (to == BPF_TCP_LISTEN) {
		struct owner o;

		owner_current(&o);
		listener_add(&key, sk, &o, select_by_owner() && select_current(&o));
	} else {
		listener_remove(&key);
	}
}

/* A client that met the peer's SYN passes through SYN_RECV as well. */
static __always_inline bool opened_by_both(const struct record *r)
{
	return r && r->h.role == ROLE_CLIENT &&
	       (r->h.state == BPF_TCP_SYN_RECV || r->h.state == BPF_TCP_SYN_SENT);
}

static __always_inline void on_state(struct cpu *cpu, int lane, struct sock *sk, __u8 from, __u8 to)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	__u64 t_ns = bpf_ktime_get_ns(), key = (__u64)sk;
	struct record *r;

	if (!tp)
		return;
	if (to == BPF_TCP_LISTEN || from == BPF_TCP_LISTEN) {
		/* LISTEN -> SYN_RECV comes with the last ACK, and before 6.15 with a wrong peer */
		if (to != BPF_TCP_SYN_RECV)
			listen_change(sk, tp, to);
		if (cfg.states && to != BPF_TCP_SYN_RECV)
			post_transition(NULL, tp, key, t_ns, from, to);
		return;
	}
	if (to == BPF_TCP_SYN_SENT) {
		client_begin(cpu, lane, sk, tp, t_ns);
		if (cfg.states)
			post_transition(table_find(key), tp, key, t_ns, from, to);
		return;
	}
	r = table_find(key);
	if (r && r->h.cookie && r->h.cookie != (__u64)sk->__sk_common.skc_cookie.counter) {
		tell_stale(r, !claim_handshake(key));
		table_remove(key);
		r = NULL;
	}
	if (from == BPF_TCP_SYN_RECV && !opened_by_both(r)) {
		r = scratch_record(cpu, lane);
		if (r)
			server_established(r, sk, tp, t_ns, to);
		if (cfg.states)
			post_transition(table_find(key), tp, key, t_ns, from, to);
		if (to == BPF_TCP_ESTABLISHED)
			return;
		r = table_find(key);
	}
	if (cfg.states)
		post_transition(r, tp, key, t_ns, from, to);
	if (!r) {
		r = unknown(cpu, lane, sk, tp, from, to);
		if (!r) {
			/* what the scan has not come to yet must not be entered by it once it is gone */
			if (scanning && to == BPF_TCP_CLOSE)
				scan_bury(cpu, lane, key);
			return;
		}
		if (to == BPF_TCP_CLOSE) {
			if (finish(cpu, lane, r, tp, t_ns, from))
				tell(r);
			if (scanning)
				scan_bury(cpu, lane, key);
			return;
		}
		change(r, tp, t_ns, from, to);
		table_enter(r, key);
		r = table_find(key);
		if (!r)
			return;
	} else if (to == BPF_TCP_CLOSE) {
		if (settle_handshake(r, key) && finish(cpu, lane, r, tp, t_ns, from) && select_local_port(&r->h))
			tell(r);
		table_remove(key);
		return;
	} else {
		change(r, tp, t_ns, from, to);
	}

	if (to == BPF_TCP_ESTABLISHED) {
		/* only now is a client's own port known */
		if (!select_local_port(&r->h)) {
			table_remove(key);
			return;
		}
		if (!wanted_handshake(&cfg, r) || post_handshake(r))
			r->h.flags |= HANDSHAKE_TOLD;
	}
}

static __always_inline bool is_tcp(const struct sock *sk)
{
	return sk->sk_protocol == 6; /* the kernel's own MPTCP sockets have 262 */
}

/* A note can be overwritten by another change's; the record tells what has been written into it. */
static __always_inline bool was_taken(const struct sock *sk, __u8 to)
{
	const struct record *r = table_find((__u64)sk);

	if (!r)
		return to == BPF_TCP_CLOSE;
	return r->h.state == to && r->h.cookie == (__u64)sk->__sk_common.skc_cookie.counter;
}

/*
 * A program that is interrupted by a softirq is not run again for what happens inside (since 6.1), so
 * there are two: the first notes each change that it took, the stand-in takes those without a note.
 * It may itself be skipped and leave a note behind, which the next connection in the same socket's
 * memory must not find: hence the cookie, which is that connection's alone.
 */
static __always_inline void take_state(struct sock *sk, int from, int to, bool stand_in)
{
	struct note *note;
	struct cpu *cpu;
	__u64 key;
	int lane;

	if (from == to || !is_tcp(sk))
		return;
	cpu = this_cpu();
	if (!cpu)
		return;
	lane = lane_enter(cpu);
	if (lane < 0)
		return;
	note = note_of(cpu, lane, sk, to, &key);
	if (!note)
		goto out;
	if (stand_in) {
		if (note->key == key && note->cookie == (__u64)sk->__sk_common.skc_cookie.counter) {
			note->key = 0;
			goto out;
		}
		if (was_taken(sk, to))
			goto out;
		count(COUNT_STAND_IN);
	}
	on_state(cpu, lane, sk, from, to);
	if (!stand_in) {
		note->key = key;
		note->cookie = (__u64)sk->__sk_common.skc_cookie.counter;
	}
out:
	lane_leave(cpu);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_changed, struct sock *sk, int from, int to)
{
	take_state(sk, from, to, false);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_changed_stand_in, struct sock *sk, int from, int to)
{
	take_state(sk, from, to, true);
	return 0;
}

/* Our SYN or FIN leaves once more. */
SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(retransmitted, struct sock *sk, struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = (void *)skb->cb;
	__u8 state = sk->__sk_common.skc_state;
	struct tcp_sock *tp;
	struct record *r;

	/* some kernels also report what could not be sent */
	if (cfg.retransmit_err && (int)ctx[2])
		return 0;
	if (state != BPF_TCP_SYN_SENT && state != BPF_TCP_FIN_WAIT1 && state != BPF_TCP_LAST_ACK &&
	    state != BPF_TCP_CLOSING)
		return 0;
	r = table_find((__u64)sk);
	tp = bpf_skc_to_tcp_sock(sk);
	if (!r || !tp || r->h.state != state)
		return 0;
	if (state == BPF_TCP_SYN_SENT || BPF_CORE_READ(cb, end_seq) == tp->write_seq)
		diary_retransmit(r, bpf_ktime_get_ns(), state);
	return 0;
}

/* Reported before the state change for keepalive and `ss -K`, after it in all other cases. */
SEC("tp_btf/tcp_send_reset")
int BPF_PROG(reset_sent, struct sock *sk)
{
	struct record *r;
	__u8 state;

	if (!sk)
		return 0;
	r = table_find((__u64)sk);
	state = sk->__sk_common.skc_state;
	if (r)
		r->c.flags |= CLOSE_RST_SENT;
	else if (cfg.minisockets_seen && (state == BPF_TCP_TIME_WAIT || state == BPF_TCP_CLOSE))
		minisocket_refused(sk);
	return 0;
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(reset_received, struct sock *sk)
{
	struct record *r = table_find((__u64)sk);

	if (!r)
		return 0;
	if (diary_established(r))
		r->c.flags |= CLOSE_RST_RECEIVED;
	else
		r->h.flags |= HANDSHAKE_RST_RECEIVED;
	return 0;
}

SEC("?tp_btf/kfree_skb")
int BPF_PROG(segment_freed, struct sk_buff *skb, void *location, int reason, struct sock *rx_sk)
{
	if (rx_sk && rx_sk->__sk_common.skc_state == BPF_TCP_TIME_WAIT)
		minisocket_segment(skb, &rx_sk->__sk_common);
	return 0;
}

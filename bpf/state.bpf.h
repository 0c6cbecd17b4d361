/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One state change: whether it was taken already, and which part of the connection's way it is. */
#ifndef STATE_BPF_H
#define STATE_BPF_H

#include "common.bpf.h"
#include "connection.bpf.h"
#include "scan.bpf.h"

static __always_inline void post_transition(const struct record *r, const struct tcp_sock *tp,
					    __u64 sk, __u64 t_ns, __u8 from, __u8 to)
{
	struct transition t = { .t_ns = t_ns, .skaddr = sk, .from = from, .to = to };
	struct handshake_part h = {};

	facts_identity(&h, tp, to);
	h.role = r ? r->h.role : ROLE_UNKNOWN;
	/* a server's connection is undecided until somebody accept()s it */
	if (select_by_owner() && !(r && (owner_selected(r) || r->h.accept_ns)))
		return;
	if (!select_remote(&h) || !select_local_port(&h))
		return;
	__builtin_memcpy(t.local, h.local, 16);
	__builtin_memcpy(t.remote, h.remote, 16);
	t.family = h.family;
	t.netns = h.netns;
	t.local_port = h.local_port;
	t.remote_port = h.remote_port;
	t.role = h.role;
	if (r) {
		const struct owner *o = r->h.accept_ns ? &r->h.acceptor : &r->h.owner;
		__u64 last = r->c.n_steps ? diary_close_end_ns(r) : diary_handshake_end_ns(&r->h);

		t.conn = r->h.conn;
		t.since_ns = last && last < t_ns ? t_ns - last : 0;
		t.pid = o->pid;
		__builtin_memcpy(t.comm, o->comm, COMM_LEN);
	}
	if (bpf_ringbuf_output(&ring, &t, sizeof(t), wake_flag()))
		count(COUNT_LOST_TRANSITION);
}

static __always_inline void listen_change(__u64 sk, const struct tcp_sock *tp, __u8 to)
{
	struct listener_key key;

	facts_listener(&key, &tp->inet_conn.icsk_inet.sk.__sk_common, facts_local_port(tp, to));
	if (cfg.netns && key.netns != cfg.netns)
		return;
	if (to == BPF_TCP_LISTEN) {
		struct owner o;

		owner_current(&o);
		listener_add(&key, sk, &o, select_by_owner() && select_current(&o));
	} else {
		listener_remove(&key, sk);
	}
}

static __always_inline __u64 cookie_of(const struct sock *sk)
{
	return FIELD(sk, __sk_common.skc_cookie.counter);
}

/*
 * Is this the record of an earlier connection in the same memory, whose end went unseen?  Where there are
 * no cookies the ports tell most of them apart.
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

static __always_inline __u8 state_of(const struct sock *sk)
{
	return FIELD(sk, __sk_common.skc_state);
}

static __always_inline void on_state(struct cpu *cpu, int level, struct sock *sk, __u8 from,
				     __u8 to)
{
	const struct tcp_sock *tp = facts_tcp(sk, level);
	__u64 t_ns = bpf_ktime_get_ns(), key = (__u64)sk;
	struct record *r;

	if (!tp)
		return;
	if (to == BPF_TCP_LISTEN || from == BPF_TCP_LISTEN) {
		/*
		 * LISTEN -> SYN_RECV comes with the last ACK, and with a wrong peer before 6.15:
		 * commit a3a128f611a9 ("inet: consolidate inet_csk_clone_lock()")
		 */
		if (to != BPF_TCP_SYN_RECV)
			listen_change(key, tp, to);
		if (cfg.states && to != BPF_TCP_SYN_RECV)
			post_transition(NULL, tp, key, t_ns, from, to);
		return;
	}
	if (to == BPF_TCP_SYN_SENT) {
		client_begin(cpu, level, key, tp, t_ns);
		if (cfg.states)
			post_transition(table_find(key), tp, key, t_ns, from, to);
		return;
	}
	r = table_find(key);
	if (r && !r->h.conn) {
		/* a socket that closed before the scan came to it was here */
		if (!scanning)
			table_remove(key);
		r = NULL;
	}
	if (r && is_stale(r, sk)) {
		post_stale(r, !claim_handshake(key));
		table_remove(key);
		r = NULL;
	}
	/* a client's own port is known from its first change after connect() on */
	if (r && r->h.role == ROLE_CLIENT && (!r->h.local_port || !diary_established(r))) {
		if (!r->h.local_port)
			facts_identity(&r->h, tp, to);
		if (!select_local_port(&r->h)) {
			table_remove(key);
			return;
		}
	}
	if (from == BPF_TCP_SYN_RECV && !opened_by_both(r)) {
		if (lost_the_race(tp, to))
			return;
		r = scratch_record(cpu, level);
		if (!r)
			return;
		if (!server_begin(r, key, tp, to)) {
			table_remove(key); /* what accept() may have entered early */
			return;
		}
		if (to == BPF_TCP_ESTABLISHED) {
			server_established(r, key, t_ns);
			if (cfg.states)
				post_transition(table_find(key), tp, key, t_ns, from, to);
			return;
		}
		r = server_cut_short(r, key);
	}
	if (cfg.states)
		post_transition(r, tp, key, t_ns, from, to);
	if (!r) {
		r = record_unknown(cpu, level, tp, from, to);
		if (!r) {
			/* what the scan has not come to yet must not be entered by it once it is gone */
			if (scanning && to == BPF_TCP_CLOSE)
				scan_bury(cpu, level, key);
			return;
		}
		if (to == BPF_TCP_CLOSE) {
			if (record_finish(cpu, level, r, tp, t_ns, from))
				post_finished(r);
			if (scanning)
				scan_bury(cpu, level, key);
			return;
		}
		record_change(r, tp, t_ns, from, to);
		table_enter(r, key);
		r = table_find(key);
		if (!r)
			return;
	} else if (to == BPF_TCP_CLOSE) {
		if (settle_handshake(r, key) && record_finish(cpu, level, r, tp, t_ns, from))
			post_finished(r);
		table_remove(key);
		return;
	} else {
		record_change(r, tp, t_ns, from, to);
	}

	if (to == BPF_TCP_ESTABLISHED)
		post_established(r);
}

/*
 * For all but the usual hook one copy is enough, which the verifier goes through for each with the types of
 * its pointers.  Without a call that takes it a third less time.
 */
static __noinline void on_state_called(struct cpu *cpu, int level, struct sock *sk, __u8 from,
				       __u8 to)
{
	on_state(cpu, level, sk, from, to);
}

static __always_inline bool is_tcp(const struct sock *sk)
{
	return FIELD(sk, sk_protocol) == 6; /* the kernel's own MPTCP sockets have 262 */
}

/* What this connection alone has: its cookie, else where its sequences have come to. */
static __always_inline __u64 mark_of(const struct sock *sk)
{
	const struct tcp_sock *tp = (const void *)sk;

	if (cfg.typed || cfg.cookie_helper)
		return cookie_of(sk);
	return (__u64)BPF_CORE_READ(tp, write_seq) << 32 | BPF_CORE_READ(tp, rcv_nxt);
}

/* A note can be overwritten by another change's; what the change is written into tells as well. */
static __always_inline bool was_taken(const struct sock *sk, __u8 from, __u8 to)
{
	const struct record *r;
	__u64 key = (__u64)sk;

	if (from == BPF_TCP_LISTEN || to == BPF_TCP_LISTEN)
		return !bpf_map_lookup_elem(&listening, &key) == (to != BPF_TCP_LISTEN);
	r = table_find(key);
	if (!r)
		return to == BPF_TCP_CLOSE;
	return r->h.state == to && !is_stale(r, sk);
}

/* The main program has taken the record of one that closes away, unless there was none to be. */
static __always_inline bool would_have_record(struct cpu *cpu, int level, struct sock *sk)
{
	const struct tcp_sock *tp = facts_tcp(sk, level);
	struct record *r = scratch_record(cpu, level);

	if (!tp || !r || select_by_owner() || cfg.role)
		return false;
	facts_identity(&r->h, tp, BPF_TCP_CLOSE);
	return select_remote(&r->h) && select_local_port(&r->h);
}

/*
 * A change that has its effect already, and no note: did somebody take it, whose note is gone?  Else it is
 * one that has no effect, such as LISTEN -> SYN_RECV.
 */
static __always_inline bool lost_its_note(struct cpu *cpu, int level, struct sock *sk, __u8 from,
					  __u8 to)
{
	return cfg.preempted && from != BPF_TCP_LISTEN &&
	       (to != BPF_TCP_CLOSE || would_have_record(cpu, level, sk));
}

/* Which of the programs at one hook, in the order that they run in. */
enum duty {
	DUTY_PRIMARY,
	DUTY_BACKUP,
	DUTY_RELAY,
};

/*
 * A program that is interrupted is not run again for what happens inside (since 6.1, commit 05b24ff9b2cf
 * ("bpf: Prevent bpf program recursion for raw tracepoint probes")), so there are two: the first notes each
 * change that it took, the relay takes those without a note.  Where a task can be taken off its CPU in
 * the first, which keeps that from running there for as long, there are some more between them, which note
 * what they took as well: what the first did not run for is counted once.
 * The last may itself be skipped and leave a note behind, which the next connection in the same socket's
 * memory must not find: hence the cookie, which is that connection's alone.  Where a task can be taken off
 * its CPU between two programs its note may be gone, and that is no run that was skipped.
 */
static __always_inline void take_duty(struct sock *sk, int from, int to, enum duty duty,
				      bool inlined)
{
	bool taken = false;
	struct note *note;
	struct cpu *cpu;
	__u64 key;
	int level;

	if (from == to || !is_tcp(sk))
		return;
	cpu = this_cpu();
	if (!cpu)
		return;
	level = level_take(cpu);
	if (level < 0)
		return;
	note = note_of(cpu, level, sk, to, &key);
	if (!note)
		goto out;
	if (duty != DUTY_PRIMARY) {
		if (note->key == key && note->mark == mark_of(sk)) {
			if (duty == DUTY_RELAY)
				note->key = 0;
			goto out;
		}
		taken = was_taken(sk, from, to);
		if (!taken || !lost_its_note(cpu, level, sk, from, to))
			count(COUNT_RELAY);
	}
	if (!taken && inlined)
		on_state(cpu, level, sk, from, to);
	else if (!taken)
		on_state_called(cpu, level, sk, from, to);
	if (duty != DUTY_RELAY) {
		note->key = key;
		note->mark = mark_of(sk);
	}
out:
	level_give(cpu);
}

/* Held from its first instruction to its last: each moment besides may cost others this program's run. */
static __always_inline void take_state(struct sock *sk, int from, int to, enum duty duty,
				       bool inlined)
{
	preempt_off();
	take_duty(sk, from, to, duty, inlined);
	preempt_on();
}

#endif

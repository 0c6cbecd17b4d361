// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The hooks on state changes and resets.  The others are in the header of their
 * subject.  The way of a connection: take_change() (relay.bpf.h) -> on_change() (state.bpf.h) ->
 * client_begin() or server_begin() (begin.bpf.h) -> write_change() ... end_connection()
 * (connection.bpf.h) -> post_finished() (handshake.bpf.h).
 */
#include "accept.bpf.h"
#include "attempt.bpf.h"
#include "dropped.bpf.h"
#include "relay.bpf.h"
#include "retransmit.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/*
 * The main hook: the tracepoint, whose arguments have types where the kernel has type information;
 * else tcp_set_state(), which is not called for CLOSE -> LISTEN and LISTEN -> SYN_RECV.  Both come
 * before the new state is written.
 */
SEC("?tp_btf/inet_sock_set_state")
int BPF_PROG(state_tp_btf, struct sock *sk, int from, int to)
{
	take_by_tail_call(ctx, sk, from, to, PROGRAM_PRIMARY);
	return 0;
}

SEC("?tp_btf/inet_sock_set_state")
int BPF_PROG(state_tp_btf_relay, struct sock *sk, int from, int to)
{
	take_by_tail_call(ctx, sk, from, to, PROGRAM_RELAY);
	return 0;
}

/*
 * One for both, because the verifier takes long for it.  Since 6.13 a program has one stack per CPU, commit
 * a76ab5731e32 ("bpf: Find eligible subprogs for private stack support"): the kernel does not run a program
 * twice at a time, but one that is tail-called runs as often as its callers.  A program that tail-calls has no
 * such stack.
 */
SEC("?tp_btf/inet_sock_set_state")
int BPF_PROG(state_tp_btf_body, struct sock *sk, int from, int to)
{
	take_body(sk, from, to);
#ifdef PREEMPT_KFUNCS
	if (unknown_0)
		bpf_tail_call(ctx, &bodies, 0);
#endif
	return 0;
}

/*
 * Where a task can lose its CPU between a program and the one that it tail-calls, each has the code of its own.
 * Such kernels have the kfuncs: the object without them does without this code.
 */
#ifdef PREEMPT_KFUNCS
#define take_held(sk, from, to, program) take_change(sk, from, to, program, CODE_INLINED)
#else
#define take_held(sk, from, to, program)
#endif
#define HELD(name, program)                                   \
	SEC("?tp_btf/inet_sock_set_state")                    \
	int BPF_PROG(name, struct sock *sk, int from, int to) \
	{                                                     \
		take_held(sk, from, to, program);             \
		return 0;                                     \
	}
HELD(state_tp_btf_held, PROGRAM_PRIMARY)
HELD(state_tp_btf_backup_0, PROGRAM_BACKUP)
HELD(state_tp_btf_backup_1, PROGRAM_BACKUP)
HELD(state_tp_btf_backup_2, PROGRAM_BACKUP)
HELD(state_tp_btf_held_relay, PROGRAM_RELAY)

SEC("?raw_tp/inet_sock_set_state")
int BPF_PROG(state_raw_tp, struct sock *sk, int from, int to)
{
	take_change(sk, from, to, PROGRAM_PRIMARY, CODE_CALLED);
	return 0;
}

SEC("?raw_tp/inet_sock_set_state")
int BPF_PROG(state_raw_tp_relay, struct sock *sk, int from, int to)
{
	take_change(sk, from, to, PROGRAM_RELAY, CODE_CALLED);
	return 0;
}

SEC("?fentry/tcp_set_state")
int BPF_PROG(state_fentry, struct sock *sk, int to)
{
	take_change(sk, state_of(sk), to, PROGRAM_PRIMARY, CODE_CALLED);
	return 0;
}

SEC("?fentry/tcp_set_state")
int BPF_PROG(state_fentry_relay, struct sock *sk, int to)
{
	take_change(sk, state_of(sk), to, PROGRAM_RELAY, CODE_CALLED);
	return 0;
}

/*
 * Without a relay: the kernel runs no kprobe's program while another program runs, or a map is
 * read, on the same CPU (trace_call_bpf).
 */
SEC("?kprobe/tcp_set_state")
int BPF_KPROBE(state_kprobe, struct sock *sk, int to)
{
	take_change(sk, state_of(sk), to, PROGRAM_PRIMARY, CODE_CALLED);
	return 0;
}

/* CLOSE -> LISTEN, for which tcp_set_state() is not called. */
SEC("?fentry/inet_csk_listen_start")
int BPF_PROG(listen_fentry, struct sock *sk)
{
	take_change(sk, state_of(sk), BPF_TCP_LISTEN, PROGRAM_PRIMARY, CODE_CALLED);
	return 0;
}

SEC("?kprobe/inet_csk_listen_start")
int BPF_KPROBE(listen_kprobe, struct sock *sk)
{
	take_change(sk, state_of(sk), BPF_TCP_LISTEN, PROGRAM_PRIMARY, CODE_CALLED);
	return 0;
}

/*
 * The kernel sends the RST before the state change for keepalive and `ss -K`, after it in all other
 * cases but SYN_SENT, where there is none.  One that answers a minisocket's segment is reported
 * with the minisocket since 6.10, before that without a socket.
 */
SEC("?raw_tp/tcp_send_reset")
int BPF_PROG(reset_sent, struct sock *sk, struct sk_buff *answered)
{
	__u8 state, reason = cfg.reset_reasons ? reset_reason_of((int)ctx[2]) : RESET_UNKNOWN;
	struct record *r, *held;

	if (!sk)
		return 0;
	r = table_find((__u64)sk);
	held = r ? NULL : reset_held_of(sk);
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (r && diary_established(r)) {
		r->c.flags |= CLOSE_RST_SENT;
		r->c.reset_reason = reason;
	} else if (r) {
		r->h.flags |= HANDSHAKE_RST_SENT;
	} else if (held) {
		reset_explain(held, sk, answered, reason);
	} else if (cfg.minisockets_seen && (state == BPF_TCP_TIME_WAIT || state == BPF_TCP_CLOSE)) {
		minisocket_refused(sk, state, answered);
	}
	return 0;
}

SEC("raw_tp/tcp_receive_reset")
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

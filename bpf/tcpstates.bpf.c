// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The hooks, each a few lines.  The way of a connection: take_state() -> on_state() (state.bpf.h) ->
 * client_begin() or server_begin() -> change() ... -> finish() -> post_finished().
 */
#include "accept.bpf.h"
#include "state.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/*
 * The main hook: the tracepoint, whose arguments have types where the kernel has type information of its
 * own, else tcp_set_state(), which one state or two do not pass through.  Either is called before the
 * new state is written.
 */
SEC("?tp_btf/inet_sock_set_state")
int BPF_PROG(state_tp_btf, struct sock *sk, int from, int to)
{
	take_state(sk, from, to, DUTY_PRIMARY, true);
	return 0;
}

SEC("?tp_btf/inet_sock_set_state")
int BPF_PROG(state_tp_btf_relay, struct sock *sk, int from, int to)
{
	take_state(sk, from, to, DUTY_RELAY, true);
	return 0;
}

/*
 * No tail call to one of them all: since 6.13 (commit a76ab5731e32 ("bpf: Find eligible subprogs for private
 * stack support")) a program has one stack on each CPU, which only its not being run twice at a time keeps
 * whole, and a program that is called so is run as often as those that call it.
 */
#ifdef PREEMPT_KFUNCS
#define take_backup(sk, from, to) take_state(sk, from, to, DUTY_BACKUP, true)
#else
#define take_backup(sk, from, to) /* no such kernel takes this object */
#endif
#define BACKUP(n)                                                                \
	SEC("?tp_btf/inet_sock_set_state")                                       \
	int BPF_PROG(state_tp_btf_backup_##n, struct sock *sk, int from, int to) \
	{                                                                        \
		take_backup(sk, from, to);                                       \
		return 0;                                                        \
	}
BACKUP(0)
BACKUP(1)
BACKUP(2)

SEC("?raw_tp/inet_sock_set_state")
int BPF_PROG(state_raw_tp, struct sock *sk, int from, int to)
{
	take_state(sk, from, to, DUTY_PRIMARY, false);
	return 0;
}

SEC("?raw_tp/inet_sock_set_state")
int BPF_PROG(state_raw_tp_relay, struct sock *sk, int from, int to)
{
	take_state(sk, from, to, DUTY_RELAY, false);
	return 0;
}

SEC("?fentry/tcp_set_state")
int BPF_PROG(state_fentry, struct sock *sk, int to)
{
	take_state(sk, state_of(sk), to, DUTY_PRIMARY, false);
	return 0;
}

SEC("?fentry/tcp_set_state")
int BPF_PROG(state_fentry_relay, struct sock *sk, int to)
{
	take_state(sk, state_of(sk), to, DUTY_RELAY, false);
	return 0;
}

/*
 * No relay: the kernel runs no kprobe's program while another runs, or somebody reads a map, on the same
 * processor (trace_call_bpf).
 */
SEC("?kprobe/tcp_set_state")
int BPF_KPROBE(state_kprobe, struct sock *sk, int to)
{
	take_state(sk, state_of(sk), to, DUTY_PRIMARY, false);
	return 0;
}

/* The beginning of a listener, which does not pass through tcp_set_state(). */
SEC("?fentry/inet_csk_listen_start")
int BPF_PROG(listen_fentry, struct sock *sk)
{
	take_state(sk, state_of(sk), BPF_TCP_LISTEN, DUTY_PRIMARY, false);
	return 0;
}

SEC("?kprobe/inet_csk_listen_start")
int BPF_KPROBE(listen_kprobe, struct sock *sk)
{
	take_state(sk, state_of(sk), BPF_TCP_LISTEN, DUTY_PRIMARY, false);
	return 0;
}

/* Our SYN or FIN leaves once more. */
SEC("raw_tp/tcp_retransmit_skb")
int BPF_PROG(retransmitted, struct sock *sk, struct sk_buff *skb)
{
	__u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);
	struct tcp_skb_cb *cb = (void *)skb->cb;
	struct tcp_sock *tp = (void *)sk;
	struct record *r;

	if (state != BPF_TCP_SYN_SENT && state != BPF_TCP_FIN_WAIT1 && state != BPF_TCP_LAST_ACK &&
	    state != BPF_TCP_CLOSING)
		return 0;
	r = table_find((__u64)sk);
	if (!r || r->h.state != state)
		return 0;
	/*
	 * Since 6.17 what failed on this host is reported too, which the socket counts as well: commit
	 * ad892e912b84 ("tcp: trace retransmit failures in tcp_retransmit_skb")
	 */
	if (cfg.retransmit_err && (int)ctx[2]) {
		r->h.flags |= HANDSHAKE_MAYBE_UNSENT;
		r->c.flags &= ~CLOSE_FIN_ALONE;
	} else if (state == BPF_TCP_SYN_SENT ||
		   BPF_CORE_READ(cb, end_seq) == BPF_CORE_READ(tp, write_seq)) {
		diary_retransmit(r, bpf_ktime_get_ns(), state);
	}
	return 0;
}

/*
 * Reported before the state change for keepalive and `ss -K`, without one in SYN_SENT, after it in all
 * other cases.  What comes to a minisocket is reported from 6.10 on, or without a socket.
 */
SEC("raw_tp/tcp_send_reset")
int BPF_PROG(reset_sent, struct sock *sk)
{
	struct record *r;
	__u8 state;

	if (!sk)
		return 0;
	r = table_find((__u64)sk);
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (r && diary_established(r))
		r->c.flags |= CLOSE_RST_SENT;
	else if (r)
		r->h.flags |= HANDSHAKE_RST_SENT;
	else if (cfg.minisockets_seen && (state == BPF_TCP_TIME_WAIT || state == BPF_TCP_CLOSE))
		minisocket_refused(sk, state);
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

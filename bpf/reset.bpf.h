/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * This end resets a connection: why, and does the RST leave?  Most RSTs are sent after the state
 * change, and when data comes that nobody reads any more, that change looks as if an RST had been
 * received (tcp_rcv_state_process() calls tcp_reset()).  So the record is kept here, by the socket's
 * address, until tcp_send_reset says who sent it and why.  User space posts what has waited too long
 * (sweep_resets()): an RST was received, or one that answered a segment was sent, which may be
 * dropped after tcp_send_reset.
 */
#ifndef RESET_BPF_H
#define RESET_BPF_H

#include "common.bpf.h"
#include "cpu.bpf.h"
#include "handshake.bpf.h"
#include "socket.bpf.h"

/* include/net/sock.h, both bits of sk_shutdown: the descriptor is closed, or both were shut down */
#define SHUTDOWN_MASK 3

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct record);
} resets SEC(".maps");

/* Changes with each record that is kept there: user space need not look before. */
__u32 resets_number = 0;

static __always_inline struct record *reset_held(__u64 sk)
{
	return bpf_map_lookup_elem(&resets, &sk);
}

/* The same of this connection, not of an earlier one in the same memory. */
static __always_inline struct record *reset_held_of(const struct sock *sk)
{
	struct record *r = reset_held((__u64)sk);
	__u16 port = BPF_CORE_READ(sk, __sk_common.skc_num);

	/* see local_port_of(); a minisocket has it */
	if (!port)
		port = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	if (!r || r->h.local_port != port ||
	    r->h.remote_port != bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport)) ||
	    (r->h.cookie &&
	     r->h.cookie != (__u64)BPF_CORE_READ(sk, __sk_common.skc_cookie.counter)))
		return NULL;
	return r;
}

/* Moves the record to the scratch room of a level.  NULL: user space has posted it. */
static __always_inline struct record *reset_take(__u64 sk, struct cpu *cpu, int level)
{
	struct record *r = reset_held(sk), *copy;

	if (!r || level < 0 || level >= LEVELS)
		return NULL;
	copy = &cpu->levels[level].scratch;
	bpf_probe_read_kernel(copy, sizeof(*copy), r);
	return bpf_map_delete_elem(&resets, &sk) ? NULL : copy;
}

static __always_inline void reset_post(__u64 sk)
{
	struct cpu *cpu = this_cpu();
	struct record *r;
	int level;

	if (!cpu)
		return;
	level = level_enter(cpu);
	r = reset_take(sk, cpu, level);
	if (r)
		post_finished(r);
	if (level >= 0)
		level_leave(cpu);
}

/*
 * accept() gives a connection its file, and close() says that it was taken away (sock_graft(),
 * sock_orphan()): what has neither is still in the accept queue.
 */
static __always_inline bool was_accepted(const struct sock *sk)
{
	return sk->sk_socket || has_sock_flag(sk, SOCK_DEAD);
}

/*
 * A system call resets the connection: close() has thrown away what was not read by now,
 * tcp_disconnect() does that later.
 */
static __always_inline void reset_by_call(struct close_part *c, const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;

	if ((sk->sk_shutdown & SHUTDOWN_MASK) != SHUTDOWN_MASK || sk->sk_receive_queue.qlen) {
		c->reset_reason = RESET_DISCONNECT;
		return;
	}
	c->unread = tp->rcv_nxt - tp->copied_seq - !!(c->flags & CLOSE_REMOTE_FIN);
	if (c->unread)
		c->reset_reason = RESET_UNREAD_DATA;
	else if (has_sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime)
		c->reset_reason = RESET_LINGER;
}

/*
 * The socket becomes CLOSE: what it says of why this end resets it.  Since 6.10 tcp_send_reset says
 * more, but for SO_LINGER and others it only says that the state was not CLOSE.
 */
static __always_inline void reset_read(struct record *r, const struct tcp_sock *tp, __u8 from)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	struct close_part *c = &r->c;

	if (sk->sk_err || c->reset_reason || !diary_established(r) || diary_graceful(r) ||
	    r->h.flags & HANDSHAKE_MPTCP)
		return;
	if (from == BPF_TCP_FIN_WAIT2 && has_sock_flag(sk, SOCK_DEAD))
		c->reset_reason = tp->linger2 < 0 ? RESET_LINGER2 : RESET_FIN_TIMEOUT;
	else if (!was_accepted(sk))
		c->reset_reason = RESET_LISTENER_CLOSED;
	else if (sk->sk_lock.owned && !has_sock_flag(sk, SOCK_DEAD))
		reset_by_call(c, tp);
}

/* May tcp_send_reset still say more of this end? */
static __always_inline bool awaits_reset(const struct record *r)
{
	if (!cfg.resets_seen || !diary_established(r))
		return false;
	if (r->c.err)
		return r->c.err == ECONNRESET && r->c.flags & CLOSE_LOCAL_FIN;
	return !diary_graceful(r);
}

/*
 * Keeps the record of the socket that a program works on.  False: there is no room, so that it is
 * posted as it is.
 */
static __always_inline bool reset_hold(struct record *r, const struct change *now)
{
	int err = bpf_map_update_elem(&resets, &now->sk, r, BPF_NOEXIST);

	if (err == -EEXIST) {
		/* of an earlier connection in the same memory */
		int level = level_take(now->cpu);

		post_over(reset_take(now->sk, now->cpu, level));
		if (level >= 0)
			level_give(now->cpu);
		err = bpf_map_update_elem(&resets, &now->sk, r, BPF_ANY);
	}
	resets_number++;
	return !err;
}

/* The same of a minisocket, whose RST answers a segment. */
static __always_inline bool reset_hold_minisocket(struct record *r, __u64 sk)
{
	if (!cfg.resets_seen || bpf_map_update_elem(&resets, &sk, r, BPF_NOEXIST))
		return false;
	resets_number++;
	return true;
}

#define IS_REASON(reason, name)                                  \
	(bpf_core_enum_value_exists(enum sk_rst_reason, name) && \
	 (reason) == (int)bpf_core_enum_value(enum sk_rst_reason, name))

/* The kernel's reason in our words; RESET_UNKNOWN: it says no more than the socket does. */
static __always_inline enum reset_reason reset_reason_of(int reason)
{
	if (IS_REASON(reason, SK_RST_REASON_TCP_ABORT_ON_DATA))
		return RESET_DATA_AFTER_CLOSE;
	if (IS_REASON(reason, SK_RST_REASON_TCP_ABORT_ON_CLOSE))
		return RESET_UNREAD_DATA;
	if (IS_REASON(reason, SK_RST_REASON_TCP_ABORT_ON_LINGER))
		return RESET_LINGER2;
	if (IS_REASON(reason, SK_RST_REASON_TCP_ABORT_ON_MEMORY))
		return RESET_MEMORY;
	if (IS_REASON(reason, SK_RST_REASON_TCP_KEEPALIVE_TIMEOUT))
		return RESET_KEEPALIVE;
	if (IS_REASON(reason, SK_RST_REASON_TCP_DISCONNECT_WITH_DATA))
		return RESET_DISCONNECT;
	if (bpf_core_enum_value_exists(enum sk_rst_reason, SK_RST_REASON_MPTCP_RST_EMIDDLEBOX) &&
	    reason >=
		    (int)bpf_core_enum_value(enum sk_rst_reason, SK_RST_REASON_MPTCP_RST_EUNSPEC) &&
	    reason <= (int)bpf_core_enum_value(enum sk_rst_reason,
					       SK_RST_REASON_MPTCP_RST_EMIDDLEBOX))
		return RESET_MPTCP;
	return RESET_UNKNOWN;
}

/*
 * This end has sent the RST, or is about to send one that answers a segment (tcp_v4_send_reset()):
 * what drops that comes later, so user space posts it.
 */
static __always_inline void reset_explain(struct record *r, const struct sock *sk,
					  const struct sk_buff *answered, __u8 reason)
{
	r->c.flags = (r->c.flags & ~CLOSE_RST_RECEIVED) | CLOSE_RST_SENT |
		     (answered ? CLOSE_RST_ANSWERS : 0);
	/* the ACK of our FIN is answered as if it had data */
	if (reason && r->c.reset_reason != RESET_LINGER2)
		r->c.reset_reason = reason;
	else if (answered && !r->c.reset_reason)
		r->c.reset_reason = RESET_DATA_AFTER_CLOSE;
	if (!answered)
		reset_post((__u64)sk);
}

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Enters preexisting connections and listeners when tracing starts; checks which sockets live. */
#ifndef SCAN_BPF_H
#define SCAN_BPF_H

#include "common.bpf.h"
#include "facts.bpf.h"
#include "for_each.bpf.h"
#include "holder.bpf.h"
#include "minisocket.bpf.h"
#include "owner.bpf.h"
#include "table.bpf.h"

/* Enters a closed socket, so that the scan, which may just be reading it, finds its place taken. */
static __always_inline void scan_bury(const struct change *now)
{
	struct record *r = scratch_record(now->cpu, now->level);

	if (!r)
		return;
	r->h.conn = 0;
	bpf_map_update_elem(&table, &now->sk, r, BPF_NOEXIST);
}

/* A listener's child that accept() has not returned has no file, and close() has taken none from it. */
static __always_inline bool is_queued(const struct sock_common *skc)
{
	const struct sock *sk = (const void *)skc;

	return (skc->skc_state == BPF_TCP_ESTABLISHED || skc->skc_state == BPF_TCP_CLOSE_WAIT) &&
	       !BPF_CORE_READ(sk, sk_socket) && !(skc->skc_flags & 1 << SOCK_DEAD);
}

/* It existed before the trace and waits for accept(), so it is a server's, and its listener is known. */
static __always_inline void scan_queued(struct record *r)
{
	struct listener *listener = listener_of(&r->h);

	r->h.role = ROLE_SERVER;
	if (!listener)
		return;
	r->h.owner = listener->owner;
	r->c.listener = listener->sk;
	if (listener->selected)
		r->h.flags |= HANDSHAKE_OWNER_SELECTED;
}

/*
 * owner: a process that has the socket open; NULL: none has, or it is not said to be the owner's.
 * selected: is it one of those that select?
 */
static __always_inline void scan_enter(struct sock_common *skc, const struct owner *owner,
				       bool selected)
{
	__u64 key = (__u64)skc;
	__u8 state = skc->skc_state;
	bool queued;
	struct tcp_sock *tp;
	struct record *r;
	struct cpu *cpu;
	int level;

	if (state == BPF_TCP_LISTEN) {
		struct listener_key at;

		if (!owner)
			return;
		read_listener(&at, skc, skc->skc_num);
		listener_add(&at, key, owner, selected, true);
		return;
	}
	if (state == BPF_TCP_CLOSE || state == BPF_TCP_TIME_WAIT || state == BPF_TCP_NEW_SYN_RECV)
		return;
	/* whoever accepts it decides */
	queued = !owner && scanning && cfg.accept_seen && is_queued(skc);
	if (!queued && ((select_by_owner() && !selected) || cfg.role))
		return;
	tp = bpf_skc_to_tcp_sock(skc);
	cpu = this_cpu();
	if (!tp || !cpu)
		return;
	queued = queued && !is_mptcp(tp);
	level = level_enter(cpu);
	r = scratch_record(cpu, level);
	if (r) {
		read_identity(&r->h, tp, state);
		read_interface(&r->h.interface, tp);
		r->h.cookie = ask_cookie(tp);
		if (owner)
			r->h.owner = *owner;
		if (selected && owner)
			r->h.flags |= HANDSHAKE_OWNER_SELECTED;
		r->h.flags |= scanning ? HANDSHAKE_BEFORE_TRACE : HANDSHAKE_NOT_SELECTED;
		r->h.state = state;
		if (state == BPF_TCP_SYN_SENT || state == BPF_TCP_SYN_RECV)
			r->h.role = state == BPF_TCP_SYN_SENT ? ROLE_CLIENT : ROLE_UNKNOWN;
		else
			r->h.flags |= HANDSHAKE_ESTABLISHED | HANDSHAKE_POSTED;
		if (queued)
			scan_queued(r);
		facts_of_state(&r->c, tp, state);
		if (select_remote(&r->h) && select_local_port(&r->h))
			bpf_map_update_elem(&table, &key, r, BPF_NOEXIST);
	}
	if (level >= 0)
		level_leave(cpu);
}

/*
 * Each socket that a process has open, in all namespaces; since 5.11, commit 4f19cab76136 ("bpf:
 * Add a bpf_sock_from_file helper").  Later, with -p, those that a selected process holds: they are
 * another's, so their records begin without an owner.
 */
SEC("?iter/task_file")
int scan_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct owner o = {};
	struct socket *socket;
	struct sock *sk;
	bool selected;

	if (!task || !file || !has_the_files(task))
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket || !socket->sk || socket->sk->sk_protocol != IPPROTO_TCP)
		return 0;
	sk = socket->sk;
	scan_owner(&o, task);
	selected = scan_selected(&o, task);
	if (scanning)
		scan_enter(&sk->__sk_common, &o, selected);
	else if (selected)
		scan_enter(&sk->__sk_common, NULL, true);
	return 0;
}

/* The reader visits the selected network namespace. */
static __always_inline void learn_netns(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	const struct net *net = BPF_CORE_READ(task, nsproxy, net_ns);

	if (cfg.netns && BPF_CORE_READ(net, ns.inum) == cfg.netns)
		netns_at = (__u64)net;
}

/* Also those that no process has open, in the reader's network namespace. */
SEC("?iter/tcp")
int scan_tcp(struct bpf_iter__tcp *ctx)
{
	struct sock_common *skc = ctx->sk_common;
	struct socket_holder *h;
	__u64 key;

	/* once, when there are no more */
	if (!skc) {
		learn_netns();
		return 0;
	}
	key = (__u64)skc;
	h = bpf_map_lookup_elem(&holders, &key);
	scan_enter(skc, h ? &h->owner : NULL, h && h->selected);
	return 0;
}

/* include/linux/tcp.h: enum tcp_chrono, sending waits for the peer's window */
#define TCP_CHRONO_RWND_LIMITED 2

/* include/net/inet_connection_sock.h: the timer that probes a window too small for what is to be sent */
#define ICSK_TIME_PROBE0 3

/*
 * Since when is the peer silent?  The kernel keeps the time of the first retransmission, not of the
 * segment before it; or it keeps since when the peer's window keeps data back.
 */
static __always_inline void read_unacked_time(struct close_part *c, struct tcp_sock *tp)
{
	__u32 first = BPF_CORE_READ(tp, retrans_stamp);

	if (c->unacked_retransmits && first) {
		if (bpf_core_field_exists(tp->tcp_usec_ts) &&
		    BPF_CORE_READ_BITFIELD_PROBED(tp, tcp_usec_ts))
			return;
		c->unacked_ms = (__u32)(bpf_ktime_get_ns() / (NS_PER_US * US_PER_MS)) - first;
	} else if (c->unacked_flags & UNACKED_ZERO_WINDOW &&
		   BPF_CORE_READ_BITFIELD_PROBED(tp, chrono_type) == TCP_CHRONO_RWND_LIMITED) {
		c->unacked_ms = ((__u32)bpf_jiffies64() - BPF_CORE_READ(tp, chrono_start)) *
				cfg.tick_ns / (NS_PER_US * US_PER_MS);
	} else {
		return;
	}
	c->unacked_flags |= UNACKED_TIME;
}

/* What the peer has not acknowledged: as Send-Q of ss(8), but without our FIN. */
static __always_inline void read_unacked(struct close_part *c, struct tcp_sock *tp, __u8 state)
{
	bool fin = state == BPF_TCP_FIN_WAIT1 || state == BPF_TCP_LAST_ACK ||
		   state == BPF_TCP_CLOSING;
	__u32 queued;

	c->unacked_flags = 0;
	if (state != BPF_TCP_ESTABLISHED && state != BPF_TCP_CLOSE_WAIT && !fin)
		return;
	queued = BPF_CORE_READ(tp, write_seq) - BPF_CORE_READ(tp, snd_una);
	c->unacked = queued > fin ? queued - fin : 0;
	c->unacked_retransmits = BPF_CORE_READ(tp, inet_conn.icsk_retransmits);
	c->unacked_flags = UNACKED_KNOWN;
	if (c->unacked && (!BPF_CORE_READ(tp, snd_wnd) ||
			   BPF_CORE_READ(tp, inet_conn.icsk_pending) == ICSK_TIME_PROBE0))
		c->unacked_flags |= UNACKED_ZERO_WINDOW;
	read_unacked_time(c, tp);
}

/* Of the last check. */
struct state_count state_counts[ROLES][STATE_NUMBERS] = {};

/* Sums by role and state what is selected and is not over. */
static __always_inline void count_state(struct record *r, __u32 state)
{
	__u64 since_ns = diary_since_ns(r);
	struct state_count *c;
	__u32 role = r->h.role;

	barrier_var(role);
	barrier_var(state);
	if (role >= ROLES || state >= STATE_NUMBERS || !r->h.conn || !wanted_owner(&cfg, r) ||
	    !select_local_port(&r->h))
		return;
	c = &state_counts[role][state];
	c->n++;
	if (since_ns && (!c->since_ns || since_ns < c->since_ns))
		c->since_ns = since_ns;
}

/*
 * Run before open connections are reported: which sockets of the table are alive?  They are read at
 * their addresses, so neither their namespaces nor a privilege is needed.  The memory of a socket
 * whose end was not seen may be anything by now.  A handshake that hangs gets its local port here:
 * it had none when it began.
 */
static __always_inline void check_alive_one(struct sock_common *const *key, struct record *r)
{
	struct sock_common *skc = *key;
	__u8 state = 0;

	bpf_probe_read_kernel(&state, sizeof(state), (void *)&skc->skc_state);
	if (!state || state == BPF_TCP_CLOSE || state > BPF_TCP_NEW_SYN_RECV ||
	    bpf_ntohs(BPF_CORE_READ(skc, skc_dport)) != r->h.remote_port ||
	    (r->h.cookie && r->h.cookie != (__u64)BPF_CORE_READ(skc, skc_cookie.counter)))
		return;
	/* it is run twice */
	if (cfg.count_states && (r->h.seen & ~SEEN_UNACCEPTED) != check_number)
		count_state(r, state);
	r->h.seen = check_number;
	if (r->h.role == ROLE_SERVER && !(r->h.flags & HANDSHAKE_MPTCP) &&
	    !BPF_CORE_READ((struct sock *)skc, sk_socket) &&
	    !(BPF_CORE_READ(skc, skc_flags) & 1 << SOCK_DEAD))
		r->h.seen |= SEEN_UNACCEPTED;
	if (!r->h.local_port && state == BPF_TCP_SYN_SENT)
		r->h.local_port = BPF_CORE_READ(skc, skc_num);
	read_unacked(&r->c, (struct tcp_sock *)skc, state);
}

FOR_EACH(check_alive, table, struct sock_common *, struct record)

static __always_inline void count_minisocket_one(const __u64 *key, struct record *r)
{
	count_state(r, BPF_TCP_FIN_WAIT2);
}

FOR_EACH(count_minisocket, minisockets, __u64, struct record)

/*
 * Run before handshakes that wait for accept() are reported: is one still in the accept queue?  What has a
 * file was accepted by a call that no hook shows.
 */
static __always_inline void check_unaccepted_one(struct sock *const *key, struct unaccepted *u)
{
	u->left_queue = BPF_CORE_READ(*key, sk_socket) != NULL;
}

FOR_EACH(check_unaccepted, unaccepted, struct sock *, struct unaccepted)

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * FIN_WAIT2 without a socket.  The kernel replaces an orphan that waits for the peer's FIN by a
 * minisocket, which has no state changes.  Its record waits here, by the connection's addresses,
 * until a segment ends it (seen by kfree_skb or tcp_timewait_state_process), or until user space's
 * sweep finds it expired.
 */
#ifndef TIMEWAIT_BPF_H
#define TIMEWAIT_BPF_H

#include "common.bpf.h"
#include "cpu.bpf.h"
#include "facts.bpf.h"
#include "handshake.bpf.h"
#include "request.bpf.h"
#include "retransmit.bpf.h"
#include "segment.bpf.h"
#include "shared/segment.h"
#include "socket.bpf.h"
#include "table.bpf.h"

/* include/net/tcp.h: TCP_TIMEWAIT_LEN */
#define TIMEWAIT_NS 60000000000ULL

/*
 * How long the kernel keeps the minisocket of an orphan in FIN_WAIT2: tcp_fin_time(), without what
 * exceeds TCP_TIMEWAIT_LEN, which the full socket has waited (tcp_keepalive_timer), but at least
 * 3.5 RTO (tcp_time_wait).
 */
static __always_inline __u64 facts_fin_timeout_ns(const struct tcp_sock *tp)
{
	__u64 ticks = tp->linger2, least = (__u64)tp->inet_conn.icsk_rto * 7 / 2 * cfg.tick_ns, ns;

	if (!ticks) {
		const struct net *net = tp->inet_conn.icsk_inet.sk.__sk_common.skc_net.net;

		ticks = FIELD(net, ipv4.sysctl_tcp_fin_timeout);
	}
	ns = ticks * cfg.tick_ns;
	if (ns > TIMEWAIT_NS)
		ns -= TIMEWAIT_NS;
	return ns < least ? least : ns;
}

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct tuple);
	__type(value, struct record);
} minisockets SEC(".maps");

/*
 * The kernel makes the minisocket visible a moment before the state change, so the segment that
 * ends it may come first, on another CPU.  Each side writes its own entry before it looks for the
 * other's, so one of them finds both.  The interface is not in this key: see segment_came_by().
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct tuple);
	__type(value, struct arrival);
} early_segments SEC(".maps");

/*
 * Writes before the fence are visible before reads after it.  An atomic addition is the only
 * barrier that BPF has.  arm64 orders only one that fetches (since 5.12), so on arm64 nothing is
 * certain for some ns.
 */
static __always_inline void fence(struct cpu *cpu)
{
	__sync_fetch_and_add(&cpu->fences, 1);
}

/* Moves the record to this level's scratch room.  NULL: there is none, or another was first. */
static __always_inline struct record *minisocket_take(const struct tuple *key, struct cpu *cpu,
						      int level)
{
	struct record *r = bpf_map_lookup_elem(&minisockets, key);
	struct record *copy;

	if (!r || level < 0 || level >= LEVELS)
		return NULL;
	copy = &cpu->levels[level].scratch;
	bpf_probe_read_kernel(copy, sizeof(*copy), r);
	return bpf_map_delete_elem(&minisockets, key) ? NULL : copy;
}

/* Does this segment end what the record waits for? */
static __always_inline bool segment_ends(struct arrival *s, const struct record *r)
{
	if (s->kind == ARRIVAL_BY_HEADERS)
		s->kind = segment_by_headers(s, r->c.minisocket_rcv_nxt, r->c.minisocket_rcv_wnd);
	return s->kind != ARRIVAL_OTHER;
}

static __always_inline void minisocket_write(struct record *r, const struct arrival *s)
{
	if (s->kind == ARRIVAL_RST) {
		r->c.flags |= CLOSE_RST_RECEIVED | CLOSE_OVER;
		diary_change(r, s->t_ns, BPF_TCP_FIN_WAIT2, BPF_TCP_CLOSE, STEP_RST_RECEIVED);
	} else if (s->kind == ARRIVAL_REFUSED) {
		r->c.flags |= CLOSE_RST_SENT | CLOSE_OVER;
		if (!(s->flags & TCP_SYN))
			r->c.reset_reason = RESET_DATA_AFTER_CLOSE;
		diary_change(r, s->t_ns, BPF_TCP_FIN_WAIT2, BPF_TCP_CLOSE, STEP_RST_SENT);
	} else {
		r->c.flags |= CLOSE_REMOTE_FIN | CLOSE_TIME_WAIT | CLOSE_OVER;
		r->c.remote_fin_seq = s->end_seq - 1;
		diary_change(r, s->t_ns, BPF_TCP_FIN_WAIT2, BPF_TCP_TIME_WAIT, STEP_STATE);
	}
}

static __always_inline void minisocket_end(struct record *r, const struct arrival *s)
{
	minisocket_write(r, s);
	post_finished(r);
}

/* The connection of this record has ended unseen: another one has its addresses now. */
static __always_inline void minisocket_evict(const struct tuple *key, struct cpu *cpu)
{
	int level = level_enter(cpu);

	post_stale(minisocket_take(key, cpu, level), true);
	if (level >= 0)
		level_leave(cpu);
}

/* As tcp_receive_window(). */
static __always_inline __u32 facts_receive_window(const struct tcp_sock *tp)
{
	__s32 window = tp->rcv_wup + tp->rcv_wnd - tp->rcv_nxt;

	return window > 0 ? window : 0;
}

/* A minisocket is about to replace the socket of r.  False: there is no room. */
static __always_inline bool minisocket_enter(struct record *r, const struct change *now)
{
	const struct sock_common *sk = &now->tp->inet_conn.icsk_inet.sk.__sk_common;
	struct arrival *early;
	struct tuple key;
	int err;

	/* SO_BINDTODEVICE may have bound it to another one since */
	if (r->h.interface.index != (__u32)sk->skc_bound_dev_if)
		r->h.interface = now->room->interface;
	r->c.minisocket_rcv_nxt = now->tp->rcv_nxt;
	r->c.minisocket_rcv_wnd = facts_receive_window(now->tp);
	r->c.end_ns = now->t_ns + facts_fin_timeout_ns(now->tp);
	tuple_of(&key, &r->h);
	err = bpf_map_update_elem(&minisockets, &key, r, BPF_NOEXIST);
	if (err == -EEXIST) {
		minisocket_evict(&key, now->cpu);
		err = bpf_map_update_elem(&minisockets, &key, r, BPF_ANY);
	}
	if (err)
		return false;
	fence(now->cpu);
	key.ifindex = 0;
	early = bpf_map_lookup_elem(&early_segments, &key);
	/* a segment older than the ACK of our FIN was an earlier connection's */
	if (early && early->t_ns >= diary_close_end_ns(r) &&
	    segment_came_by(early, r->h.interface.index)) {
		struct arrival s = *early;

		key.ifindex = r->h.interface.index;
		r = segment_ends(&s, r) ? minisocket_take(&key, now->cpu, now->level) : NULL;
		if (r)
			minisocket_end(r, &s);
	}
	return true;
}

/* Sets the key's interface; without a record that is 0. */
static __always_inline struct record *minisocket_find(struct tuple *key, const struct arrival *s)
{
	struct record *r;

	for (int i = 0; i < ARRIVAL_INTERFACES; i++) {
		key->ifindex = s->ifindex[i];
		if (i && key->ifindex == s->ifindex[i - 1])
			continue;
		r = bpf_map_lookup_elem(&minisockets, key);
		if (r)
			return r;
	}
	key->ifindex = 0;
	return NULL;
}

/* The hook knows which socket the segment came to. */
static __always_inline void minisocket_known(struct tuple *key, struct arrival *s,
					     const struct sock_common *sk)
{
	read_tuple(key, sk);
	for (int i = 0; i < ARRIVAL_INTERFACES; i++)
		s->ifindex[i] = key->ifindex;
}

/*
 * This segment reached a minisocket, and may end it.  sk: the minisocket that answers it with an RST;
 * 0: it does not, or this is not known.
 */
static __always_inline void minisocket_event(struct tuple *key, struct arrival *s, __u64 sk)
{
	struct cpu *cpu = this_cpu();
	struct record *r;
	int level;

	if (!cpu)
		return;
	s->t_ns = bpf_ktime_get_ns();
	level = level_enter(cpu);
	r = minisocket_find(key, s);
	if (!r) {
		bpf_map_update_elem(&early_segments, key, s, BPF_ANY);
		fence(cpu);
		r = minisocket_find(key, s);
	}
	r = r && segment_ends(s, r) ? minisocket_take(key, cpu, level) : NULL;
	if (r) {
		minisocket_write(r, s);
		if (!sk || !reset_hold_minisocket(r, sk))
			post_finished(r);
	}
	if (level >= 0)
		level_leave(cpu);
}

/*
 * The kernel has processed a segment to a minisocket.  A FIN that it accepted has made FIN_WAIT2
 * TIME_WAIT, an RST has taken the minisocket out of its table.
 */
static __always_inline void minisocket_segment(struct sk_buff *skb, const struct sock_common *tw)
{
	struct tcp_skb_cb *cb = (void *)skb->cb;
	struct arrival s = { .end_seq = BPF_CORE_READ(cb, end_seq) };
	__u8 flags = tcp_flags_of(skb);
	struct tuple key = {};

	if (flags & TCP_RST && !BPF_CORE_READ(tw, skc_node.pprev))
		s.kind = ARRIVAL_RST;
	else if (flags & TCP_FIN && s.end_seq == BPF_CORE_READ(tw, skc_tw_rcv_nxt) &&
		 BPF_CORE_READ((struct inet_timewait_sock *)tw, tw_substate) == BPF_TCP_TIME_WAIT)
		s.kind = ARRIVAL_FIN;
	else
		return;
	minisocket_known(&key, &s, tw);
	minisocket_event(&key, &s, 0);
}

/*
 * An RST answered a segment.  A minisocket sent it, and is gone when the segment is freed; or a
 * socket did that has just closed, and would have got a minisocket (data after close(),
 * tcp_rcv_state_process).
 */
static __always_inline void minisocket_refused(const struct sock *sk, __u8 state,
					       const struct sk_buff *skb)
{
	struct arrival s = { .kind = ARRIVAL_REFUSED, .flags = tcp_flags_of(skb) };
	struct tuple key = {};

	minisocket_known(&key, &s, &sk->__sk_common);
	if (!key.local_port && state == BPF_TCP_CLOSE)
		key.local_port = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	minisocket_event(&key, &s, (__u64)sk);
}

/* include/net/tcp.h: enum tcp_tw_status */
#define TCP_TW_RST 1

static __always_inline void minisocket_judged(struct sk_buff *skb, const struct sock *tw,
					      int verdict)
{
	if (verdict == TCP_TW_RST)
		minisocket_refused(tw, BPF_TCP_TIME_WAIT, skb);
	else
		minisocket_segment(skb, &tw->__sk_common);
}

SEC("?raw_tp/kfree_skb")
int BPF_PROG(segment_freed, struct sk_buff *skb, void *location, int reason, struct sock *rx_sk)
{
	__u8 state;

	if ((cfg.unsent_seen && on_unsent(skb)) || !rx_sk)
		return 0;
	state = BPF_CORE_READ(rx_sk, __sk_common.skc_state);
	if (state == BPF_TCP_TIME_WAIT)
		minisocket_segment(skb, &rx_sk->__sk_common);
	else if (cfg.request_by_free && state == BPF_TCP_LISTEN)
		on_listener_freed(skb, reason, rx_sk);
	return 0;
}

/*
 * Before 6.11 kfree_skb does not say which socket the segment came to: commit c53795d48ee8 ("net:
 * add rx_sk to trace_kfree_skb").  A fourth argument came in 6.10, commit 41eecbd712b7 ("tcp:
 * replace TCP_SKB_CB(skb)->tcp_tw_isn with a per-cpu field"), a fifth in 6.15, commit 04271411121a
 * ("tcp: add TCP_RFC7323_TW_PAWS drop reason").
 */
SEC("?fexit/tcp_timewait_state_process")
int BPF_PROG(segment_judged, struct sock *tw, struct sk_buff *skb, void *th, int verdict)
{
	minisocket_judged(skb, tw, verdict);
	return 0;
}

SEC("?fexit/tcp_timewait_state_process")
int BPF_PROG(segment_judged_4args, struct sock *tw, struct sk_buff *skb, void *th, void *isn,
	     int verdict)
{
	minisocket_judged(skb, tw, verdict);
	return 0;
}

SEC("?fexit/tcp_timewait_state_process")
int BPF_PROG(segment_judged_5args, struct sock *tw, struct sk_buff *skb, void *th, void *isn,
	     void *reason, int verdict)
{
	minisocket_judged(skb, tw, verdict);
	return 0;
}

/* Where neither hook exists: what TCP frees, by its headers. */
SEC("?raw_tp/kfree_skb")
int BPF_PROG(segment_dropped, struct sk_buff *skb)
{
	struct arrival s = { .kind = ARRIVAL_BY_HEADERS };
	struct tuple key = {};

	if (cfg.unsent_seen && on_unsent(skb))
		return 0;
	if (segment_read(skb, &key, &s))
		minisocket_event(&key, &s, 0);
	return 0;
}

#endif

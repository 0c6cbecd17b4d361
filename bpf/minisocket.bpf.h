/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * FIN_WAIT2 without a socket.  The kernel replaces an orphan that waits for the peer's FIN by a
 * minisocket, which has no state changes.  Its record waits here until a segment ends it (timewait.bpf.h), or
 * until user space's sweep finds it expired.
 */
#ifndef MINISOCKET_BPF_H
#define MINISOCKET_BPF_H

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

/*
 * Which minisocket.  It has the cookie of the socket that it replaced, but a hook may not show which minisocket a
 * segment came to, and those that the kernel made before the record began have no cookie: they are known by their
 * addresses.
 */
struct minisocket_id {
	/* 0: not known */
	__u64 cookie;
	/* only where it is needed, see by_addresses() */
	struct tuple tuple;
};

/* By the cookie, or by key_of_tuple(). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct record);
} minisockets SEC(".maps");

/* Some were made since user space set this to false. */
bool minisockets_any = false;

/*
 * The kernel makes the minisocket visible a moment before the state change, so the segment that
 * ends it may come first, on another CPU.  Each side writes its own entry before it looks for the
 * other's, so one of them finds both.  Where the key is of the addresses, it is without the interface: see
 * segment_came_by().
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
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

/* Its highest bit is set, which no cookie has: the kernel counts those from 1 on. */
static __always_inline __u64 key_of_tuple(const struct tuple *t)
{
	const __u64 odd = 0x9e3779b97f4a7c15ULL;
	const __u32 *w = (const void *)t;
	__u64 key = 0;

	for (__u32 i = 0; i < sizeof(*t) / sizeof(*w); i++) {
		key = (key ^ w[i]) * odd;
		key ^= key >> 32;
	}
	return key | 1ULL << 63;
}

/* Two connections may have the same key. */
static __always_inline bool has_addresses(const struct record *r, const struct tuple *t)
{
	const __u32 *local = (const void *)r->h.local, *remote = (const void *)r->h.remote;
	const __u32 *to_local = (const void *)t->local, *to_remote = (const void *)t->remote;
	__u32 differ = r->h.netns ^ t->netns;

	for (int i = 0; i < 4; i++)
		differ |= (local[i] ^ to_local[i]) | (remote[i] ^ to_remote[i]);
	return !differ && r->h.local_port == t->local_port && r->h.remote_port == t->remote_port;
}

static __always_inline bool by_addresses(__u64 cookie)
{
	return !cookie || minisocket_without_cookie;
}

/* Copies the record to this level's scratch room and removes it.  NULL: there is none, or another was first. */
static __always_inline struct record *minisocket_take(__u64 key, struct cpu *cpu, int level)
{
	struct record *r = bpf_map_lookup_elem(&minisockets, &key);
	struct record *copy;

	if (!r || level < 0 || level >= LEVELS)
		return NULL;
	copy = &cpu->levels[level].scratch;
	__builtin_memcpy(copy, r, sizeof(*copy));
	return bpf_map_delete_elem(&minisockets, &key) ? NULL : copy;
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
static __always_inline void minisocket_evict(__u64 key, struct cpu *cpu)
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

/* A segment that ends it came before the record of `key`. */
static __always_inline void minisocket_end_early(const struct record *r, __u64 key, __u64 early_key,
						 const struct change *now)
{
	struct arrival *early = bpf_map_lookup_elem(&early_segments, &early_key);
	struct record *ended;
	struct arrival s;

	/* a segment older than the ACK of our FIN was an earlier connection's */
	if (!early || early->t_ns < diary_close_end_ns(r) ||
	    !segment_came_by(early, r->h.interface.index))
		return;
	s = *early;
	ended = segment_ends(&s, r) ? minisocket_take(key, now->cpu, now->level) : NULL;
	if (ended)
		minisocket_end(ended, &s);
}

/* A minisocket is about to replace the socket of r.  False: there is no room. */
static __always_inline bool minisocket_enter(struct record *r, const struct change *now)
{
	const struct sock_common *sk = &now->tp->inet_conn.icsk_inet.sk.__sk_common;
	__u64 cookie = cfg.minisocket_cookies && now->room->known ? r->h.cookie : 0;
	__u64 key = cookie, early_key = cookie;
	struct tuple tuple;
	int err;

	if (!now->room->known)
		minisocket_without_cookie = true;
	/* SO_BINDTODEVICE may have bound it to another one since */
	if (r->h.interface.index != (__u32)sk->skc_bound_dev_if)
		r->h.interface = now->room->interface;
	r->c.minisocket_rcv_nxt = now->tp->rcv_nxt;
	r->c.minisocket_rcv_wnd = facts_receive_window(now->tp);
	r->c.end_ns = now->t_ns + facts_fin_timeout_ns(now->tp);
	if (by_addresses(cookie)) {
		tuple_of(&tuple, &r->h);
		if (!cookie)
			key = key_of_tuple(&tuple);
		tuple.ifindex = 0;
		early_key = key_of_tuple(&tuple);
	}
	err = bpf_map_update_elem(&minisockets, &key, r, BPF_NOEXIST);
	if (err == -EEXIST) {
		minisocket_evict(key, now->cpu);
		err = bpf_map_update_elem(&minisockets, &key, r, BPF_ANY);
	}
	if (err)
		return false;
	/* written only once: processors would take it from each other */
	if (!minisockets_any)
		minisockets_any = true;
	fence(now->cpu);
	minisocket_end_early(r, key, early_key, now);
	return true;
}

/* Sets the key; without a record it is that of what came early. */
static __always_inline struct record *minisocket_find(struct minisocket_id *id,
						      const struct arrival *s, __u64 *key)
{
	struct record *r;

	*key = id->cookie;
	r = *key ? bpf_map_lookup_elem(&minisockets, key) : NULL;
	if (r || !by_addresses(id->cookie))
		return r;
	for (int i = 0; i < ARRIVAL_INTERFACES; i++) {
		id->tuple.ifindex = s->ifindex[i];
		if (i && id->tuple.ifindex == s->ifindex[i - 1])
			continue;
		*key = key_of_tuple(&id->tuple);
		r = bpf_map_lookup_elem(&minisockets, key);
		if (r && has_addresses(r, &id->tuple))
			return r;
	}
	id->tuple.ifindex = 0;
	*key = key_of_tuple(&id->tuple);
	return NULL;
}

/* The hook knows which socket the segment came to. */
static __always_inline void minisocket_known(struct minisocket_id *id, struct arrival *s,
					     const struct sock_common *sk)
{
	__u32 ifindex = PEEK(sock_common, sk, skc_bound_dev_if);

	id->cookie = cfg.minisocket_cookies ? PEEK(sock_common, sk, skc_cookie.counter) : 0;
	if (by_addresses(id->cookie))
		read_tuple(&id->tuple, sk);
	for (int i = 0; i < ARRIVAL_INTERFACES; i++)
		s->ifindex[i] = ifindex;
}

/*
 * This segment reached a minisocket, and may end it.  sk: the minisocket that answers it with an RST;
 * 0: it does not, or this is not known.
 */
static __always_inline void minisocket_event(struct minisocket_id *id, struct arrival *s, __u64 sk)
{
	struct cpu *cpu = this_cpu();
	struct record *r;
	__u64 key;
	int level;

	if (!cpu)
		return;
	s->t_ns = bpf_ktime_get_ns();
	level = level_enter(cpu);
	r = minisocket_find(id, s, &key);
	if (!r) {
		bpf_map_update_elem(&early_segments, &key, s, BPF_ANY);
		fence(cpu);
		r = minisocket_find(id, s, &key);
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

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The table of live connections, and how a record gets in and out of it. */
#ifndef TABLE_BPF_H
#define TABLE_BPF_H

#include "common.bpf.h"
#include "facts.bpf.h"
#include "owner.bpf.h"
#include "post.bpf.h"
#include "select.bpf.h"

/* keyed by the socket's address: a slot is reused at once, a record never outlives its connection */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct record);
} table SEC(".maps");

/*
 * Established server connections whose handshake is not posted yet.  Who deletes an entry has the
 * right and the duty to post: the accept hook, the sweep in user space after 1 s, or the end.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536); /* what overflows it is told without waiting for accept() */
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct unaccepted);
} unaccepted SEC(".maps");

/*
 * Where user space looks for what is older than the trace, which it knows by its addresses: what has not
 * changed since.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct tuple);
	__type(value, struct record);
} preexisting SEC(".maps");

/* While tracing starts: a socket that closed before the scan came to it must not be entered any more. */
__u8 scanning = 1;

/* The only network namespace whose sockets the scan could visit; 0: it visited all; or SCANNED_NONE. */
__u32 scanned_netns = 0;

/* Why a socket may have no record; once true it stays so. */
__u8 table_was_full = 0;

/* Numbers the checks on which sockets are alive. */
__u32 check_number = 0;

static __always_inline struct record *table_find(__u64 sk)
{
	return bpf_map_lookup_elem(&table, &sk);
}

static __always_inline void table_remove(__u64 sk)
{
	bpf_map_delete_elem(&table, &sk);
}

static __always_inline bool claim_handshake(__u64 sk)
{
	return !bpf_map_delete_elem(&unaccepted, &sk);
}

/* A clean record in this level's scratch room. */
static __always_inline struct record *scratch_record(struct cpu *cpu, int level)
{
	struct record *r;

	if (level < 0 || level >= LEVELS)
		return NULL;
	r = &cpu->levels[level].scratch;
	__builtin_memset(r, 0, sizeof(*r));
	r->h.conn = next_conn(cpu, level);
	return r;
}

/*
 * Posts what of this record is still untold: the handshake of a connection that never got further,
 * else the close, and with it the handshake when that is not told yet.
 */
static __always_inline void post_finished(struct record *r)
{
	bool told = r->h.flags & HANDSHAKE_POSTED;

	if (!told && !wanted_handshake(&cfg, r)) {
		r->h.flags |= HANDSHAKE_POSTED;
		told = true;
	}
	if (!diary_established(r)) {
		if (!told && !post_handshake(r))
			count(COUNT_LOST_HANDSHAKE);
		return;
	}
	if (wanted_close(&cfg, r)) {
		if (post_record(r))
			return;
		count(COUNT_LOST_CLOSE);
		if (!told)
			count(COUNT_LOST_HANDSHAKE);
		return;
	}
	if (!told && !post_handshake(r))
		count(COUNT_LOST_HANDSHAKE);
}

/* Is the owner of this record, as far as it is known, among those selected? */
static __always_inline bool owner_selected(const struct record *r)
{
	return !select_by_owner() || r->h.flags & HANDSHAKE_OWNER_SELECTED;
}

/*
 * Before the last post of a record that may belong to a server nobody accept()ed: decides whether its
 * handshake is told, and whether the connection is selected at all.
 */
static __always_inline bool settle_handshake(struct record *r, __u64 sk)
{
	if (r->h.role == ROLE_SERVER && !(r->h.flags & HANDSHAKE_POSTED)) {
		/* one that was cut short never waited among those to be accepted */
		if (claim_handshake(sk) || (!diary_established(r) && !r->h.accept_ns)) {
			if (!owner_selected(r))
				return false;
		} else if (r->h.accept_fate != ACCEPT_LOST && diary_established(r) &&
			   cfg.accept_seen) {
			r->h.flags |= HANDSHAKE_POSTED;
		}
	}
	return true;
}

/*
 * A record whose connection's end was not seen, and whose socket's memory is another connection's by
 * now: it is told as it stands, incomplete.  told: its handshake is no longer in `unaccepted`.
 */
static __noinline void post_stale(struct record *old, bool told)
{
	if (!old || !old->h.conn)
		return;
	if (!diary_established(old))
		old->h.flags |= HANDSHAKE_EVENTS_LOST;
	else if (old->h.role == ROLE_SERVER && told && cfg.accept_seen &&
		 old->h.accept_fate != ACCEPT_LOST)
		old->h.flags |= HANDSHAKE_POSTED;
	old->c.flags |= CLOSE_EVENTS_LOST;
	if ((owner_selected(old) || old->h.accept_ns) && select_local_port(&old->h))
		post_finished(old);
}

/* Enters a record for a socket that has one already. */
static __always_inline bool table_replace(struct record *r, __u64 sk, bool told)
{
	post_stale(table_find(sk), told);
	return !bpf_map_update_elem(&table, &sk, r, BPF_ANY);
}

/*
 * False when there is no room.  A map's error has no more than 32 bits before 6.4, commit d7ba4cc900bf
 * ("bpf: return long from bpf_map_ops funcs"): as a long it would be above 0.
 */
static __always_inline bool table_enter(struct record *r, __u64 sk)
{
	int err = bpf_map_update_elem(&table, &sk, r, BPF_NOEXIST);

	return err == -EEXIST ? table_replace(r, sk, !claim_handshake(sk)) : !err;
}

/*
 * What user space knows of the connection whose addresses are in r.  While it is still looking, a place is
 * taken that it must not use any more.
 */
static __always_inline void preexisting_take(struct record *r)
{
	__u64 conn = r->h.conn;
	struct record *old;
	struct tuple key;

	tuple_of(&key, &r->h);
	old = bpf_map_lookup_elem(&preexisting, &key);
	if (old && old->h.conn) {
		conn = old->h.conn;
		r->h.owner = old->h.owner;
		r->h.flags |= old->h.flags & (HANDSHAKE_BEFORE_TRACE | HANDSHAKE_OWNER_SELECTED);
	}
	if (scanning) {
		r->h.conn = 0;
		bpf_map_update_elem(&preexisting, &key, r, BPF_ANY);
	} else {
		bpf_map_delete_elem(&preexisting, &key);
	}
	r->h.conn = conn;
}

/* A connection begins and there is no room for it. */
static __always_inline void table_is_full(void)
{
	table_was_full = 1;
	count(COUNT_TABLE_FULL);
}

#endif

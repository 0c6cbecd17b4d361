/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The tables of live and of preexisting connections, and how a record gets in and out. */
#ifndef TABLE_BPF_H
#define TABLE_BPF_H

#include "common.bpf.h"
#include "cpu.bpf.h"
#include "handshake.bpf.h"
#include "post.bpf.h"
#include "socket.bpf.h"

/* By the socket's address.  Memory is reused at once, but a record ends with its connection. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct record);
} table SEC(".maps");

/* Preexisting connections, which user space found by their addresses, until their next change. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct tuple);
	__type(value, struct record);
} preexisting SEC(".maps");

/* Tracing starts: the scan must not enter a socket that has closed before the scan came to it. */
__u8 scanning = 1;

/* The only network namespace that the scan could visit; 0: it visited all; or SCANNED_NONE. */
__u32 scanned_netns = 0;

/* A connection found no room: a socket without a record may be that one.  Never cleared. */
__u8 table_was_full = 0;

/* Number of the check for live sockets. */
__u32 check_number = 0;

static __always_inline struct record *table_find(__u64 sk)
{
	return bpf_map_lookup_elem(&table, &sk);
}

static __always_inline void table_remove(__u64 sk)
{
	bpf_map_delete_elem(&table, &sk);
}

/* Enters a record for a socket that has one already; for `claimed` see post_stale(). */
static __always_inline bool table_replace(struct record *r, __u64 sk, bool claimed)
{
	post_stale(table_find(sk), claimed);
	return !bpf_map_update_elem(&table, &sk, r, BPF_ANY);
}

/*
 * False: there is no room.  A map's error has no more than 32 bits before 6.4, commit d7ba4cc900bf
 * ("bpf: return long from bpf_map_ops funcs"): as a long it would be positive.
 */
static __always_inline bool table_enter(struct record *r, __u64 sk)
{
	int err = bpf_map_update_elem(&table, &sk, r, BPF_NOEXIST);

	return err == -EEXIST ? table_replace(r, sk, !claim_handshake(sk)) : !err;
}

/* A connection begins and there is no room for it. */
static __always_inline void table_is_full(void)
{
	table_was_full = 1;
	count(COUNT_TABLE_FULL);
}

/*
 * Moves to r what user space found out about the connection with r's addresses.  While user space
 * is still looking, an entry without a number keeps it from entering the connection again.
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

#endif

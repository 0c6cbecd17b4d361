/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What leaves the kernel: the ring buffer, the tallies of a summary, and the rows of the metrics. */
#ifndef POST_BPF_H
#define POST_BPF_H

#include "common.bpf.h"
#include "counters.bpf.h"
#include "row.bpf.h"
#include "shared/tally.h"
#include "shared/wanted.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	/* TALLIES and TALLIES_OTHER when they are used */
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct tally_key);
	__type(value, struct tally);
} tallies SEC(".maps"), tallies_other SEC(".maps");

/* User space reads on a timer, which costs less than a wake-up per record, unless it is behind. */
static __always_inline __u64 wake_flag(void)
{
	return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= cfg.wake_bytes ? BPF_RB_FORCE_WAKEUP
									     : BPF_RB_NO_WAKEUP;
}

static __always_inline struct tally *tally_find(void *map, const struct tally_key *key)
{
	const struct tally none = {};
	struct tally *t = bpf_map_lookup_elem(map, key);

	if (t)
		return t;
	bpf_map_update_elem(map, key, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(map, key);
}

static __always_inline void tally_add(struct tally_key *key, __u64 ns)
{
	struct tally *t;

	forget_key(key);
	ns = forget(ns);
	t = tally_find(&tallies, key);

	if (!t) {
		key->port = 0;
		t = tally_find(&tallies_other, key);
	}
	if (!t) {
		count(COUNT_LOST_TALLY);
		return;
	}
	/* as in count() */
	__sync_fetch_and_add(&t->n, 1);
	if (ns > t->max_ns)
		t->max_ns = ns;
}

static __noinline void tally_of_handshake(const struct record *r)
{
	struct tally_key key = {};

	if (r)
		tally_add(&key, tally_handshake(&key, r));
}

static __noinline void tally_of_close(const struct record *r)
{
	struct tally_key key = {};

	if (r) {
		key.alone = !wanted_handshake(&cfg, r);
		tally_add(&key, tally_close(&key, r));
	}
}

/* Is nothing posted? */
static __always_inline bool only_counted(void)
{
	return cfg.tally || cfg.rows;
}

/* Where nothing is posted the reader sleeps: there is something to look at. */
static __always_inline void wake_reader(void)
{
	__u64 nothing = 0;

	if (only_counted() && !bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA))
		bpf_ringbuf_output(&ring, &nothing, sizeof(nothing), BPF_RB_FORCE_WAKEUP);
}

/* Into the ring, or where it is counted.  False: the ring is full. */
static __noinline bool put_handshake(const struct record *r)
{
	if (!only_counted())
		return !bpf_ringbuf_output(&ring, (void *)&r->h, sizeof(r->h), wake_flag());
	if (cfg.tally)
		tally_of_handshake(r);
	if (cfg.rows)
		row_of_handshake(r);
	return true;
}

/* The close, and with it the handshake unless HANDSHAKE_POSTED is set. */
static __noinline bool put_record(const struct record *r)
{
	bool posted = r->h.flags & HANDSHAKE_POSTED;

	if (!only_counted())
		return !bpf_ringbuf_output(&ring, (void *)r, sizeof(*r), wake_flag());
	if (cfg.tally && !posted)
		tally_of_handshake(r);
	if (cfg.tally)
		tally_of_close(r);
	if (cfg.rows && !posted)
		row_of_handshake(r);
	if (cfg.rows)
		row_of_close(r);
	return true;
}

#endif

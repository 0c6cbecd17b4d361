/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What leaves the kernel: the ring buffer, the counters, and the tallies of a summary. */
#ifndef POST_BPF_H
#define POST_BPF_H

#include "common.bpf.h"
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

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

static __noinline void count(__u32 what)
{
	__u64 *n = bpf_map_lookup_elem(&counters, &what);

	/* a softirq's program may come in between */
	if (n)
		__sync_fetch_and_add(n, 1);
}

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
	struct tally *t = tally_find(&tallies, key);

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

/* Into the ring, or the tallies.  False: the ring is full. */
static __noinline bool put_handshake(const struct record *r)
{
	if (cfg.tally) {
		tally_of_handshake(r);
		return true;
	}
	return !bpf_ringbuf_output(&ring, (void *)&r->h, sizeof(r->h), wake_flag());
}

/* The close, and with it the handshake unless HANDSHAKE_POSTED is set. */
static __noinline bool put_record(const struct record *r)
{
	if (cfg.tally) {
		if (!(r->h.flags & HANDSHAKE_POSTED))
			tally_of_handshake(r);
		tally_of_close(r);
		return true;
	}
	return !bpf_ringbuf_output(&ring, (void *)r, sizeof(*r), wake_flag());
}

#endif

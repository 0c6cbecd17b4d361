/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The ring buffer, the counters, and the per-CPU room the programs work in. */
#ifndef POST_BPF_H
#define POST_BPF_H

#include "config.h"
#include "diary.h"

#define LANES 3
#define NOTES 256

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

/*
 * A softirq may interrupt a program and run another (or, before 6.1, the same) one on this CPU, so
 * each has a lane of its own: a scratch record and a series of connection numbers.
 */
struct lane {
	__u64 conns;
	__u64 key;
	struct record scratch;
};

struct note {
	__u64 key; /* socket and new state */
	__u64 cookie;
};

struct cpu {
	__u32 depth;
	__u32 pad;
	struct note notes[NOTES]; /* state changes that the main program took, by key */
	struct lane lanes[LANES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu);
} cpus SEC(".maps");

static __always_inline void count(__u32 what)
{
	__u64 *n = bpf_map_lookup_elem(&counters, &what);

	if (n)
		*n += 1;
}

static __always_inline struct cpu *this_cpu(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cpus, &zero);
}

/* Takes this CPU's next lane; negative when a deeper nesting than can happen did happen. */
static __always_inline int lane_enter(struct cpu *cpu)
{
	__u32 lane = cpu->depth;

	if (lane >= LANES)
		return -1;
	cpu->depth = lane + 1;
	return lane;
}

static __always_inline void lane_leave(struct cpu *cpu)
{
	cpu->depth--;
}

/*
 * Where the main program notes that it took this state change, and the stand-in looks.  The change's
 * key goes through memory because the verifier forbids arithmetic on sk.
 */
static __always_inline struct note *note_of(struct cpu *cpu, __u32 lane, const struct sock *sk,
					    int to, __u64 *key)
{
	if (lane >= LANES)
		return NULL;
	cpu->lanes[lane].key = (__u64)sk;
	barrier();
	*key = cpu->lanes[lane].key | (to & 15);
	return &cpu->notes[(*key ^ *key >> 6 ^ *key >> 12) % NOTES];
}

/* Unique in a trace; small for lane 0, which nearly all connections begin in.  Fits 53 bits. */
static __always_inline __u64 next_conn(struct cpu *cpu, __u32 lane)
{
	if (lane >= LANES)
		return 0;
	return (__u64)lane << 48 |
	       (cpu->lanes[lane].conns++ * cfg.n_cpus + bpf_get_smp_processor_id() + 1);
}

/* A reader on a timer costs less than a wake-up for every record; wake it early only when it is behind. */
static __always_inline __u64 wake_flag(void)
{
	return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= cfg.wake_bytes ? BPF_RB_FORCE_WAKEUP
									     : BPF_RB_NO_WAKEUP;
}

static __always_inline bool post_handshake(const struct record *r)
{
	return !bpf_ringbuf_output(&ring, (void *)&r->h, sizeof(r->h), wake_flag());
}

static __always_inline bool post_record(const struct record *r)
{
	return !bpf_ringbuf_output(&ring, (void *)r, sizeof(*r), wake_flag());
}

#endif

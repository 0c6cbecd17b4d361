/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The ring buffer, the counters, and the per-CPU room the programs work in. */
#ifndef POST_BPF_H
#define POST_BPF_H

#include "common.bpf.h"
#include "shared/tally.h"
#include "shared/wanted.h"

#define NOTES 256

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1); /* TALLIES when it is used */
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

/*
 * A softirq may interrupt a program and run another (or, before 6.1, the same) one on this CPU, so
 * each has a level of its own: a scratch record and a series of connection numbers.
 */
struct level {
	__u64 conns;
	__u64 key;
	struct record scratch;
};

struct note {
	__u64 key;  /* socket and new state */
	__u64 mark; /* of the connection */
};

struct cpu {
	__u32 depth;
	__u32 fences;
	struct note notes[NOTES]; /* state changes that the main program took, by key */
	struct level levels[LEVELS];
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
		__sync_fetch_and_add(n, 1); /* a softirq's program may come in between */
}

static __always_inline struct cpu *this_cpu(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cpus, &zero);
}

/*
 * No other task runs on this CPU between preempt_off() and preempt_on(), so what interrupts a program ends before
 * that goes on, and each of the CPU's counts is one program's at a time.  Without, a task could be taken
 * off the CPU in the middle: in a function's program since 5.11, and in a tracepoint's since 7.0, commit
 * a46023d5616e ("tracing: Guard __DECLARE_TRACE() use of __DO_TRACE_CALL() with SRCU-fast").
 *
 * A call of a function that the kernel does not have is refused, by some even where nothing reaches it.
 * So there are two of this object, and PREEMPT_KFUNCS is for kernels since 6.10, commit fc7566ad0a82 ("bpf: Introduce
 * bpf_preempt_[disable,enable] kfuncs").
 */
#ifdef PREEMPT_KFUNCS
extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;
#define preempt_off() bpf_preempt_disable()
#define preempt_on() bpf_preempt_enable()
#else
#define preempt_off()
#define preempt_on()
#endif

/* Takes the next level of this CPU, which is held; negative when a deeper nesting than can happen did happen. */
static __always_inline int level_take(struct cpu *cpu)
{
	__u32 level = cpu->depth;

	if (level >= LEVELS)
		return -1;
	cpu->depth = level + 1;
	return level;
}

static __always_inline void level_give(struct cpu *cpu)
{
	cpu->depth--;
}

/* The same, and holds the CPU until level_leave(). */
static __always_inline int level_enter(struct cpu *cpu)
{
	int level;

	preempt_off();
	level = level_take(cpu);
	if (level < 0)
		preempt_on();
	return level;
}

static __always_inline void level_leave(struct cpu *cpu)
{
	level_give(cpu);
	preempt_on();
}

/*
 * Where the main program notes that it took this state change, and the relay looks.  The change's
 * key goes through memory because the verifier forbids arithmetic on sk.
 */
static __always_inline struct note *note_of(struct cpu *cpu, __u32 level, const struct sock *sk,
					    int to, __u64 *key)
{
	if (level >= LEVELS)
		return NULL;
	cpu->levels[level].key = (__u64)sk;
	barrier();
	*key = cpu->levels[level].key | (to & 15);
	return &cpu->notes[(*key ^ *key >> 6 ^ *key >> 12) % NOTES];
}

/* Unique in a trace; small for level 0, which nearly all connections begin in.  Fits 53 bits. */
static __always_inline __u64 next_conn(struct cpu *cpu, __u32 level)
{
	if (level >= LEVELS)
		return 0;
	return (__u64)level << 48 |
	       (cpu->levels[level].conns++ * cfg.n_cpus + bpf_get_smp_processor_id() + 1);
}

/* A reader on a timer costs less than a wake-up for every record; wake it early only when it is behind. */
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
	/* atomic, for a softirq's program may come in between */
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

static __always_inline bool post_handshake(const struct record *r)
{
	if (cfg.tally) {
		tally_of_handshake(r);
		return true;
	}
	return !bpf_ringbuf_output(&ring, (void *)&r->h, sizeof(r->h), wake_flag());
}

/* The close, and the handshake when that is not told yet. */
static __always_inline bool post_record(const struct record *r)
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

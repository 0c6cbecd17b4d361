/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The room that the programs work in, per CPU and nesting level, and the notes that they leave. */
#ifndef CPU_BPF_H
#define CPU_BPF_H

#include "common.bpf.h"
#include "shared/transition.h"

#define NOTES 256
/* states are below 16 */
#define STATE_BITS 4

/*
 * A softirq may interrupt a program and run another one on this CPU (before 6.1 also the same one),
 * so each nesting level has its own scratch record and its own series of connection numbers.
 */
struct level {
	__u64 conns;
	/* of the socket that changes its state */
	struct interface interface;
	/*
	 * The change; `to` is TIME_WAIT for a CLOSE that means it.  Each reading is a new one, from
	 * memory that the verifier does not know: else it would follow what comes after a
	 * comparison once for each value.
	 */
	volatile __u8 from;
	volatile __u8 to;
	/* the connection has a record in the table; its socket is closed */
	volatile bool known;
	volatile bool closes;
	/* the program that takes the change is the last one, and leaves no note */
	bool is_last;
	/* for post_transition(): who the socket is, and what is posted */
	struct handshake_part identity;
	struct transition transition;
	struct record scratch;
};

/* A state change that a program took; see relay.bpf.h. */
struct note {
	/* its address in memory; 0: none */
	__u64 sk;
	/* the connection and its new state, see mark_of() */
	__u64 mark;
};

struct cpu {
	__u32 depth;
	__u32 fences;
	struct note notes[NOTES];
	struct level levels[LEVELS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu);
} cpus SEC(".maps");

/* A state change of a socket, and the level that its program works on. */
struct change {
	struct cpu *cpu;
	int level;
	/* of this level */
	struct level *room;
	/* the socket's address, the key of its record */
	__u64 sk;
	const struct tcp_sock *tp;
	__u64 t_ns;
};

static __always_inline struct cpu *this_cpu(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cpus, &zero);
}

/*
 * No other task runs on this CPU between preempt_off() and preempt_on(): what interrupts a program
 * ends before the program goes on, so the CPU's counts have one writer at a time.  Without them a
 * task can lose the CPU in the middle: in the program of a function since 5.11, in that of a
 * tracepoint since 7.0, commit a46023d5616e ("tracing: Guard __DECLARE_TRACE() use of
 * __DO_TRACE_CALL() with SRCU-fast").
 *
 * Kernels refuse a call of a function that they do not have, some even in code that is never
 * reached.  So there are two objects, and the one with PREEMPT_KFUNCS is for kernels since 6.10,
 * commit fc7566ad0a82 ("bpf: Introduce bpf_preempt_[disable,enable] kfuncs").
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

/* The next nesting level of this CPU, which the caller holds; negative: there are not so many. */
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
 * Where the programs on one tracepoint note that they took a change of this socket.  The verifier forbids arithmetic
 * on sk, but not on its lower half.
 */
static __always_inline struct note *note_of(struct cpu *cpu, const struct sock *sk)
{
	__u32 low = (__u32)(__u64)sk;

	return &cpu->notes[(low >> 6 ^ low >> 12 ^ low >> 18) % NOTES];
}

/* Unique in a trace; small on level 0, where nearly all connections begin.  Fits 53 bits. */
static __always_inline __u64 next_conn(struct cpu *cpu, __u32 level)
{
	if (level >= LEVELS)
		return 0;
	return (__u64)level << CONN_LEVEL_SHIFT |
	       (cpu->levels[level].conns++ * cfg.n_cpus + bpf_get_smp_processor_id() + 1);
}

/* A clean record in this level's scratch room. */
static __noinline struct record *scratch_record(struct cpu *cpu, int level)
{
	struct record *r;

	if (level < 0 || level >= LEVELS)
		return NULL;
	r = &cpu->levels[level].scratch;
	__builtin_memset(r, 0, sizeof(*r));
	r->h.conn = next_conn(cpu, level);
	return r;
}

/* What a program needs that begins a record and is done with it when it returns. */
struct work {
	struct cpu *cpu;
	int level;
};

/* A clean record, with the CPU held until work_end().  NULL: there is none; work_end() is due all the same. */
static __always_inline struct record *work_begin(struct work *w)
{
	w->level = -1;
	w->cpu = this_cpu();
	if (!w->cpu)
		return NULL;
	w->level = level_enter(w->cpu);
	return scratch_record(w->cpu, w->level);
}

static __always_inline void work_end(struct work *w)
{
	if (w->cpu && w->level >= 0)
		level_leave(w->cpu);
}

#endif

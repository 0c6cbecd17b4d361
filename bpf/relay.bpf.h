/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Each state change is taken once, by one of the programs on its tracepoint.
 *
 * The kernel does not run a program for an event inside that program (since 6.1, commit
 * 05b24ff9b2cf ("bpf: Prevent bpf program recursion for raw tracepoint probes")), so there are two.
 * The primary program takes each change and notes it.  The relay takes what has no note, and
 * removes the notes.  Where a task can lose its CPU in the primary program, the kernel does not run
 * that on this CPU meanwhile.  There, backup programs come between the two: they take what has no
 * note, and note it.
 *
 * If the relay is not run either, a note stays.  It has the mark of its connection, so that the
 * next one in the same memory does not match it.  A note may also be overwritten by another
 * change's, or be gone where a task can lose its CPU between two programs.  Then the tables show
 * that the change was taken, for there it is written.
 */
#ifndef RELAY_BPF_H
#define RELAY_BPF_H

#include "common.bpf.h"
#include "cpu.bpf.h"
#include "state.bpf.h"

/* The programs on one tracepoint, in the order that they run in. */
enum program {
	PROGRAM_PRIMARY,
	PROGRAM_BACKUP,
	PROGRAM_RELAY,
};

/* How a program gets the code of on_change(). */
enum code {
	CODE_INLINED,
	CODE_CALLED,
};

/*
 * One copy for all programs but those on the usual hook; the verifier follows it for each, with the
 * types of its pointers.  Those on the usual hook have it inlined: the verifier takes a third less
 * time.
 */
static __noinline void on_change_called(struct cpu *cpu, int level, struct sock *sk, __u8 from,
					__u8 to)
{
	on_change(cpu, level, sk, from, to);
}

/* No other connection in this memory, and no other state of this one: its cookie, else the next sequence numbers. */
static __always_inline __u64 mark_of(const struct sock *sk, __u8 to)
{
	const struct tcp_sock *tp = (const void *)sk;
	__u64 own;

	if (cfg.typed || cfg.cookie_helper)
		own = cookie_of(sk);
	else
		own = (__u64)BPF_CORE_READ(tp, write_seq) << 32 | BPF_CORE_READ(tp, rcv_nxt);
	return own << STATE_BITS ^ to;
}

/* Do the tables have this change? */
static __always_inline bool was_taken(const struct sock *sk, __u8 from, __u8 to)
{
	const struct record *r;
	__u64 key = (__u64)sk;

	if (from == BPF_TCP_LISTEN || to == BPF_TCP_LISTEN)
		return !bpf_map_lookup_elem(&listening, &key) == (to != BPF_TCP_LISTEN);
	r = table_find(key);
	if (!r)
		return to == BPF_TCP_CLOSE;
	return r->h.state == to && !is_stale(r, sk);
}

/* A connection closes and has no record: by the selections, should it have had one? */
static __always_inline bool would_have_record(struct cpu *cpu, int level, struct sock *sk)
{
	const struct tcp_sock *tp = tcp_of(sk, level);
	struct record *r = scratch_record(cpu, level);

	if (!tp || !r || select_by_owner() || cfg.role)
		return false;
	read_identity(&r->h, tp, BPF_TCP_CLOSE);
	return select_remote(&r->h) && select_local_port(&r->h);
}

/*
 * A change that was_taken() has no note: did an earlier program leave one that is gone?  Another change's may have
 * come into its place.
 */
static __always_inline bool lost_its_note(struct cpu *cpu, int level, struct sock *sk, __u8 from,
					  __u8 to)
{
	return from != BPF_TCP_LISTEN && (to != BPF_TCP_CLOSE || would_have_record(cpu, level, sk));
}

/*
 * The primary program was not run for this change.  If that makes an ESTABLISHED child, it was not run for LISTEN ->
 * SYN_RECV either: both come in one softirq, within one run of it.  tcp_set_state() is not called for the latter.
 */
static __always_inline void count_relayed(__u8 from)
{
	count(COUNT_RELAY);
	if (from == BPF_TCP_SYN_RECV && !cfg.on_entry)
		count(COUNT_RELAY);
}

/* There is no note: was the change taken all the same?  If not, counts the run that was missed. */
static __always_inline bool taken_without_note(struct cpu *cpu, int level, struct sock *sk,
					       __u8 from, __u8 to)
{
	bool taken = was_taken(sk, from, to);

	if (!taken || !lost_its_note(cpu, level, sk, from, to))
		count_relayed(from);
	return taken;
}

/* Notes that a program takes this change. */
static __always_inline void leave_note(struct cpu *cpu, const struct sock *sk, __u8 to)
{
	struct note *note = note_of(cpu, sk);

	note->sk = (__u64)sk;
	note->mark = mark_of(sk, to);
}

/* Has an earlier program noted that it took this change?  The last program removes the note. */
static __always_inline bool has_note(struct cpu *cpu, const struct sock *sk, __u8 to,
				     enum program program)
{
	struct note *note = note_of(cpu, sk);

	if (note->sk != (__u64)sk || note->mark != mark_of(sk, to))
		return false;
	if (program == PROGRAM_RELAY)
		note->sk = 0;
	return true;
}

/* Is it for this program to take the change?  A primary program takes each. */
static __always_inline bool is_due(struct cpu *cpu, int level, struct sock *sk, __u8 from, __u8 to,
				   enum program program)
{
	if (program == PROGRAM_PRIMARY || !taken_without_note(cpu, level, sk, from, to))
		return true;
	if (program != PROGRAM_RELAY)
		leave_note(cpu, sk, to);
	return false;
}

/*
 * Nothing happens: a close() after shutdown() is reported without a change.  LISTEN -> SYN_RECV comes with the last
 * ACK, just before SYN_RECV -> ESTABLISHED, and until 6.15 with a wrong peer: commit a3a128f611a9 ("inet: consolidate
 * inet_csk_clone_lock()").
 */
static __always_inline bool is_no_change(int from, int to)
{
	return from == to || (from == BPF_TCP_LISTEN && to == BPF_TCP_SYN_RECV);
}

/* A change that concerns nobody is noted all the same, so that none is taken for missed. */
static __always_inline void pass_over(struct cpu *cpu, const struct sock *sk, __u8 from, __u8 to,
				      enum program program)
{
	if (program != PROGRAM_RELAY)
		leave_note(cpu, sk, to);
	if (program != PROGRAM_PRIMARY && !cfg.preempted)
		count_relayed(from);
}

/*
 * Takes a level for the change, if it is for this program.  NULL: it is not, or there is no level left.
 */
static __always_inline struct cpu *take_begin(struct sock *sk, int from, int to,
					      enum program program, int *level)
{
	struct cpu *cpu;

	if (is_no_change(from, to))
		return NULL;
	if (!is_tcp(sk)) {
		if (program == PROGRAM_PRIMARY && is_mptcp_socket(sk) && cfg.owners)
			mptcp_change((__u64)sk, to);
		return NULL;
	}
	cpu = this_cpu();
	if (!cpu || (program != PROGRAM_PRIMARY && has_note(cpu, sk, to, program)))
		return NULL;
	if (is_excluded(sk, from, to)) {
		pass_over(cpu, sk, from, to, program);
		return NULL;
	}
	*level = level_take(cpu);
	if (*level < 0)
		return NULL;
	if (is_due(cpu, *level, sk, from, to, program))
		return cpu;
	level_give(cpu);
	return NULL;
}

static __always_inline void take_end(struct cpu *cpu, struct sock *sk, __u8 to, bool is_last)
{
	if (!is_last)
		leave_note(cpu, sk, to);
	level_give(cpu);
}

/*
 * Holds the CPU from the first instruction to the last: a task that lost it anywhere else in the
 * program would keep the program from others.
 */
static __always_inline void take_change(struct sock *sk, int from, int to, enum program program,
					enum code code)
{
	struct cpu *cpu;
	int level;

	preempt_off();
	cpu = take_begin(sk, from, to, program, &level);
	if (cpu) {
		if (code == CODE_INLINED)
			on_change(cpu, level, sk, from, to);
		else
			on_change_called(cpu, level, sk, from, to);
		take_end(cpu, sk, to, program == PROGRAM_RELAY);
	}
	preempt_on();
}

/* The programs that others tail-call; the only one is the code of on_change(). */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} bodies SEC(".maps");

/* The same where nothing but an interrupt comes between a program and the one that it tail-calls. */
static __always_inline void take_by_tail_call(void *ctx, struct sock *sk, int from, int to,
					      enum program program)
{
	int level;
	struct cpu *cpu = take_begin(sk, from, to, program, &level);

	if (!cpu || level >= LEVELS)
		return;
	cpu->levels[level].is_last = program == PROGRAM_RELAY;
	bpf_tail_call(ctx, &bodies, 0);
	level_give(cpu);
}

/* What is tail-called: the level is the one that was taken last. */
static __always_inline void take_body(struct sock *sk, int from, int to)
{
	struct cpu *cpu = this_cpu();
	__u32 level;

	if (!cpu)
		return;
	level = cpu->depth - 1;
	if (level >= LEVELS)
		return;
	on_change(cpu, level, sk, from, to);
	take_end(cpu, sk, to, cpu->levels[level].is_last);
}

#endif

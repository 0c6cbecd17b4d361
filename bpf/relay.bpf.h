/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Each state change is taken once, by one of the programs on its tracepoint.
 *
 * The kernel does not run a program that interrupts itself (since 6.1, commit 05b24ff9b2cf ("bpf: Prevent bpf program
 * recursion for raw tracepoint probes")), so there are two.  The primary program takes each change and notes it; the
 * relay takes those without a note, which it removes.  Where a task can lose its CPU in the primary program, which
 * the kernel then does not run on that CPU for as long, backup programs come between the two: they take what has no note and
 * note it as well.
 *
 * A note may outlive its change, when the relay is skipped as well; the next connection in the same memory must not find it. So
 * the note has that connection's mark.  A note may also be overwritten by that of another change, or lost where a task can lose
 * its CPU between two programs: then the table, into which a change is written, shows that it was taken.
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

/* How a program has the code of on_change(). */
enum code {
	CODE_INLINED,
	CODE_CALLED,
};

/*
 * One copy for all programs but those on the usual hook.  The verifier follows it for each with the types of its
 * pointers.  The usual ones have it inlined, which takes the verifier a third less time.
 */
static __noinline void on_change_called(struct cpu *cpu, int level, struct sock *sk, __u8 from,
					__u8 to)
{
	on_change(cpu, level, sk, from, to);
}

/* What only this connection has: its cookie, else how far its sequence numbers are. */
static __always_inline __u64 mark_of(const struct sock *sk)
{
	const struct tcp_sock *tp = (const void *)sk;

	if (cfg.typed || cfg.cookie_helper)
		return cookie_of(sk);
	return (__u64)BPF_CORE_READ(tp, write_seq) << 32 | BPF_CORE_READ(tp, rcv_nxt);
}

/* Is the change in the tables already?  Also true for one that changes nothing there, as LISTEN -> SYN_RECV. */
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

/* A connection has closed and has no record: did it have one before, by its selection? */
static __always_inline bool would_have_record(struct cpu *cpu, int level, struct sock *sk)
{
	const struct tcp_sock *tp = tcp_of(sk, level);
	struct record *r = scratch_record(cpu, level);

	if (!tp || !r || select_by_owner() || cfg.role)
		return false;
	read_identity(&r->h, tp, BPF_TCP_CLOSE);
	return select_remote(&r->h) && select_local_port(&r->h);
}

/* A change that was_taken() has no note: did an earlier program leave one that is gone? */
static __always_inline bool lost_its_note(struct cpu *cpu, int level, struct sock *sk, __u8 from,
					  __u8 to)
{
	return cfg.preempted && from != BPF_TCP_LISTEN &&
	       (to != BPF_TCP_CLOSE || would_have_record(cpu, level, sk));
}

/* There is no note: has an earlier program taken the change all the same?  Else counts the run that it missed. */
static __always_inline bool taken_without_note(struct cpu *cpu, int level, struct sock *sk,
					       __u8 from, __u8 to)
{
	bool taken = was_taken(sk, from, to);

	if (!taken || !lost_its_note(cpu, level, sk, from, to))
		count(COUNT_RELAY);
	return taken;
}

static __always_inline void take_once(struct cpu *cpu, int level, struct sock *sk, __u8 from,
				      __u8 to, enum program program, enum code code)
{
	bool taken = false;
	struct note *note;
	__u64 key;

	note = note_of(cpu, level, sk, to, &key);
	if (!note)
		return;
	if (program != PROGRAM_PRIMARY) {
		if (note->key == key && note->mark == mark_of(sk)) {
			if (program == PROGRAM_RELAY)
				note->key = 0;
			return;
		}
		taken = taken_without_note(cpu, level, sk, from, to);
	}
	if (!taken && code == CODE_INLINED)
		on_change(cpu, level, sk, from, to);
	else if (!taken)
		on_change_called(cpu, level, sk, from, to);
	if (program != PROGRAM_RELAY) {
		note->key = key;
		note->mark = mark_of(sk);
	}
}

static __always_inline void take_on_level(struct sock *sk, int from, int to, enum program program,
					  enum code code)
{
	struct cpu *cpu;
	int level;

	/* a close() after shutdown() is reported without a change */
	if (from == to || !is_tcp(sk))
		return;
	cpu = this_cpu();
	if (!cpu)
		return;
	level = level_take(cpu);
	if (level < 0)
		return;
	take_once(cpu, level, sk, from, to, program, code);
	level_give(cpu);
}

/* Holds the CPU from the first instruction to the last: at any other the program might be missed by others. */
static __always_inline void take_change(struct sock *sk, int from, int to, enum program program,
					enum code code)
{
	preempt_off();
	take_on_level(sk, from, to, program, code);
	preempt_on();
}

#endif

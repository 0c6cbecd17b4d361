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

/* What no other connection in this memory has: the cookie, else the next sequence numbers. */
static __always_inline __u64 mark_of(const struct sock *sk)
{
	const struct tcp_sock *tp = (const void *)sk;

	if (cfg.typed || cfg.cookie_helper)
		return cookie_of(sk);
	return (__u64)BPF_CORE_READ(tp, write_seq) << 32 | BPF_CORE_READ(tp, rcv_nxt);
}

/* Do the tables have this change?  Also true for one that is not written: LISTEN -> SYN_RECV. */
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

/* A change that was_taken() has no note: did an earlier program leave one that is gone? */
static __always_inline bool lost_its_note(struct cpu *cpu, int level, struct sock *sk, __u8 from,
					  __u8 to)
{
	return cfg.preempted && from != BPF_TCP_LISTEN &&
	       (to != BPF_TCP_CLOSE || would_have_record(cpu, level, sk));
}

/* There is no note: was the change taken all the same?  If not, counts the run that was missed. */
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
	if (!taken) {
		if (code == CODE_INLINED)
			on_change(cpu, level, sk, from, to);
		else
			on_change_called(cpu, level, sk, from, to);
	}
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
	if (from == to)
		return;
	if (!is_tcp(sk)) {
		if (program == PROGRAM_PRIMARY && is_mptcp_socket(sk) && cfg.owners)
			mptcp_change((__u64)sk, to);
		return;
	}
	cpu = this_cpu();
	if (!cpu)
		return;
	level = level_take(cpu);
	if (level < 0)
		return;
	take_once(cpu, level, sk, from, to, program, code);
	level_give(cpu);
}

/*
 * Holds the CPU from the first instruction to the last: a task that lost it anywhere else in the
 * program would keep the program from others.
 */
static __always_inline void take_change(struct sock *sk, int from, int to, enum program program,
					enum code code)
{
	preempt_off();
	take_on_level(sk, from, to, program, code);
	preempt_on();
}

#endif

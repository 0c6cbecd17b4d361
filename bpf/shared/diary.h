/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The diary's rules: what an event writes into a connection's record; diary_read.h has what a record
 * yields.  Pure: no helper, no clock, no map, so that the BPF programs and the unit tests
 * compile the same lines.  All times are CLOCK_MONOTONIC nanoseconds.
 */
#ifndef DIARY_H
#define DIARY_H

#include <linux/bpf.h>
#include <stdbool.h>

#include "config.h"
#include "record.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/*
 * Steps at the end of each array that only state changes may use.  A SYN that is retransmitted as
 * often as the defaults of tcp_syn_retries (6) and tcp_syn_linear_timeouts (4) allow just fits.
 */
#define HANDSHAKE_RESERVED 1
#define CLOSE_RESERVED 5

/* n_steps and fin_retransmits stop there */
#define N_STEPS_MAX 0xff
#define FIN_RETRANSMITS_MAX 0xffff
#define FINS_UNSENT_MAX 0xff

#define NS_PER_US 1000
#define US_PER_MS 1000

/*
 * As in libbpf: keeps the compiler from merging range checks into forms that the verifier cannot
 * follow.
 */
#ifndef barrier_var
#define barrier_var(var) asm volatile("" : "+r"(var))
#endif

/* 1 or 0 without a branch: each branch doubles the paths that the verifier follows. */
static __always_inline __u64 nonzero(__u64 value)
{
	value |= -value;
	barrier_var(value);
	return value >> 63;
}

static __always_inline __u64 step_pack(__u64 t, __u8 from, __u8 to, enum step_kind kind)
{
	if (t > STEP_T_MAX)
		t = STEP_T_MAX;
	return t | (__u64)(from & STEP_NIBBLE) << STEP_FROM_SHIFT |
	       (__u64)(to & STEP_NIBBLE) << STEP_TO_SHIFT |
	       (__u64)(kind & STEP_NIBBLE) << STEP_KIND_SHIFT;
}

static __always_inline __u64 step_t_ns(__u64 step)
{
	return step & STEP_T_MAX;
}

static __always_inline __u8 step_from(__u64 step)
{
	return step >> STEP_FROM_SHIFT & STEP_NIBBLE;
}

static __always_inline __u8 step_to(__u64 step)
{
	return step >> STEP_TO_SHIFT & STEP_NIBBLE;
}

static __always_inline enum step_kind step_kind(__u64 step)
{
	return (enum step_kind)(step >> STEP_KIND_SHIFT & STEP_NIBBLE);
}

static __always_inline __u8 accept_fate_of(const struct handshake_part *h)
{
	return h->accept_fate & ~ACCEPT_UNSELECTED;
}

static __always_inline bool diary_established(const struct record *r)
{
	return r->h.flags & HANDSHAKE_ESTABLISHED;
}

/* Appends a step to the handshake.  The first one sets the part's t0_ns. */
static __always_inline void diary_handshake_step(struct record *r, __u64 t_ns, __u8 from, __u8 to,
						 enum step_kind kind)
{
	__u32 n = r->h.n_steps;

	barrier_var(n);
	if (!n)
		r->h.t0_ns = t_ns;
	if (n < HANDSHAKE_STEPS)
		r->h.steps[n] = step_pack(t_ns - r->h.t0_ns, from, to, kind);
	if (n < N_STEPS_MAX)
		r->h.n_steps = n + 1;
}

/* A server's handshake: what is known of its request's retransmissions. */
static __always_inline void diary_synacks(struct record *r, const struct synacks *s)
{
	r->h.sent_ns = s->first_ns;
	for (__u32 i = 0; i < SYNACK_TIMES && i < s->n; i++)
		diary_handshake_step(r, s->again_ns[i], BPF_TCP_NEW_SYN_RECV, BPF_TCP_NEW_SYN_RECV,
				     STEP_RETRANSMIT);
}

/* Appends a step to the close.  The first one sets the part's t0_ns. */
static __always_inline void diary_close_step(struct record *r, __u64 t_ns, __u8 from, __u8 to,
					     enum step_kind kind)
{
	__u32 n = r->c.n_steps;

	barrier_var(n);
	if (!n)
		r->c.t0_ns = t_ns;
	if (n < CLOSE_STEPS)
		r->c.steps[n] = step_pack(t_ns - r->c.t0_ns, from, to, kind);
	if (n < N_STEPS_MAX)
		r->c.n_steps = n + 1;
}

/*
 * Writes a state change.  Where `from` is not the state after the last step, something in between
 * was missed: the chapter that the change belongs to is marked.
 */
static __always_inline void diary_change(struct record *r, __u64 t_ns, __u8 from, __u8 to,
					 enum step_kind kind)
{
	bool lost = r->h.state && r->h.state != from;

	if (!diary_established(r) && from != BPF_TCP_ESTABLISHED && from != BPF_TCP_CLOSE_WAIT) {
		if (lost)
			r->h.flags |= HANDSHAKE_EVENTS_LOST;
		diary_handshake_step(r, t_ns, from, to, kind);
		/* SYN_RECV -> FIN_WAIT1: a fast-open server that closed before the last ACK */
		if (to == BPF_TCP_ESTABLISHED || to == BPF_TCP_FIN_WAIT1)
			r->h.flags |= HANDSHAKE_ESTABLISHED;
		if (to == BPF_TCP_FIN_WAIT1)
			diary_close_step(r, t_ns, from, to, kind);
	} else {
		if (!diary_established(r)) {
			r->h.flags |= HANDSHAKE_ESTABLISHED;
			if (lost)
				r->h.flags |= HANDSHAKE_EVENTS_LOST;
		} else if (lost) {
			r->c.flags |= CLOSE_EVENTS_LOST;
		}
		diary_close_step(r, t_ns, from, to, kind);
	}
	r->h.state = to;
}

/* Writes that our SYN, SYN,ACK or FIN was retransmitted; where room is short it is only counted. */
static __always_inline void diary_retransmit(struct record *r, __u64 t_ns, __u8 state)
{
	if (!diary_established(r)) {
		if (r->h.n_steps < HANDSHAKE_STEPS - HANDSHAKE_RESERVED)
			diary_handshake_step(r, t_ns, state, state, STEP_RETRANSMIT);
	} else {
		if (r->c.fin_retransmits < FIN_RETRANSMITS_MAX)
			r->c.fin_retransmits++;
		if (r->c.n_steps && r->c.n_steps < CLOSE_STEPS - CLOSE_RESERVED)
			diary_close_step(r, t_ns, state, state, STEP_RETRANSMIT);
	}
}

/* The same step, of a segment that did not leave this host. */
static __always_inline __u64 step_unsent(__u64 step)
{
	__u64 kind = step_kind(step) == STEP_RETRANSMIT ? STEP_RETRANSMIT_UNSENT : STEP_UNSENT;

	return (step & ~((__u64)STEP_NIBBLE << STEP_KIND_SHIFT)) | kind << STEP_KIND_SHIFT;
}

/* As diary_retransmit(), but it did not leave this host.  counted: as a retransmission. */
static __always_inline void diary_unsent(struct record *r, __u64 t_ns, __u8 state, bool counted)
{
	if (!diary_established(r)) {
		r->h.unsent++;
		if (r->h.n_steps < HANDSHAKE_STEPS - HANDSHAKE_RESERVED)
			diary_handshake_step(r, t_ns, state, state, STEP_RETRANSMIT_UNSENT);
	} else {
		if (counted && r->c.fins_unsent < FINS_UNSENT_MAX)
			r->c.fins_unsent++;
		if (r->c.n_steps && r->c.n_steps < CLOSE_STEPS - CLOSE_RESERVED)
			diary_close_step(r, t_ns, state, state, STEP_RETRANSMIT_UNSENT);
	}
}

#endif

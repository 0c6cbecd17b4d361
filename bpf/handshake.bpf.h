/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Who posts a handshake, and when.  Each is posted once, alone or within the close.
 *
 * A server's handshake waits for accept() in `unaccepted`.  Whoever deletes its entry claims the
 * handshake and posts it.  accept()'s hook runs without the socket's lock, so it does not set
 * HANDSHAKE_POSTED, as all others do.  At the close a handshake that is no longer in `unaccepted`
 * was posted, unless ACCEPT_UNPOSTED says that the ring was full.
 *
 *   connection                 posted by      when                   ring is full     the close yields
 *   -------------------------  -------------  ---------------------  ---------------  ----------------
 *   client                     state hook     ESTABLISHED            POSTED not set   close (1)
 *   server, accept() not seen  state hook     ESTABLISHED            POSTED not set   close (1)
 *   server, only counted (8)   state hook     ESTABLISHED            -                close
 *   server, accept() in time   accept() hook  it returns; claims     ACCEPT_UNPOSTED  close (1)
 *   server, accept() early     state hook     ESTABLISHED; claims    ACCEPT_UNPOSTED  close (1) (2)
 *   server, accept() late      sweep (3)      1 s later; claims      -                close (4)
 *   server, never accepted     sweep (3)      1 s later; claims      -                close
 *   server, ends before that   state hook     its end; claims        counted as lost  both
 *   server, ends in SYN_RECV   state hook     its end                counted as lost  both (5)
 *   server, unaccepted full    state hook     ESTABLISHED            ACCEPT_UNPOSTED  close (1) (4)
 *   server, table full         state hook     ESTABLISHED; claims    counted as lost  close (6)
 *   failed                     state hook     its end                counted as lost  nothing
 *   its end was not seen       state hook     reused memory; claims  counted as lost  both (7)
 *   open when the trace ends   sweep (3)      detached; claims       -                -
 *
 *   (1) Both, if the ring was full.
 *   (2) accept() returns a child in SYN_RECV with fast open, or while another CPU handles the last
 *       ACK.  accept_early() keeps the caller and the time.
 *   (3) User space (user/kernel/sweep.c) reads the record, then claims; it does not use the ring.
 *   (4) An accept() that finds no entry sets ACCEPT_LATE, and the close has its time.
 *   (5) One that got no further than SYN_RECV has no close: its handshake failed.
 *   (6) Its record begins with a later change, with HANDSHAKE_TABLE_FULL.
 *   (7) The close alone, if the handshake was posted; incomplete in either case.
 *   (8) With a selection by owner it waits as above.
 *
 * With a selection by owner, accept()'s caller decides on a server's connection, and the listener's
 * owner while nobody has accepted it.  What is not selected then ends there, but with -p its record
 * stays: the handshake is claimed, with ACCEPT_UNPOSTED, and if a selected process closes the
 * connection, the close yields both.
 */
#ifndef HANDSHAKE_BPF_H
#define HANDSHAKE_BPF_H

#include "common.bpf.h"
#include "post.bpf.h"
#include "select.bpf.h"
#include "taken.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct unaccepted);
} unaccepted SEC(".maps");

/* True: nobody else has posted this handshake, or will. */
static __always_inline bool claim_handshake(__u64 sk)
{
	return !bpf_map_delete_elem(&unaccepted, &sk);
}

/* Of a handshake that does not wait for accept(). */
static __always_inline void post_handshake(struct record *r)
{
	if (!wanted_owner(&cfg, r))
		return;
	if (!wanted_handshake(&cfg, r) || put_handshake(r))
		r->h.flags |= HANDSHAKE_POSTED;
}

/* For a server, so that accept()'s hook leaves the handshake alone. */
static __always_inline void leave_to_close(struct record *r)
{
	r->h.accept_fate = (r->h.accept_fate & ACCEPT_UNSELECTED) | ACCEPT_UNPOSTED;
}

/* Of a server whose handshake is not in `unaccepted`. */
static __always_inline void post_unqueued(struct record *r)
{
	post_handshake(r);
	if (!(r->h.flags & HANDSHAKE_POSTED))
		leave_to_close(r);
}

/*
 * A server's handshake waits for accept(); where there is no room it is posted at once.  False: it
 * has replaced the entry of an earlier connection in the same memory.
 */
static __always_inline bool await_accept(struct record *r, __u64 sk, __u64 t_ns)
{
	struct unaccepted u = { .conn = r->h.conn, .since_ns = t_ns };
	int err = bpf_map_update_elem(&unaccepted, &sk, &u, BPF_NOEXIST);
	bool first = err != -EEXIST;

	if (!first)
		err = bpf_map_update_elem(&unaccepted, &sk, &u, BPF_ANY);
	if (err)
		post_unqueued(r);
	return first;
}

/* accept() returned and has written its fields. */
static __always_inline void post_accepted(struct record *r, __u64 sk)
{
	if (cfg.rows && wanted_owner(&cfg, r) && wanted_handshake(&cfg, r))
		row_of_accept(r);
	if (accept_fate_of(&r->h) == ACCEPT_UNPOSTED)
		return;
	if (!claim_handshake(sk))
		r->h.accept_fate |= ACCEPT_LATE;
	else if (!wanted_owner(&cfg, r) || (wanted_handshake(&cfg, r) && !put_handshake(r)))
		leave_to_close(r);
}

/* A server's handshake is over and there is no room for its record. */
static __always_inline void post_unrecorded(struct record *r, __u64 sk)
{
	claim_handshake(sk);
	r->h.flags |= HANDSHAKE_TABLE_FULL;
	if (r->h.flags & HANDSHAKE_POSTED)
		return;
	if (wanted_owner(&cfg, r) && wanted_handshake(&cfg, r) && !put_handshake(r))
		count(COUNT_LOST_HANDSHAKE);
}

/* The handshake of r is not in `unaccepted`: has whoever claimed it posted it? */
static __always_inline bool was_posted_by_claimer(const struct record *r)
{
	return r->h.role == ROLE_SERVER && diary_established(r) && cfg.accept_awaited &&
	       accept_fate_of(&r->h) != ACCEPT_UNPOSTED;
}

/* The connection ends: sets HANDSHAKE_POSTED if its handshake was posted. */
static __always_inline void settle_handshake(struct record *r, __u64 sk)
{
	if (r->h.role != ROLE_SERVER || r->h.flags & HANDSHAKE_POSTED || claim_handshake(sk))
		return;
	if (was_posted_by_claimer(r))
		r->h.flags |= HANDSHAKE_POSTED;
}

/*
 * The record is over: if it is selected, posts what is not posted yet.  That is the handshake where
 * there was no more, else the close, with the handshake in it.
 */
static __always_inline void post_finished(struct record *r)
{
	bool posted = r->h.flags & HANDSHAKE_POSTED;

	if (!wanted_owner(&cfg, r))
		return;
	if (cfg.keep_taken)
		taken_note(r);
	if (!posted && !wanted_handshake(&cfg, r)) {
		r->h.flags |= HANDSHAKE_POSTED;
		posted = true;
	}
	if (!diary_established(r)) {
		if (!posted && !put_handshake(r))
			count(COUNT_LOST_HANDSHAKE);
		return;
	}
	if (wanted_close(&cfg, r)) {
		if (put_record(r))
			return;
		count(COUNT_LOST_CLOSE);
		if (!posted)
			count(COUNT_LOST_HANDSHAKE);
		return;
	}
	if (!posted && !put_handshake(r))
		count(COUNT_LOST_HANDSHAKE);
}

/* The same where the stack is short: only this may call what posts. */
static __noinline void post_over(struct record *r)
{
	if (r)
		post_finished(r);
}

/*
 * Posts a record as it stands, incomplete: its connection's end was not seen, and the memory or the
 * addresses are another connection's now.  claimed: its handshake is not in `unaccepted`.
 */
static __noinline void post_stale(struct record *old, bool claimed)
{
	if (!old || !old->h.conn)
		return;
	if (!diary_established(old))
		old->h.flags |= HANDSHAKE_EVENTS_LOST;
	else if (claimed && was_posted_by_claimer(old))
		old->h.flags |= HANDSHAKE_POSTED;
	old->c.flags |= CLOSE_EVENTS_LOST;
	if (select_local_port(&old->h))
		post_finished(old);
}

#endif

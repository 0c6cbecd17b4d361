/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Who posts a handshake, and when.  Each is posted once, alone or within the close.
 *
 * A server's handshake waits for accept() in `unaccepted`.  Whoever deletes the entry there has claimed the handshake,
 * and posts it.  All others set HANDSHAKE_POSTED when they have posted.  accept()'s hook runs without the socket's lock
 * and sets no flag, so at the close a handshake that is not in `unaccepted` any more was posted, unless ACCEPT_UNPOSTED
 * says that the ring was full.
 *
 *   connection                  posted by           when                     the ring is full     the close yields
 *   --------------------------  ------------------  -----------------------  -------------------  -------------------
 *   client                      state hook          ESTABLISHED              POSTED not set       close (1)
 *   server, accept() not seen   state hook          ESTABLISHED              POSTED not set       close (1)
 *   accept() returns            accept()'s hook     it returned (claims)     ACCEPT_UNPOSTED      close (1)
 *   accept() before the ACK     state hook          ESTABLISHED, with what   ACCEPT_UNPOSTED      close (1)
 *                                                   accept_early() left
 *   accept() after 1 s, never   sweep (2)           after 1 s (claims)       -                    close, with the time
 *                                                                                                 of a late accept()
 *   ends before accept()        state hook          at the end (claims)      counted as lost      both
 *   ends in SYN_RECV            state hook          at the end               counted as lost      both, or a failure
 *   `unaccepted` is full        state hook          ESTABLISHED; accept()    ACCEPT_UNPOSTED      close (1)
 *                                                   is late then
 *   `table` is full             state hook          ESTABLISHED (claims)     counted as lost      close, table_full
 *   never ESTABLISHED           state hook          at the end               counted as lost      there is no close
 *   end not seen                state hook          its memory or addresses  counted as lost      both, or close,
 *                                                   are used again (claims)                       events_lost
 *   open when the trace ends    sweep (2)           after detaching (claims) -                    -
 *
 *   (1) both, if the ring was full when the handshake was to be posted
 *   (2) user/kernel/sweep.c: report_unaccepted() and report_unposted().  It reads the record first and claims after;
 *       it needs no room in the ring.
 *
 * With a selection by owner, a server's connection is selected by its listener's owner or by who accept()s it: one that is
 * not is claimed and posted by nobody.
 */
#ifndef HANDSHAKE_BPF_H
#define HANDSHAKE_BPF_H

#include "common.bpf.h"
#include "post.bpf.h"
#include "select.bpf.h"

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
	if (!wanted_handshake(&cfg, r) || put_handshake(r))
		r->h.flags |= HANDSHAKE_POSTED;
}

/* For a server, so that accept()'s hook leaves the handshake alone. */
static __always_inline void leave_to_close(struct record *r)
{
	r->h.accept_fate = ACCEPT_UNPOSTED;
}

/* Of a server whose handshake is not in `unaccepted`. */
static __always_inline void post_unqueued(struct record *r)
{
	post_handshake(r);
	if (!(r->h.flags & HANDSHAKE_POSTED))
		leave_to_close(r);
}

/*
 * The handshake of a server waits for accept(); without room it is posted at once.  False: the entry of an earlier
 * connection in the same memory was there, and is replaced.
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
	if (r->h.accept_fate == ACCEPT_UNPOSTED)
		return;
	if (!claim_handshake(sk))
		r->h.accept_fate = ACCEPT_LATE;
	else if (wanted_handshake(&cfg, r) && !put_handshake(r))
		leave_to_close(r);
}

/* A server's handshake is over and there is no room for its record. */
static __always_inline void post_unrecorded(struct record *r, __u64 sk)
{
	claim_handshake(sk);
	r->h.flags |= HANDSHAKE_TABLE_FULL;
	if (owner_selected(r) && wanted_handshake(&cfg, r) && !put_handshake(r))
		count(COUNT_LOST_HANDSHAKE);
}

/* The handshake of r is not in `unaccepted`: has whoever claimed it posted it? */
static __always_inline bool was_posted_by_claimer(const struct record *r)
{
	return r->h.role == ROLE_SERVER && diary_established(r) && cfg.accept_seen &&
	       r->h.accept_fate != ACCEPT_UNPOSTED;
}

/*
 * The connection ends: is its handshake still to be posted?  False: it is nobody's who is selected, and neither chapter
 * is posted.
 */
static __always_inline bool settle_handshake(struct record *r, __u64 sk)
{
	if (r->h.role != ROLE_SERVER || r->h.flags & HANDSHAKE_POSTED)
		return true;
	/* one that ends in SYN_RECV never waited for accept() */
	if (claim_handshake(sk) || (!diary_established(r) && !r->h.accept_ns))
		return owner_selected(r);
	if (was_posted_by_claimer(r))
		r->h.flags |= HANDSHAKE_POSTED;
	return true;
}

/*
 * Posts what is not posted yet of a record that is over: the handshake of a connection that got no further, else the close,
 * and with it the handshake.
 */
static __always_inline void post_finished(struct record *r)
{
	bool posted = r->h.flags & HANDSHAKE_POSTED;

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

/*
 * Posts a record as it stands, incomplete: its connection's end was not seen, and another connection has the socket's memory or
 * the addresses now.  claimed: its handshake is not in `unaccepted`.
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
	if ((owner_selected(old) || old->h.accept_ns) && select_local_port(&old->h))
		post_finished(old);
}

#endif

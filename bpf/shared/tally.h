/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The chapters of a summary, counted instead of posted.  A key has the facts that the verdict
 * depends on and the bucket of the latency, so the BPF side judges nothing: user space makes a
 * chapter of each key, by the same rules as of a record (user/chapter/tally_chapter.c).  Pure: both
 * sides and the unit tests compile it.
 */
#ifndef TALLY_H
#define TALLY_H

#include "diary_read.h"

#define TALLIES 16384
/* without the service's port, for what finds no room in those */
#define TALLIES_OTHER 4096

/*
 * Log-linear buckets.  Each power of two is cut into 32 of equal width:
 *
 *	value < 32:		bucket = value
 *	else, with e = floor(log2(value)) - 5:
 *				bucket = 32 * e + (value >> e)		(32 <= value >> e < 64)
 */
#define BUCKET_BITS 5
#define BUCKETS ((64 - BUCKET_BITS + 1) << BUCKET_BITS)
/* no latency, or not known */
#define BUCKET_NONE 0xffff

struct tally_key {
	/* the service's; 0: none, or not known */
	__u16 port;
	__u16 bucket;
	__s16 err;
	/* the chapter's type */
	__u8 close;
	__u8 role;
	/* err was an ICMP's */
	__u8 soft;
	__u8 state;
	/* the state before the last change of the close */
	__u8 last_from;
	/* a close whose handshake is not counted */
	__u8 alone;
	__u32 h_flags;
	__u32 c_flags;
};

struct tally {
	__u64 n;
	__u64 max_ns;
};

#define TALLY_H_FLAGS                                                            \
	(HANDSHAKE_BEFORE_TRACE | HANDSHAKE_EVENTS_LOST | HANDSHAKE_TABLE_FULL | \
	 HANDSHAKE_ESTABLISHED | HANDSHAKE_NO_PORT | HANDSHAKE_NO_SYN)
#define TALLY_C_FLAGS                                                                         \
	(CLOSE_EVENTS_LOST | CLOSE_LOCAL_FIN | CLOSE_LOCAL_FIN_LEFT | CLOSE_LOCAL_FIN_ACKED | \
	 CLOSE_REMOTE_FIN | CLOSE_REMOTE_FIN_FIRST | CLOSE_RST_RECEIVED | CLOSE_RST_SENT |    \
	 CLOSE_OVER | CLOSE_MINISOCKET | CLOSE_EXPIRED)

static __always_inline __u16 tally_bucket(__u64 value)
{
	__u32 e = 0;

	/*
	 * how far the highest bit is above BUCKET_BITS, by bisection: BPF has no instruction for it
	 */
	for (__u32 step = 32; step; step /= 2)
		e += step * (__u32)nonzero(value >> (e + BUCKET_BITS) >> step);
	return (e << BUCKET_BITS) + (value >> e);
}

/* BUCKET_NONE of 0: see nonzero(). */
static __always_inline __u16 tally_bucket_of(__u64 ns)
{
	return tally_bucket(ns) | (__u16)(nonzero(ns) - 1);
}

static __always_inline void tally_begin(struct tally_key *key, const struct handshake_part *h)
{
	key->role = h->role;
	if (h->role == ROLE_CLIENT)
		key->port = h->remote_port;
	else if (h->role == ROLE_SERVER)
		key->port = h->local_port;
	key->bucket = BUCKET_NONE;
	key->h_flags = h->flags & TALLY_H_FLAGS;
}

/* Of a handshake that is over; the key must be zero.  Returns its latency in ns, 0: not known. */
static __always_inline __u64 tally_handshake(struct tally_key *key, const struct record *r)
{
	__u64 ns;

	tally_begin(key, &r->h);
	if (!diary_retransmits_seen(&r->h))
		key->h_flags |= HANDSHAKE_EVENTS_LOST;
	if (!diary_established(r)) {
		key->state = r->h.state;
		key->err = r->h.err;
		key->soft = r->h.err && r->h.err == r->h.err_soft;
		/* the time of a failure is no handshake's */
		return 0;
	}
	ns = diary_handshake_ns(&r->h);
	key->bucket = tally_bucket_of(ns);
	return ns;
}

/* Of a close that is over; the key must be zero.  Returns its latency in ns, 0: not known. */
static __always_inline __u64 tally_close(struct tally_key *key, const struct record *r)
{
	__u64 ns = diary_close_ns(r);
	__u32 last = r->c.n_steps - 1U;

	tally_begin(key, &r->h);
	key->close = 1;
	key->err = r->c.err;
	key->c_flags = r->c.flags & TALLY_C_FLAGS;
	/* as in diary_close_end_ns() */
	barrier_var(last);
	if (last < CLOSE_STEPS)
		key->last_from = step_from(r->c.steps[last]);
	key->bucket = tally_bucket_of(ns);
	return ns;
}

_Static_assert(sizeof(struct tally_key) == 20, "no padding in a map's key");

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A row of the metrics: what is counted of the connections of one service.  The BPF side adds what
 * it sees to end, user space what only a sweep finds.  Pure: both sides and the unit tests compile
 * it.
 */
#ifndef ROW_H
#define ROW_H

#include "buckets.h"
#include "verdict.h"

/* --metrics-rows: rows of services beside those of the others */
#define ROWS_DEFAULT 32
#define ROWS_MAX 4096
/* port of a row for all ports that have none */
#define ROW_OTHER 0

struct row_key {
	/* --metrics-by unit or container: the owner's cgroup; else 0 */
	__u64 cgroup;
	__u16 port;
	/* enum role */
	__u8 role;
	__u8 pad[5];
};

enum row_histogram_type {
	/* SYN to SYN,ACK, or SYN,ACK to ACK: diary_handshake_ns() */
	ROW_HANDSHAKE,
	/* ESTABLISHED to the return of accept() */
	ROW_ACCEPT,
	/* diary_close_ns() */
	ROW_CLOSE,
	/* our CLOSE_WAIT: from the peer's FIN to our close() */
	ROW_CLOSE_WAIT,
	ROW_HISTOGRAMS
};

struct row_histogram {
	__u64 sum_ns;
	/* by row_bucket() */
	__u64 n[ROW_BUCKETS];
};

struct row_counts {
	struct row_histogram histograms[ROW_HISTOGRAMS];
	/* enum outcome, enum ending */
	__u64 outcomes[OUTCOMES];
	__u64 endings[ENDINGS];
	__u64 syn_retransmits;
	__u64 synack_retransmits;
};

/*
 * One connection of a histogram: the slowest since the page was last written.  begun and done are
 * equal unless it is just being written; done stands first and begun last, so that who copies the
 * row in this order sees that too.
 */
struct exemplar {
	__u32 done;
	__u32 period;
	__u64 ns;
	/* CLOCK_MONOTONIC */
	__u64 t_ns;
	/* 0: not known */
	__u64 cookie;
	__u8 remote[16];
	/* empty: not known */
	char comm[COMM_LEN];
	__u16 remote_port;
	__u16 pad;
	__u32 begun;
};

/* As it stands in the kernel, one for each CPU. */
struct kernel_row {
	struct row_counts counted;
	struct exemplar exemplars[ROW_HISTOGRAMS];
};

/* bucket: row_bucket(ns).  Adds as count() of counters.bpf.h does. */
static __always_inline void row_observe(struct row_counts *row, enum row_histogram_type type,
					__u64 ns, __u32 bucket)
{
	struct row_histogram *h = &row->histograms[type];

	barrier_var(bucket);
	if (bucket >= ROW_BUCKETS)
		return;
	__sync_fetch_and_add(&h->n[bucket], 1);
	__sync_fetch_and_add(&h->sum_ns, ns);
}

/* The retransmissions of our SYNs.  The first SYN that leaves this host is none. */
static __always_inline __u32 row_syn_retransmits(const struct handshake_part *h)
{
	return h->unsent > h->retransmits ? 0 : h->retransmits - h->unsent;
}

/* Of a handshake that is over, with the outcome of verdict_outcome(). */
static __always_inline void row_add_handshake(struct row_counts *row,
					      const struct handshake_part *h, __u32 outcome)
{
	barrier_var(outcome);
	if (outcome >= OUTCOMES)
		return;
	__sync_fetch_and_add(&row->outcomes[outcome], 1);
	if (!h->retransmits)
		return;
	if (h->role == ROLE_CLIENT)
		__sync_fetch_and_add(&row->syn_retransmits, row_syn_retransmits(h));
	else if (h->role == ROLE_SERVER)
		__sync_fetch_and_add(&row->synack_retransmits, h->retransmits);
}

/* Of a close that is over, with the ending of verdict_ending(). */
static __always_inline void row_add_close(struct row_counts *row, __u32 ending)
{
	barrier_var(ending);
	if (ending < ENDINGS)
		__sync_fetch_and_add(&row->endings[ending], 1);
}

/* How long an established one took; 0: it is not, or not known. */
static __always_inline __u64 row_handshake_ns(const struct handshake_part *h)
{
	return h->flags & HANDSHAKE_ESTABLISHED ? diary_handshake_ns(h) : 0;
}

/* From ESTABLISHED to the return of accept(); 0: it has not returned, or was waiting already. */
static __always_inline __u64 row_accept_ns(const struct handshake_part *h)
{
	__u64 end_ns = diary_handshake_end_ns(h);

	if (h->role != ROLE_SERVER || !(h->flags & HANDSHAKE_ESTABLISHED) || !end_ns)
		return 0;
	return h->accept_ns > end_ns ? h->accept_ns - end_ns : 0;
}

/*
 * From the peer's FIN to our close() or shutdown(); 0: the peer was not the first, or it is not
 * known.  CLOSE_WAIT begins with the first step: a retransmission has no step before one.
 */
static __always_inline __u64 row_close_wait_ns(const struct record *r)
{
	if (step_to(r->c.steps[0]) != BPF_TCP_CLOSE_WAIT)
		return 0;
	for (__u32 i = 1; i < CLOSE_STEPS; i++) {
		__u64 step = r->c.steps[i];

		if (step_from(step) != BPF_TCP_CLOSE_WAIT || step_to(step) == BPF_TCP_CLOSE_WAIT)
			continue;
		if (step_to(step) == BPF_TCP_CLOSE && r->c.err)
			return 0;
		return step_t_ns(step) - step_t_ns(r->c.steps[0]);
	}
	return 0;
}

/* The service: role and port of whom it is counted for; the cgroup is the caller's to set. */
static __always_inline void row_key_of(struct row_key *key, const struct handshake_part *h)
{
	key->role = h->role;
	key->port = h->role == ROLE_CLIENT   ? h->remote_port
		    : h->role == ROLE_SERVER ? h->local_port
					     : ROW_OTHER;
}

_Static_assert(sizeof(struct row_key) == 16, "no padding in a map's key");

#endif

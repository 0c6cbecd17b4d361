/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* --metrics: what is counted in the kernel, a row for each service (shared/row.h). */
#ifndef ROW_BPF_H
#define ROW_BPF_H

#include "common.bpf.h"
#include "counters.bpf.h"
#include "shared/row.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	/* the rows asked for and those of the others */
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct row_key);
	__type(value, struct kernel_row);
} rows SEC(".maps");

/* the ports of clients' services that get a row */
const volatile __u64 row_ports[PORT_WORDS];

/* what a row begins as: too large for the stack */
const volatile struct kernel_row row_none = {};

/* user space has read the exemplars so often, plus 1 */
__u32 exemplar_period = 1;

/*
 * Which ports get a row?  A server's has a listener.  A client may try any port, so its service's is
 * one of a list.
 */
static __always_inline bool port_gets_row(const struct row_key *key)
{
	if (!cfg.rows_by_port)
		return false;
	return key->role == ROLE_SERVER ||
	       (key->role == ROLE_CLIENT && row_ports[key->port / 64] >> key->port % 64 & 1);
}

static __always_inline struct kernel_row *row_enter(const struct row_key *key)
{
	struct kernel_row *row = bpf_map_lookup_elem(&rows, key);

	if (row)
		return row;
	bpf_map_update_elem(&rows, key, (const void *)&row_none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&rows, key);
}

/* User space has entered the rows of the others: they take no room. */
static __always_inline struct kernel_row *row_find(const struct handshake_part *h)
{
	struct row_key key = {};
	struct kernel_row *row;

	row_key_of(&key, h);
	if (!port_gets_row(&key))
		key.port = ROW_OTHER;
	if (cfg.rows_by_cgroup)
		key.cgroup = h->accept_ns ? h->acceptor.cgroup : h->owner.cgroup;
	forget_key(&key);
	row = row_enter(&key);
	if (row)
		return row;
	count(COUNT_ROWS_FULL);
	key.port = ROW_OTHER;
	key.cgroup = 0;
	return bpf_map_lookup_elem(&rows, &key);
}

/*
 * The slowest of a period is the exemplar.  A program that comes in between on this CPU leaves it
 * alone: begun and done differ.
 */
static __always_inline void exemplar_offer(struct exemplar *e, const struct handshake_part *h,
					   __u64 ns)
{
	const struct owner *owner = h->accept_ns ? &h->acceptor : &h->owner;

	if (e->begun != e->done || (e->period == exemplar_period && ns <= e->ns))
		return;
	e->begun++;
	barrier();
	e->period = exemplar_period;
	e->ns = ns;
	e->t_ns = bpf_ktime_get_ns();
	e->cookie = h->cookie;
	e->remote_port = h->remote_port;
	__builtin_memcpy(e->remote, h->remote, sizeof(e->remote));
	__builtin_memcpy(e->comm, owner->comm, COMM_LEN);
	barrier();
	e->done = e->begun;
}

/* On its own: few registers are left for it elsewhere, and the stack is short. */
static __noinline __u32 find_bucket(__u64 ns)
{
	return row_bucket(ns);
}

/* ns: 0: not known */
static __noinline void row_time(struct kernel_row *row, const struct handshake_part *h, __u32 type,
				__u64 ns)
{
	if (!row || !h || !ns)
		return;
	barrier_var(type);
	if (type >= ROW_HISTOGRAMS)
		return;
	row_observe(&row->counted, type, ns, find_bucket(ns));
	exemplar_offer(&row->exemplars[type], h, ns);
}

static __noinline void row_of_handshake(const struct record *r)
{
	struct kernel_row *row = r ? row_find(&r->h) : NULL;

	if (!row || !r)
		return;
	row_add_handshake(&row->counted, &r->h, forget(verdict_outcome(&r->h)));
	row_time(row, &r->h, ROW_HANDSHAKE, forget(row_handshake_ns(&r->h)));
}

static __noinline void row_of_close(const struct record *r)
{
	struct kernel_row *row = r ? row_find(&r->h) : NULL;

	if (!row || !r)
		return;
	row_add_close(&row->counted, forget(verdict_ending(r)));
	row_time(row, &r->h, ROW_CLOSE, forget(diary_close_ns(r)));
	row_time(row, &r->h, ROW_CLOSE_WAIT, forget(row_close_wait_ns(r)));
}

static __noinline void row_of_accept(const struct record *r)
{
	__u64 ns = r ? forget(row_accept_ns(&r->h)) : 0;

	if (r && ns)
		row_time(row_find(&r->h), &r->h, ROW_ACCEPT, ns);
}

#endif

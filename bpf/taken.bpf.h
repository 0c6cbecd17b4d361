/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Whose close left a TIME_WAIT: with --failed, which posts no graceful close, for a connect() that finds no port. */
#ifndef TAKEN_BPF_H
#define TAKEN_BPF_H

#include "shared/diary_read.h"
#include "common.bpf.h"

/* The oldest go first. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	/* TAKEN_PORTS when it is used */
	__uint(max_entries, 1);
	__type(key, struct taken_port);
	__type(value, struct taken_by);
} taken_ports SEC(".maps");

static __noinline void taken_note(const struct record *r)
{
	struct taken_port key = {};
	struct taken_by by;

	if (!r || r->h.role != ROLE_CLIENT || !(r->c.flags & CLOSE_TIME_WAIT))
		return;
	__builtin_memcpy(key.remote, r->h.remote, 16);
	key.netns = r->h.netns;
	key.local_port = r->h.local_port;
	key.remote_port = r->h.remote_port;
	by.owner = r->h.owner;
	by.t_ns = diary_close_end_ns(r);
	bpf_map_update_elem(&taken_ports, &key, &by, BPF_ANY);
}

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Which connections and which chapters are wanted: the selections of the command line. */
#ifndef SELECT_BPF_H
#define SELECT_BPF_H

#include "common.bpf.h"
#include "socket.bpf.h"
#include "shared/wanted.h"

const volatile __u64 local_ports[PORT_WORDS];
const volatile __u64 remote_ports[PORT_WORDS];
const volatile __u64 any_ports[PORT_WORDS];

#define PREFIX_MAP(name)                              \
	struct {                                      \
		__uint(type, BPF_MAP_TYPE_LPM_TRIE);  \
		__uint(max_entries, 1);               \
		__uint(map_flags, BPF_F_NO_PREALLOC); \
		__type(key, struct prefix_key);       \
		__type(value, __u8);                  \
	} name SEC(".maps")

PREFIX_MAP(local_prefixes);
PREFIX_MAP(remote_prefixes);
PREFIX_MAP(any_prefixes);

/* tgids as the tracer's PID namespace sees them */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u8);
} pids SEC(".maps");

static __always_inline bool port_in(const volatile __u64 *set, __u16 port)
{
	return set[port / 64] >> port % 64 & 1;
}

static __always_inline bool address_in(void *map, __u8 family, const __u8 *addr)
{
	struct prefix_key key = { .bits = PREFIX_FAMILY_BITS + 128, .family = family };

	__builtin_memcpy(key.addr, addr, 16);
	return bpf_map_lookup_elem(map, &key);
}

static __noinline bool remote_end_selected(const struct handshake_part *h)
{
	if (cfg.netns && h->netns != cfg.netns)
		return false;
	if (cfg.family && h->family != cfg.family)
		return false;
	if (cfg.role && h->role != cfg.role)
		return false;
	if (cfg.by_remote_port && !port_in(remote_ports, h->remote_port))
		return false;
	if (cfg.by_local && !address_in(&local_prefixes, h->family, h->local))
		return false;
	if (cfg.by_remote && !address_in(&remote_prefixes, h->family, h->remote))
		return false;
	if (cfg.by_host && !address_in(&any_prefixes, h->family, h->local) &&
	    !address_in(&any_prefixes, h->family, h->remote))
		return false;
	return true;
}

static __noinline bool local_end_selected(const struct handshake_part *h)
{
	if (cfg.by_local_port && !port_in(local_ports, h->local_port))
		return false;
	if (cfg.by_port && !port_in(any_ports, h->local_port) &&
	    !port_in(any_ports, h->remote_port))
		return false;
	return true;
}

/* By what is known from the first SYN on: all but the owner and a client's own port. */
static __always_inline bool select_remote(const struct handshake_part *h)
{
	return !cfg.by_remote_end || remote_end_selected(h);
}

static __always_inline bool select_local_port(const struct handshake_part *h)
{
	return !cfg.by_local_end || local_end_selected(h);
}

static __always_inline bool select_by_owner(void)
{
	return wanted_by_owner(&cfg);
}

/*
 * Does the socket alone show, when its state changes, that it is not selected?  It costs less than a record.  A listener
 * has no peer; a client's own port is 0 until the kernel chooses it, and that of many is 0 again at the end.
 */
static __always_inline bool is_excluded_by_end(const struct sock *sk)
{
	__u16 local, remote;

	if (cfg.netns && BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum) != cfg.netns)
		return true;
	if (!cfg.by_remote_port && !cfg.by_local_end)
		return false;
	local = FIELD(sk, __sk_common.skc_num);
	remote = bpf_ntohs(FIELD(sk, __sk_common.skc_dport));
	if (cfg.by_remote_port && remote && !port_in(remote_ports, remote))
		return true;
	if (!local)
		return false;
	return (cfg.by_local_port && !port_in(local_ports, local)) ||
	       (cfg.by_port && remote && !port_in(any_ports, local) && !port_in(any_ports, remote));
}

static __always_inline bool select_pid(__u32 pid)
{
	return !cfg.by_pid || bpf_map_lookup_elem(&pids, &pid);
}

static __always_inline bool select_comm(const char *comm)
{
	if (!cfg.by_comm)
		return true;
	for (int i = 0; i < COMM_LEN; i++) {
		if (comm[i] != cfg.comm[i])
			return false;
		if (!comm[i])
			break;
	}
	return true;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Which connections and which chapters are wanted: the selections of the command line. */
#ifndef SELECT_BPF_H
#define SELECT_BPF_H

#include "common.bpf.h"
#include "socket.bpf.h"
#include "shared/comm.h"
#include "shared/endpoint.h"
#include "shared/wanted.h"

const volatile __u64 local_ports[PORT_WORDS];
const volatile __u64 remote_ports[PORT_WORDS];
const volatile __u64 any_ports[PORT_WORDS];
/* by either end; those of one end are left out of its set */
const volatile __u64 other_ports[PORT_WORDS];
const volatile struct comm_patterns comms = {};

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

/* tgids as the tracer's PID namespace sees them; enum element */
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

static __always_inline bool either_port_in(__u16 local, __u16 remote)
{
	return (port_in(any_ports, local) || port_in(any_ports, remote)) &&
	       !port_in(other_ports, local) && !port_in(other_ports, remote);
}

/* enum element of the longest prefix in the list: a longer one decides against a shorter one; 0: none. */
static __always_inline __u8 address_element(void *map, __u8 family, const __u8 *addr)
{
	struct prefix_key key = { .bits = PREFIX_FAMILY_BITS + 128, .family = family };
	__u8 *element;

	__builtin_memcpy(key.addr, addr, 16);
	element = bpf_map_lookup_elem(map, &key);
	return element ? *element : 0;
}

static __always_inline bool address_in(void *map, __u8 family, const __u8 *addr, bool others)
{
	__u8 element = address_element(map, family, addr);

	return element ? element == ELEMENT_INCLUDED : others;
}

static __always_inline bool either_address_in(const struct handshake_part *h)
{
	__u8 local = address_element(&any_prefixes, h->family, h->local);
	__u8 remote = address_element(&any_prefixes, h->family, h->remote);

	if (local == ELEMENT_EXCLUDED || remote == ELEMENT_EXCLUDED)
		return false;
	return cfg.host_others || local || remote;
}

/* The verifier knows n_conns. */
static __always_inline bool conn_selected(const struct handshake_part *h)
{
	for (__u32 i = 0; i < CONNS_MAX; i++)
		if (i < cfg.n_conns && endpoints_are(cfg.conns[i], h))
			return true;
	return false;
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
	if (cfg.by_local && !address_in(&local_prefixes, h->family, h->local, cfg.local_others))
		return false;
	if (cfg.by_remote && !address_in(&remote_prefixes, h->family, h->remote, cfg.remote_others))
		return false;
	if (cfg.by_host && !either_address_in(h))
		return false;
	return !cfg.by_conn || conn_selected(h);
}

static __noinline bool local_end_selected(const struct handshake_part *h)
{
	if (cfg.by_local_port && !port_in(local_ports, h->local_port))
		return false;
	if (cfg.by_port && !either_port_in(h->local_port, h->remote_port))
		return false;
	return !cfg.by_conn || conn_selected(h);
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

/* Where the selected namespace is in memory, and stays, for the tracer has it open; 0: it has not been visited. */
__u64 netns_at = 0;

static __always_inline bool in_selected_netns(const struct sock *sk)
{
	const struct net *net = FIELD(sk, __sk_common.skc_net.net);

	return netns_at ? (__u64)net == netns_at : BPF_CORE_READ(net, ns.inum) == cfg.netns;
}

/* What nobody owns, such as a SYN to a port where nobody listens. */
static __always_inline bool select_nobodys(void)
{
	return !cfg.by_owner || cfg.owner_others;
}

/*
 * Does the socket alone show, when its state changes, that it is not selected?  It costs less than a record.  A listener
 * has no peer; a client's own port is 0 until the kernel chooses it, and that of many is 0 again at the end.
 */
static __always_inline bool is_excluded_by_end(const struct sock *sk)
{
	__u16 local, remote;

	if (cfg.netns && !in_selected_netns(sk))
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
	       (cfg.by_port && remote && !either_port_in(local, remote));
}

static __always_inline bool by_pids(void)
{
	return cfg.by_pid || cfg.by_other_pid;
}

static __always_inline bool select_pid(__u32 pid)
{
	__u8 *element;

	if (!by_pids())
		return true;
	element = bpf_map_lookup_elem(&pids, &pid);
	return element ? *element == ELEMENT_INCLUDED : !cfg.by_pid;
}

static __always_inline bool select_comm(const char *comm)
{
	return !cfg.by_comm || comm_selected(&comms, comm);
}

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * connect() that fails before a SYN: no route, an address that is not ours, a cgroup's or a security
 * module's refusal.  No state changes, so the call itself is watched, from its begin to its return.
 */
#ifndef CONNECT_BPF_H
#define CONNECT_BPF_H

#include "common.bpf.h"
#include "cpu.bpf.h"
#include "handshake.bpf.h"
#include "owner.bpf.h"
#include "table.bpf.h"

/* include/uapi/linux/net.h: a socket whose connect() has not begun */
#define SS_UNCONNECTED 1

/* struct sockaddr_in or sockaddr_in6; the latter has 28 bytes */
struct sockaddr_bytes {
	__u16 family;
	__be16 port;
	union {
		__be32 v4;
		struct {
			__be32 flowinfo;
			__u32 v6[4];
			__u32 scope_id;
		};
	};
};

struct connecting {
	__u64 sk;
	__u64 t_ns;
	struct sockaddr_bytes to;
};

/* By the calling thread, until the state changes or the call returns. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	/* CONNECTING when it is used */
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct connecting);
} connecting SEC(".maps");

/* The caller's socket leaves CLOSE: the rest of its call is told by the state changes. */
static __always_inline void connect_began(void)
{
	__u64 thread = bpf_get_current_pid_tgid();

	if (cfg.connect_seen)
		bpf_map_delete_elem(&connecting, &thread);
}

/* A first connect() begins, not one that asks for the result of an earlier one. */
static __always_inline bool connect_is_first(struct socket *socket, struct sock *sk)
{
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);

	return (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP) &&
	       BPF_CORE_READ(socket, state) == SS_UNCONNECTED &&
	       BPF_CORE_READ(sk, __sk_common.skc_state) == BPF_TCP_CLOSE;
}

static __always_inline void connect_enter(struct socket *socket, const void *addr, int len,
					  bool from_user)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct sock *sk = BPF_CORE_READ(socket, sk);
	struct connecting c = {};
	long err;

	/* AF_UNSPEC ends a connection; an address that is cut off names no peer */
	if (!sk || len < 16 || !connect_is_first(socket, sk))
		return;
	err = from_user ? bpf_probe_read_user(&c.to, 16, addr)
			: bpf_probe_read_kernel(&c.to, 16, addr);
	if (err || (c.to.family != AF_INET && (c.to.family != AF_INET6 || len < 24)))
		return;
	/* 24: without the scope, as before RFC 2553 */
	if (c.to.family == AF_INET6)
		err = from_user ? bpf_probe_read_user(&c.to, 24, addr)
				: bpf_probe_read_kernel(&c.to, 24, addr);
	if (err)
		return;
	c.sk = (__u64)sk;
	c.t_ns = bpf_ktime_get_ns();
	bpf_map_update_elem(&connecting, &thread, &c, BPF_ANY);
}

static __always_inline void connect_identity(struct handshake_part *h, const struct connecting *c)
{
	struct sock_common *skc = (void *)c->sk;
	struct tuple own = {};

	read_tuple(&own, skc);
	__builtin_memcpy(h->local, own.local, 16);
	h->netns = own.netns;
	/* chosen by bind() */
	h->local_port = own.local_port;
	h->remote_port = bpf_ntohs(c->to.port);
	if (c->to.family == AF_INET) {
		v4_mapped(h->remote, c->to.v4);
		h->family = 4;
	} else {
		__builtin_memcpy(h->remote, c->to.v6, 16);
		h->family = c->to.v6[0] || c->to.v6[1] || c->to.v6[2] != bpf_htonl(0xffff) ? 6 : 4;
	}
	/* not bound: read_addresses() takes it for an IPv4 socket, as it has no peer */
	if (h->family == 6 && BPF_CORE_READ(skc, skc_family) == AF_INET6)
		BPF_CORE_READ_INTO(&h->local, skc, skc_v6_rcv_saddr);
}

static __always_inline void connect_failed(struct record *r, const struct connecting *c, int err)
{
	r->h.role = ROLE_CLIENT;
	r->h.t0_ns = c->t_ns;
	r->h.err = -err;
	r->h.state = BPF_TCP_CLOSE;
	r->h.flags |= HANDSHAKE_NO_SYN;
	connect_identity(&r->h, c);
	if (!select_remote(&r->h) || !select_local_port(&r->h))
		return;
	if (cfg.owners)
		owner_current(&r->h.owner);
	if (select_by_owner() && !select_current(&r->h.owner))
		return;
	if (wanted_handshake(&cfg, r) && !put_handshake(r))
		count(COUNT_LOST_HANDSHAKE);
}

static __always_inline void connect_exit_with(long ret)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct connecting *c = bpf_map_lookup_elem(&connecting, &thread), copy;
	struct record *r;
	struct work w;

	if (!c)
		return;
	copy = *c;
	bpf_map_delete_elem(&connecting, &thread);
	if (ret >= 0)
		return;
	r = work_begin(&w);
	if (r)
		connect_failed(r, &copy, ret);
	work_end(&w);
}

/* What a cgroup refuses is seen here, what a security module refuses is not. */
SEC("?fentry/inet_stream_connect")
int BPF_PROG(connect_fentry, struct socket *socket, struct sockaddr *addr, int len, int flags)
{
	if (caller_selected())
		connect_enter(socket, addr, len, false);
	return 0;
}

SEC("?fexit/inet_stream_connect")
int BPF_PROG(connect_fexit, struct socket *socket, struct sockaddr *addr, int len, int flags,
	     int ret)
{
	connect_exit_with(ret);
	return 0;
}

SEC("?tracepoint/syscalls/sys_enter_connect")
int connect_enters(struct trace_event_raw_sys_enter *ctx)
{
	struct file *file;

	if (!caller_selected())
		return 0;
	file = file_of_fd((int)ctx->args[0]);
	/* unlike accept()'s result, it may be any file */
	if (file && BPF_CORE_READ(file, f_inode, i_sb, s_magic) == SOCKFS_MAGIC)
		connect_enter(BPF_CORE_READ(file, private_data), (const void *)ctx->args[1],
			      (int)ctx->args[2], true);
	return 0;
}

SEC("?tracepoint/syscalls/sys_exit_connect")
int connect_exits(struct trace_event_raw_sys_exit *ctx)
{
	connect_exit_with(ctx->ret);
	return 0;
}

#endif

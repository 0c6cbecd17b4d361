/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * connect() that fails before a SYN: no route, an address that is not ours, a cgroup's or a security
 * module's refusal.  No state changes, so the call itself is watched: when it returns an error.
 */
#ifndef CONNECT_BPF_H
#define CONNECT_BPF_H

#include "common.bpf.h"
#include "cpu.bpf.h"
#include "handshake.bpf.h"
#include "owner.bpf.h"
#include "table.bpf.h"

/* include/uapi/linux/net.h: a socket whose connect() has not begun, or is over */
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

/* A connect() that has failed. */
struct failure {
	struct sock *sk;
	struct sockaddr_bytes to;
	int err;
};

/*
 * Sockets that were closed by an error, or in SYN_SENT: their state changes are reported, and connect() may be yet to
 * return, or be called again for the result.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	/* CONNECTS when it is used */
	__uint(max_entries, 1);
	__type(key, __u64);
	/* the socket's cookie */
	__type(value, __u64);
} failed_clients SEC(".maps");

static __always_inline void connect_reported(__u64 sk, __u64 cookie)
{
	if (cfg.connect_seen)
		bpf_map_update_elem(&failed_clients, &sk, &cookie, BPF_ANY);
}

/* The socket of this connect() is as if it had not been called: not connecting, nor connected, nor a listener. */
static __always_inline bool is_unconnected(struct socket *socket, struct sock *sk)
{
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);

	return (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP) &&
	       BPF_CORE_READ(socket, state) == SS_UNCONNECTED &&
	       BPF_CORE_READ(sk, __sk_common.skc_state) == BPF_TCP_CLOSE;
}

/* Are the socket's state changes reported?  tcp: its own address, or that of an MPTCP socket's first subflow. */
static __always_inline bool was_reported(__u64 tcp)
{
	struct sock *sk = (void *)tcp;
	__u64 *cookie = bpf_map_lookup_elem(&failed_clients, &tcp);

	if (!cookie || *cookie != (__u64)BPF_CORE_READ(sk, __sk_common.skc_cookie.counter))
		return false;
	bpf_map_delete_elem(&failed_clients, &tcp);
	return true;
}

/* False: the address names no peer.  AF_UNSPEC ends a connection, and one that is cut off is none. */
static __always_inline bool read_peer(struct sockaddr_bytes *to, const void *addr, int len,
				      bool from_user)
{
	long err;

	if (len < 16)
		return false;
	err = from_user ? bpf_probe_read_user(to, 16, addr) : bpf_probe_read_kernel(to, 16, addr);
	if (err || to->family == AF_INET)
		return !err;
	/* 24: without the scope, as before RFC 2553 */
	if (to->family != AF_INET6 || len < 24)
		return false;
	return !(from_user ? bpf_probe_read_user(to, 24, addr)
			   : bpf_probe_read_kernel(to, 24, addr));
}

static __always_inline void connect_identity(struct handshake_part *h, const struct failure *f)
{
	struct sock_common *skc = (void *)f->sk;
	struct tuple own = {};

	read_tuple(&own, skc);
	__builtin_memcpy(h->local, own.local, 16);
	h->netns = own.netns;
	/* chosen by bind() */
	h->local_port = own.local_port;
	h->remote_port = bpf_ntohs(f->to.port);
	if (f->to.family == AF_INET) {
		v4_mapped(h->remote, f->to.v4);
		h->family = 4;
	} else {
		__builtin_memcpy(h->remote, f->to.v6, 16);
		h->family = f->to.v6[0] || f->to.v6[1] || f->to.v6[2] != bpf_htonl(0xffff) ? 6 : 4;
	}
	/* not bound: read_addresses() takes it for an IPv4 socket, as it has no peer */
	if (h->family == 6 && BPF_CORE_READ(skc, skc_family) == AF_INET6)
		BPF_CORE_READ_INTO(&h->local, skc, skc_v6_rcv_saddr);
}

static __always_inline void post_failure(struct record *r, const struct failure *f)
{
	r->h.role = ROLE_CLIENT;
	r->h.t0_ns = bpf_ktime_get_ns();
	r->h.err = -f->err;
	r->h.state = BPF_TCP_CLOSE;
	r->h.flags |= HANDSHAKE_NO_SYN;
	connect_identity(&r->h, f);
	if (!select_remote(&r->h) || !select_local_port(&r->h))
		return;
	if (cfg.owners)
		owner_current(&r->h.owner);
	if (select_by_owner() && !select_current(&r->h.owner))
		return;
	if (wanted_handshake(&cfg, r) && !put_handshake(r))
		count(COUNT_LOST_HANDSHAKE);
}

/* connect() returns an error. */
static __always_inline void connect_failed(struct socket *socket, const void *addr, int len,
					   int err, bool from_user)
{
	struct failure f = { .sk = BPF_CORE_READ(socket, sk), .err = err };
	struct record *r;
	struct work w;

	if (!f.sk || !is_unconnected(socket, f.sk) || was_reported(tcp_behind(socket)) ||
	    !read_peer(&f.to, addr, len, from_user))
		return;
	r = work_begin(&w);
	if (r)
		post_failure(r, &f);
	work_end(&w);
}

/* What a cgroup refuses is seen here, what a security module refuses is not. */
SEC("?fexit/inet_stream_connect")
int BPF_PROG(connect_fexit, struct socket *socket, struct sockaddr *addr, int len, int flags,
	     int ret)
{
	if (ret < 0 && caller_selected())
		connect_failed(socket, addr, len, ret, false);
	return 0;
}

/* The arguments of a connect(), by the calling thread. */
struct call {
	const void *addr;
	int fd;
	int len;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	/* CONNECTS when it is used */
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct call);
} calls SEC(".maps");

SEC("?tracepoint/syscalls/sys_enter_connect")
int connect_enters(struct trace_event_raw_sys_enter *ctx)
{
	struct call c = { .addr = (const void *)ctx->args[1],
			  .fd = ctx->args[0],
			  .len = ctx->args[2] };
	__u64 thread = bpf_get_current_pid_tgid();

	if (caller_selected())
		bpf_map_update_elem(&calls, &thread, &c, BPF_ANY);
	return 0;
}

SEC("?tracepoint/syscalls/sys_exit_connect")
int connect_exits(struct trace_event_raw_sys_exit *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct call *c = bpf_map_lookup_elem(&calls, &thread), copy;
	struct file *file;

	if (!c)
		return 0;
	copy = *c;
	bpf_map_delete_elem(&calls, &thread);
	if (ctx->ret >= 0)
		return 0;
	file = file_of_fd(copy.fd);
	/* it may be any file */
	if (file && BPF_CORE_READ(file, f_inode, i_sb, s_magic) == SOCKFS_MAGIC)
		connect_failed(BPF_CORE_READ(file, private_data), copy.addr, copy.len, ctx->ret,
			       true);
	return 0;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* accept() returned: who took the connection, and when.  One program for each hook. */
#ifndef ACCEPT_BPF_H
#define ACCEPT_BPF_H

#include "common.bpf.h"
#include "table.bpf.h"

/*
 * accept() took a child that is still in SYN_RECV: a fast-open one, or a moment before the last ACK
 * was through.  Its record begins here and server_established() completes it.
 */
static __always_inline void accept_early(__u64 sk, const struct owner *o, __u64 t_ns)
{
	struct cpu *cpu = this_cpu();
	struct record *r;
	int level;

	if (!cpu || BPF_CORE_READ((struct sock_common *)sk, skc_state) != BPF_TCP_SYN_RECV ||
	    (select_by_owner() && !select_current(o)))
		return;
	level = level_enter(cpu);
	r = scratch_record(cpu, level);
	if (r) {
		r->h.role = ROLE_SERVER;
		r->h.state = BPF_TCP_SYN_RECV;
		r->h.acceptor = *o;
		r->h.accept_ns = t_ns;
		bpf_map_update_elem(&table, &sk, r, BPF_NOEXIST);
	}
	if (level >= 0)
		level_leave(cpu);
}

/*
 * The caller has `sk`.  This runs without the socket's lock: it writes the accept fields and nothing
 * else, and accept_ns last, which vouches for the others.
 */
static __always_inline void on_accept(__u64 sk)
{
	__u64 t_ns = bpf_ktime_get_ns();
	struct record *r;
	struct owner o;

	if (!sk)
		return;
	owner_current(&o);
	r = table_find(sk);
	if (!r) {
		accept_early(sk, &o, t_ns);
		return;
	}
	if (r->h.role != ROLE_SERVER || r->h.accept_ns)
		return; /* a client's, or taken by another program here */
	if (select_by_owner() && !owner_selected(r) && !select_current(&o)) {
		claim_handshake(sk);
		table_remove(sk);
		return;
	}
	r->h.acceptor = o;
	barrier();
	r->h.accept_ns = t_ns;
	if (r->h.accept_fate == ACCEPT_LOST)
		return;
	if (!claim_handshake(sk))
		r->h.accept_fate = ACCEPT_LATE;
	else if (wanted_handshake(&cfg, r) && !post_handshake(r))
		r->h.accept_fate = ACCEPT_LOST;
}

/*
 * Since 6.10 the arguments stand in a struct: commit 92ef0fd55ac8 ("net: change proto and proto_ops accept
 * type").
 */
SEC("?fexit/inet_csk_accept")
int BPF_PROG(accept_fexit, struct sock *listener, void *arg, struct sock *child)
{
	on_accept((__u64)child);
	return 0;
}

/* Where a task can be taken off its CPU in the one above, which is run for nobody else there meanwhile. */
SEC("?fexit/inet_csk_accept")
int BPF_PROG(accept_fexit_relay, struct sock *listener, void *arg, struct sock *child)
{
	on_accept((__u64)child);
	return 0;
}

SEC("?fexit/inet_csk_accept")
int BPF_PROG(accept_fexit_4args, struct sock *listener, int flags, int *err, bool kern,
	     struct sock *child)
{
	on_accept((__u64)child);
	return 0;
}

SEC("?kretprobe/inet_csk_accept")
int BPF_KRETPROBE(accept_kretprobe, struct sock *child)
{
	on_accept((__u64)child);
	return 0;
}

#define IPPROTO_MPTCP 262

/* The socket behind a file descriptor of the caller, 0 when it has none. */
static __always_inline __u64 socket_of_fd(int fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct socket *socket;
	struct file **slot, *file;
	struct sock *sk;

	if (fd < 0 || (unsigned int)fd >= BPF_CORE_READ(fdt, max_fds))
		return 0;
	slot = BPF_CORE_READ(fdt, fd) + fd;
	if (bpf_probe_read_kernel(&file, sizeof(file), slot) || !file)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	if (sk && BPF_CORE_READ(sk, sk_protocol) == IPPROTO_MPTCP &&
	    bpf_core_field_exists(((struct mptcp_sock *)0)->first))
		return (__u64)BPF_CORE_READ((struct mptcp_sock *)sk, first);
	return (__u64)sk;
}

SEC("?tracepoint/syscalls/sys_exit_accept")
int accept_exit(struct trace_event_raw_sys_exit *ctx)
{
	if (ctx->ret >= 0)
		on_accept(socket_of_fd(ctx->ret));
	return 0;
}

SEC("?tracepoint/syscalls/sys_exit_accept4")
int accept4_exit(struct trace_event_raw_sys_exit *ctx)
{
	if (ctx->ret >= 0)
		on_accept(socket_of_fd(ctx->ret));
	return 0;
}

#define IORING_OP_ACCEPT 13

static __always_inline void io_uring_done(const struct io_kiocb *req, int fd)
{
	if (req && BPF_CORE_READ(req, opcode) == IORING_OP_ACCEPT && fd >= 0)
		on_accept(socket_of_fd(fd));
}

SEC("?raw_tp/io_uring_complete")
int BPF_PROG(accept_io_uring, void *ring_ctx, struct io_kiocb *req, struct io_uring_cqe *cqe)
{
	io_uring_done(req, BPF_CORE_READ(cqe, res));
	return 0;
}

/*
 * Before 6.14 the result is an argument of its own; before 5.18, commit 502c87d65564 ("io-uring: Make
 * tracepoints consistent."), the request is not told.
 */
SEC("?raw_tp/io_uring_complete")
int BPF_PROG(accept_io_uring_res, void *ring_ctx, struct io_kiocb *req, __u64 user_data, int res)
{
	io_uring_done(req, res);
	return 0;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* accept() returned: to whom, and when.  One program for each hook. */
#ifndef ACCEPT_BPF_H
#define ACCEPT_BPF_H

#include "common.bpf.h"
#include "cpu.bpf.h"
#include "handshake.bpf.h"
#include "listener.bpf.h"
#include "owner.bpf.h"
#include "table.bpf.h"

/*
 * Of what server_begin() does not select no record may begin: the state's hook runs before the
 * state is written, so that one may be over when the child is met in SYN_RECV.
 */
static __always_inline bool child_selected(struct handshake_part *h, __u64 sk)
{
	struct tuple t;

	h->family = read_tuple(&t, (struct sock_common *)sk);
	__builtin_memcpy(h->local, t.local, 16);
	__builtin_memcpy(h->remote, t.remote, 16);
	h->netns = t.netns;
	h->local_port = t.local_port;
	h->remote_port = t.remote_port;
	return select_remote(h) && select_local_port(h);
}

static __always_inline bool select_acceptor(const struct owner *o)
{
	return !select_by_owner() || select_current(o);
}

/*
 * accept() returned a child in SYN_RECV: with fast open, or while another CPU still handles the
 * last ACK.  Its record begins here, and server_established() completes it.
 */
static __always_inline void accept_early(__u64 sk, __u64 t_ns)
{
	struct record *r;
	struct work w;

	r = work_begin(&w);
	if (r) {
		r->h.role = ROLE_SERVER;
		r->h.state = BPF_TCP_SYN_RECV;
	}
	if (r && child_selected(&r->h, sk)) {
		owner_current(&r->h.acceptor);
		if (!select_acceptor(&r->h.acceptor))
			r->h.accept_fate = ACCEPT_UNSELECTED;
		r->h.accept_ns = t_ns;
		bpf_map_update_elem(&table, &sk, r, BPF_NOEXIST);
	}
	work_end(&w);
}

/*
 * The calling process has `sk`.  This runs without the socket's lock: it writes the fields of
 * accept() only, and accept_ns after the others, which are valid from then on.
 */
static __always_inline void on_accept(__u64 sk)
{
	struct sock_common *child = (void *)sk;
	struct record *r;
	struct owner o;
	__u64 t_ns;
	bool early;

	if (!sk)
		return;
	early = PEEK(sock_common, child, skc_state) == BPF_TCP_SYN_RECV;
	if (!early && never_recorded(child))
		return;
	t_ns = bpf_ktime_get_ns();
	r = table_find(sk);
	if (!r && early) {
		accept_early(sk, t_ns);
		/* the other CPU may have entered it meanwhile */
		r = table_find(sk);
	}
	if (!r)
		return;
	/* a client's, or another program on this hook was first */
	if (r->h.role != ROLE_SERVER || r->h.accept_ns)
		return;
	owner_current(&o);
	if (select_acceptor(&o)) {
		listener_accepted(r->c.listener);
	} else if (cfg.by_pid) {
		/* a selected process may close it */
		r->h.accept_fate |= ACCEPT_UNSELECTED;
	} else {
		claim_handshake(sk);
		table_remove(sk);
		return;
	}
	r->h.acceptor = o;
	barrier();
	r->h.accept_ns = t_ns;
	post_accepted(r, sk);
}

/*
 * Since 6.10 the arguments are in a struct: commit 92ef0fd55ac8 ("net: change proto and proto_ops
 * accept type").
 */
SEC("?fexit/inet_csk_accept")
int BPF_PROG(accept_fexit, struct sock *listener, void *arg, struct sock *child)
{
	on_accept((__u64)child);
	return 0;
}

/*
 * Where a task can lose its CPU in the program above, the kernel does not run that program for
 * other tasks on this CPU meanwhile.  It runs this one for them.
 */
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

/* The TCP socket of a file descriptor of the calling process; 0: there is none. */
static __always_inline __u64 socket_of_fd(int fd)
{
	struct file *file = file_of_fd(fd);

	return file ? tcp_behind(PEEK(file, file, private_data)) : 0;
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

/* include/uapi/linux/io_uring.h */
#define IORING_OP_ACCEPT 13

#define IORING_CQE_F_BUFFER (1U << 0)
#define IORING_CQE_F_MORE (1U << 1)

/*
 * Of a multishot request's completions the tracepoint does not show the request: the result may be anything.
 * But if it is a descriptor of a connection that nobody is known to have accepted, the process has it.
 */
static __always_inline bool may_be_multishot_accept(int fd, __u32 flags)
{
	struct file *file;

	if ((flags & (IORING_CQE_F_BUFFER | IORING_CQE_F_MORE)) != IORING_CQE_F_MORE)
		return false;
	file = file_of_fd(fd);
	return file && BPF_CORE_READ(file, f_inode, i_sb, s_magic) == SOCKFS_MAGIC;
}

static __always_inline void io_uring_done(const struct io_kiocb *req, int fd, __u32 flags)
{
	if (fd < 0)
		return;
	if (req ? BPF_CORE_READ(req, opcode) == IORING_OP_ACCEPT
		: may_be_multishot_accept(fd, flags))
		on_accept(socket_of_fd(fd));
}

SEC("?raw_tp/io_uring_complete")
int BPF_PROG(accept_io_uring, void *ring_ctx, struct io_kiocb *req, struct io_uring_cqe *cqe)
{
	io_uring_done(req, BPF_CORE_READ(cqe, res), BPF_CORE_READ(cqe, flags));
	return 0;
}

/*
 * Before 6.14 the result is an argument of its own.  Before 5.18 the request is no argument: commit
 * 502c87d65564 ("io-uring: Make tracepoints consistent.").
 */
SEC("?raw_tp/io_uring_complete")
int BPF_PROG(accept_io_uring_res, void *ring_ctx, struct io_kiocb *req, __u64 user_data, int res,
	     __u32 flags)
{
	io_uring_done(req, res, flags);
	return 0;
}

#endif

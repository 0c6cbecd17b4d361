/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How a socket is read, whatever the verifier knows of it: state, addresses, ports, cookie. */
#ifndef SOCKET_BPF_H
#define SOCKET_BPF_H

#include "common.bpf.h"

/* include/linux/socket.h */
#define AF_INET 2
#define AF_INET6 10
/* include/uapi/linux/in.h; the kernel's own MPTCP sockets report states as well */
#define IPPROTO_TCP 6
#define IPPROTO_MPTCP 262
/* include/net/sock.h, enum sock_flags, bits of skc_flags, unchanged since 2.6 */
/* no file refers to the socket */
#define SOCK_DEAD 0
/* the peer's FIN was received */
#define SOCK_DONE 1
/* SO_LINGER is set */
#define SOCK_LINGER 4

/* include/uapi/linux/magic.h */
#define SOCKFS_MAGIC 0x534F434B

/*
 * A field behind a kernel pointer, in the programs on state changes.  Where the verifier knows no
 * type of the pointer, it is a plain number: the memory is read as any other.
 */
#define FIELD(pointer, field) (cfg.typed ? (pointer)->field : BPF_CORE_READ(pointer, field))

/*
 * A field of a struct in the programs whose pointers have no types.  Kernels with preempt_off() have bpf_rdonly_cast()
 * too: such a pointer gets a type, and the load costs a tenth.  Memory that is not there reads as 0.
 */
#ifdef PREEMPT_KFUNCS
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym;
#define PEEK(type, pointer, field) \
	(((const struct type *)bpf_rdonly_cast(pointer, cfg.type_ids.type))->field)
#else
#define PEEK(type, pointer, field) BPF_CORE_READ((const struct type *)(pointer), field)
#endif

/* more than any kernel's tcp_sock and sock_common need */
#define TCP_SOCK_ROOM 4096
#define SOCK_COMMON_ROOM 192

/* A copy of the socket for each nesting level, where the verifier knows no types. */
struct room {
	__u8 bytes[TCP_SOCK_ROOM];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	/* LEVELS when it is used */
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct room);
} rooms SEC(".maps");

/* The socket in a form that may be read directly; NULL: it is not a TCP socket. */
static __always_inline const struct tcp_sock *tcp_of(struct sock *sk, __u32 level)
{
	struct room *room;

	if (cfg.typed)
		return bpf_skc_to_tcp_sock(sk);
	room = bpf_map_lookup_elem(&rooms, &level);
	if (!room || bpf_probe_read_kernel(room, bpf_core_type_size(struct tcp_sock), sk))
		return NULL;
	return (const struct tcp_sock *)room;
}

static __always_inline bool is_tcp(const struct sock *sk)
{
	return FIELD(sk, sk_protocol) == IPPROTO_TCP;
}

static __always_inline bool is_mptcp_socket(const struct sock *sk)
{
	return FIELD(sk, sk_protocol) == IPPROTO_MPTCP;
}

static __always_inline __u8 state_of(const struct sock *sk)
{
	return FIELD(sk, __sk_common.skc_state);
}

static __always_inline __u64 cookie_of(const struct sock *sk)
{
	return FIELD(sk, __sk_common.skc_cookie.counter);
}

static __always_inline bool has_sock_flag(const struct sock *sk, __u32 flag)
{
	return sk->__sk_common.skc_flags & 1 << flag;
}

/* What `ss -e` shows.  Without the helper: 0, unless somebody else has asked for the cookie. */
static __always_inline __u64 ask_cookie(const struct tcp_sock *tp)
{
	return cfg.cookie_helper ? bpf_get_socket_cookie((void *)tp)
				 : (__u64)tp->inet_conn.icsk_inet.sk.__sk_common.skc_cookie.counter;
}

/*
 * We have asked for the cookie of each connection that has a record, so one without a cookie has none.  A minisocket
 * has the cookie that its socket had when the kernel made it.
 */
static __always_inline bool never_recorded(const struct sock_common *sk)
{
	return cfg.cookie_helper && !PEEK(sock_common, sk, skc_cookie.counter);
}

/* A minisocket got a record only after the kernel had made it, and so has no cookie.  Never cleared. */
bool minisocket_without_cookie = false;

static __always_inline bool minisocket_never_recorded(const struct sock_common *tw)
{
	return !minisocket_without_cookie && never_recorded(tw);
}

static __always_inline void v4_mapped(__u8 *to, __be32 v4)
{
	__u32 *w = (__u32 *)to;

	w[0] = w[1] = 0;
	w[2] = bpf_htonl(0xffff);
	w[3] = v4;
}

static __always_inline void v6_copy(__u8 *to, const struct in6_addr *from)
{
	__u32 *w = (__u32 *)to;

	w[0] = from->in6_u.u6_addr32[0];
	w[1] = from->in6_u.u6_addr32[1];
	w[2] = from->in6_u.u6_addr32[2];
	w[3] = from->in6_u.u6_addr32[3];
}

/* Addresses of a full or time-wait socket; an IPv4-mapped one is IPv4.  Returns 4 or 6. */
static __always_inline __u8 read_addresses(const struct sock_common *sk, __u8 *local, __u8 *remote)
{
	bool v6 = sk->skc_family == AF_INET6;

	if (v6) {
		const struct in6_addr *d = &sk->skc_v6_daddr;

		/* an IPv4 request of an IPv6 listener has no IPv6 address at all */
		v6 = d->in6_u.u6_addr32[0] || d->in6_u.u6_addr32[1] ||
		     (d->in6_u.u6_addr32[2] ? d->in6_u.u6_addr32[2] != bpf_htonl(0xffff)
					    : d->in6_u.u6_addr32[3]);
	}
	if (v6) {
		v6_copy(local, &sk->skc_v6_rcv_saddr);
		v6_copy(remote, &sk->skc_v6_daddr);
		return 6;
	}
	v4_mapped(local, sk->skc_rcv_saddr);
	v4_mapped(remote, sk->skc_daddr);
	return 4;
}

static __always_inline __u32 netns_of(const struct sock_common *sk)
{
	const struct net *net = sk->skc_net.net;

	return FIELD(net, ns.inum);
}

/*
 * skc_num is 0 before the port is chosen, and again on the way to CLOSE.  inet_sport is still valid
 * in the latter case; in the former it may be that of the socket's previous connection.
 */
static __always_inline __u16 local_port_of(const struct tcp_sock *tp, __u8 to)
{
	__u16 port = tp->inet_conn.icsk_inet.sk.__sk_common.skc_num;

	if (port || to == BPF_TCP_SYN_SENT)
		return port;
	return bpf_ntohs(tp->inet_conn.icsk_inet.inet_sport);
}

/* net/core/dev.c: a namespace's interfaces by number, in NETDEV_HASHENTRIES lists */
#define INTERFACE_LISTS 256
/* of such a list, what is read: with 4,096 interfaces every name is found */
#define INTERFACE_LIST_MAX 16

static __noinline void read_name(struct interface *to, const struct net *net)
{
	struct hlist_head *list;
	struct hlist_node *at;
	__u32 index;

	if (!to || !bpf_core_field_exists(net->dev_index_head))
		return;
	to->name[0] = '\0';
	index = to->index;
	list = BPF_CORE_READ(net, dev_index_head) + index % INTERFACE_LISTS;
	at = BPF_CORE_READ(list, first);
	for (int i = 0; i < INTERFACE_LIST_MAX && at; i++) {
		const struct net_device *dev = (void *)at - bpf_core_field_offset(struct net_device,
										  index_hlist);

		if ((__u32)BPF_CORE_READ(dev, ifindex) == index) {
			bpf_probe_read_kernel_str(to->name, IFNAME_LEN, dev->name);
			return;
		}
		at = BPF_CORE_READ(at, next);
	}
}

/* The interface that the socket is bound to: its name, where it is bound to one. */
static __always_inline void read_interface(struct interface *to, const struct tcp_sock *tp)
{
	const struct sock_common *sk = &tp->inet_conn.icsk_inet.sk.__sk_common;

	to->index = sk->skc_bound_dev_if;
	if (to->index)
		read_name(to, sk->skc_net.net);
}

/* Without the interface's name. */
static __noinline void read_identity(struct handshake_part *h, const struct tcp_sock *tp, __u8 to)
{
	const struct sock_common *sk = &tp->inet_conn.icsk_inet.sk.__sk_common;

	h->family = read_addresses(sk, h->local, h->remote);
	h->netns = netns_of(sk);
	h->interface.index = sk->skc_bound_dev_if;
	h->local_port = local_port_of(tp, to);
	h->remote_port = bpf_ntohs(sk->skc_dport);
}

/* A listener has no peer, so only its own address says whether it is IPv4. */
static __always_inline void read_listener(struct listener_key *key, const struct sock_common *sk,
					  __u16 port)
{
	if (sk->skc_family == AF_INET6)
		v6_copy(key->addr, &sk->skc_v6_rcv_saddr);
	else
		v4_mapped(key->addr, sk->skc_rcv_saddr);
	key->netns = netns_of(sk);
	key->ifindex = sk->skc_bound_dev_if;
	key->port = port;
	key->pad = 0;
}

static __always_inline void tuple_of(struct tuple *t, const struct handshake_part *h)
{
	__builtin_memcpy(t->local, h->local, 16);
	__builtin_memcpy(t->remote, h->remote, 16);
	t->netns = h->netns;
	t->ifindex = h->interface.index;
	t->local_port = h->local_port;
	t->remote_port = h->remote_port;
}

/*
 * Of a socket of any kind, also a request or a minisocket: the verifier need not know its type.
 * The local port may be 0, see local_port_of().  Returns 4 or 6.
 */
static __always_inline __u8 read_tuple(struct tuple *t, const struct sock_common *sk)
{
	__u8 bytes[SOCK_COMMON_ROOM] = {};
	const struct sock_common *copy = (const void *)bytes;

	bpf_probe_read_kernel(bytes, bpf_core_type_size(struct sock_common), sk);
	t->netns = BPF_CORE_READ(sk, skc_net.net, ns.inum);
	t->ifindex = copy->skc_bound_dev_if;
	t->local_port = copy->skc_num;
	t->remote_port = bpf_ntohs(copy->skc_dport);
	return read_addresses(copy, t->local, t->remote);
}

/* What the programs on TCP sockets see of this one: of an MPTCP socket its first subflow. */
static __always_inline __u64 tcp_behind(struct socket *socket)
{
	struct sock *sk = PEEK(socket, socket, sk);

	if (sk && PEEK(sock, sk, sk_protocol) == IPPROTO_MPTCP &&
	    bpf_core_field_exists(((struct mptcp_sock *)0)->first))
		return (__u64)BPF_CORE_READ((struct mptcp_sock *)sk, first);
	return (__u64)sk;
}

/* The file of a descriptor of the calling process; NULL: there is none. */
static __always_inline struct file *file_of_fd(int fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct files_struct *files = PEEK(task_struct, task, files);
	struct fdtable *fdt = PEEK(files_struct, files, fdt);
	struct file *file = NULL;

	if (fd < 0 || (unsigned int)fd >= PEEK(fdtable, fdt, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), PEEK(fdtable, fdt, fd) + fd);
	return file;
}

#endif

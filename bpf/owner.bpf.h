/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Whose connection it is: the process that makes the system call, or that listens there. */
#ifndef OWNER_BPF_H
#define OWNER_BPF_H

#include "common.bpf.h"
#include "post.bpf.h"
#include "select.bpf.h"
#include "socket.bpf.h"

#define PIDNS_DEPTH 32
#define CGROUP_DEPTH 32

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct listener_key);
	__type(value, struct listener);
} listeners SEC(".maps");

/* The sockets counted there: the scan finds a socket once for each process that has it open. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	/* its address in memory */
	__type(key, __u64);
	__type(value, struct listening);
} listening SEC(".maps");

/* The tgid in the tracer's PID namespace; 0: it has none there. */
static __noinline __u32 tgid_in_pidns(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	unsigned int level = BPF_CORE_READ(pid, level);

	for (unsigned int i = 0; i < PIDNS_DEPTH && i <= level; i++) {
		struct upid upid;

		bpf_core_read(&upid, bpf_core_type_size(struct upid),
			      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
				      i * bpf_core_type_size(struct upid));
		if (BPF_CORE_READ(upid.ns, ns.inum) == cfg.pidns)
			return upid.nr;
	}
	return 0;
}

static __always_inline __u32 task_tgid(struct task_struct *task)
{
	return cfg.pidns ? tgid_in_pidns(task) : BPF_CORE_READ(task, tgid);
}

static __always_inline __u32 current_tgid(void)
{
	return cfg.pidns ? tgid_in_pidns((void *)bpf_get_current_task())
			 : bpf_get_current_pid_tgid() >> 32;
}

/* -p: is it the calling process?  Cheaper than owner_current(), and most are not. */
static __always_inline bool caller_selected(void)
{
	return !by_pids() || select_pid(current_tgid());
}

/* include/linux/sched.h */
#define PF_KTHREAD 0x00200000

/* Kernel threads close sockets for others: the workers of MPTCP and io_uring, a late fput(). */
static __always_inline bool current_is_kernel(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, flags) & PF_KTHREAD;
}

#define PF_EXITING 0x00000004

/*
 * Does the calling process end?  Its exit status has the signal in these bits, and is set before its
 * files are closed (do_exit()).
 */
static __always_inline __u8 exit_of_current(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u8 signal;

	if (!(BPF_CORE_READ(task, flags) & PF_EXITING))
		return CLOSER_LIVES;
	signal = BPF_CORE_READ(task, exit_code) & CLOSER_SIGNAL_MAX;
	return signal ? signal : CLOSER_EXITED;
}

/* The calling process.  Only where the kernel runs a system call. */
static __noinline void owner_current(struct owner *o)
{
	__u64 id = bpf_get_current_pid_tgid();

	o->uid = (__u32)bpf_get_current_uid_gid();
	o->cgroup = bpf_get_current_cgroup_id();
	o->pid = current_tgid();
	/* the name of a process is that of its first thread */
	if ((__u32)id == id >> 32) {
		bpf_get_current_comm(&o->comm, sizeof(o->comm));
	} else {
		struct task_struct *task = (void *)bpf_get_current_task();

		BPF_CORE_READ_INTO(&o->comm, task, group_leader, comm);
	}
}

/* Is this cgroup, or one above it, the selected one? */
static __noinline bool is_in_cgroup(struct cgroup *cgroup)
{
	struct cgroup_subsys_state *css;

	if (!cgroup)
		return false;
	css = &cgroup->self;
	for (int i = 0; i < CGROUP_DEPTH && css; i++) {
		if (BPF_CORE_READ(css, cgroup, kn, id) == cfg.cgroup)
			return true;
		css = BPF_CORE_READ(css, parent);
	}
	return false;
}

static __always_inline bool cgroup_selected(struct cgroup *cgroup)
{
	return !cfg.cgroup || is_in_cgroup(cgroup);
}

/* bpf_get_current_ancestor_cgroup_id() is not for tracing in 5.10 */
static __always_inline bool current_in_cgroup(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return !cfg.cgroup || cgroup_selected(BPF_CORE_READ(task, cgroups, dfl_cgrp));
}

static __noinline bool is_selected_caller(const struct owner *o)
{
	return select_pid(o->pid) && select_comm(o->comm) && current_in_cgroup();
}

/* Is the calling process, described by o, among those selected? */
static __always_inline bool select_current(const struct owner *o)
{
	return !cfg.by_owner || is_selected_caller(o);
}

static __always_inline void listener_key(struct listener_key *key, const struct handshake_part *h)
{
	__builtin_memcpy(key->addr, h->local, 16);
	key->netns = h->netns;
	key->ifindex = h->interface.index;
	key->port = h->local_port;
	key->pad = 0;
}

/* Entered first and filled in then: the programs on state changes have no stack left for it. */
const struct listening no_listening = {};

/* A socket begins to listen.  Where those of several processes do, none of these is the owner. */
static __always_inline void listener_add(const struct listener_key *key, __u64 sk,
					 const struct owner *owner, bool selected, bool found)
{
	struct listening *known = bpf_map_lookup_elem(&listening, &sk);
	struct listening *now;
	struct listener *old;

	/*
	 * A socket that several processes have open is one listener, of the process that opened it.
	 * One with another port than before is in the memory of a listener whose end was not seen.
	 */
	if (known && known->at.netns == key->netns && known->at.port == key->port)
		return;
	if (bpf_map_update_elem(&listening, &sk, &no_listening, BPF_ANY))
		return;
	now = bpf_map_lookup_elem(&listening, &sk);
	if (!now)
		return;
	now->owner = *owner;
	now->selected = selected;
	now->found = found;
	now->since_ns = bpf_ktime_get_ns();
	now->drops_before = now->drops = BPF_CORE_READ((struct sock *)sk, sk_drops.counter);
	now->interface.index = key->ifindex;
	if (key->ifindex)
		read_name(&now->interface,
			  BPF_CORE_READ((struct sock *)sk, __sk_common.skc_net.net));
	/* last: with its port the entry is valid */
	now->at = *key;
	old = bpf_map_lookup_elem(&listeners, key);
	if (old) {
		if (old->owner.pid != owner->pid)
			__builtin_memset(&old->owner, 0, sizeof(old->owner));
		old->selected |= selected;
		old->sk = sk;
		old->sockets++;
	} else {
		struct listener new = {
			.owner = *owner, .sk = sk, .sockets = 1, .selected = selected
		};

		bpf_map_update_elem(&listeners, key, &new, BPF_NOEXIST);
	}
}

static __always_inline void listener_remove(const struct listener_key *key, __u64 sk)
{
	struct listening *known = bpf_map_lookup_elem(&listening, &sk);
	/* SO_BINDTODEVICE may have bound it to another interface since */
	struct listener_key at = known ? known->at : *key;
	struct listener *old = bpf_map_lookup_elem(&listeners, &at);

	/* user space counts listeners too, and does not know their addresses in memory */
	if (bpf_map_delete_elem(&listening, &sk) && !cfg.preexisting)
		return;
	if (old && --old->sockets == 0)
		bpf_map_delete_elem(&listeners, &at);
}

/* Is its owner?  A child that is followed may have begun to listen before it was. */
static __always_inline bool listener_selected(const struct listening *l)
{
	return !select_by_owner() ||
	       (l && (l->selected ||
		      (cfg.by_pid && !cfg.by_comm && !cfg.cgroup && select_pid(l->owner.pid))));
}

/* TCP_DEFER_ACCEPT: not the first ACK makes the child, so its times include the client's delay. */
static __always_inline bool listener_defers(const struct listener *listener)
{
	struct inet_connection_sock *sk = (void *)listener->sk;

	return BPF_CORE_READ(sk, icsk_accept_queue.rskq_defer_accept);
}

/* Bound to the child's interface, or to none. */
static __always_inline struct listener *listener_at(struct listener_key *key, __u32 ifindex)
{
	struct listener *l;

	key->ifindex = ifindex;
	l = bpf_map_lookup_elem(&listeners, key);
	if (l || !ifindex)
		return l;
	key->ifindex = 0;
	return bpf_map_lookup_elem(&listeners, key);
}

/*
 * The listener of this connection: at its address, at any IPv4 address, or at any address, in the
 * kernel's order (compute_score in net/ipv4/inet_hashtables.c).
 */
static __always_inline struct listener *listener_of(const struct handshake_part *h)
{
	__u32 ifindex = h->interface.index;
	struct listener_key key;
	struct listener *l;

	listener_key(&key, h);
	l = listener_at(&key, ifindex);
	if (l)
		return l;
	__builtin_memset(key.addr, 0, 16);
	if (h->family == 4) {
		key.addr[10] = key.addr[11] = 0xff;
		l = listener_at(&key, ifindex);
		if (l)
			return l;
		key.addr[10] = key.addr[11] = 0;
	}
	return listener_at(&key, ifindex);
}

/* -f: the children of a selected process are selected, and those of an excluded one excluded. */
SEC("?raw_tp/sched_process_fork")
int BPF_PROG(process_forked, struct task_struct *parent, struct task_struct *child)
{
	__u32 parent_tgid, child_tgid;
	__u8 *known, element;

	if (BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid))
		return 0;
	parent_tgid = task_tgid(parent);
	known = bpf_map_lookup_elem(&pids, &parent_tgid);
	if (!known)
		return 0;
	element = *known;
	child_tgid = task_tgid(child);
	if (child_tgid && bpf_map_update_elem(&pids, &child_tgid, &element, BPF_ANY))
		count(COUNT_NOT_FOLLOWED);
	return 0;
}

/*
 * Another process may get this PID.  A process is over when its last thread is, whichever that is:
 * the main thread may end first, and exec() by another thread ends all but that one, which goes on
 * as the process.  do_exit() counts a thread out before this tracepoint.
 */
SEC("?raw_tp/sched_process_exit")
int BPF_PROG(process_exited, struct task_struct *task)
{
	__u32 tgid;

	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	tgid = task_tgid(task);
	bpf_map_delete_elem(&pids, &tgid);
	return 0;
}

#endif

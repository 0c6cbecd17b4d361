/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Which process has a socket open: as the scan finds it, and when open connections are reported. */
#ifndef HOLDER_BPF_H
#define HOLDER_BPF_H

#include "common.bpf.h"
#include "owner.bpf.h"
#include "table.bpf.h"

static __always_inline void scan_owner(struct owner *o, struct task_struct *task)
{
	o->pid = task_tgid(task);
	o->uid = task->cred->uid.val;
	o->cgroup = task->cgroups->dfl_cgrp->kn->id;
	__builtin_memcpy(o->comm, task->group_leader->comm, COMM_LEN);
}

/*
 * Is this thread's table of files its process's?  The main thread's is, unless that thread has
 * ended before the others: it has none then.
 */
static __always_inline bool has_the_files(const struct task_struct *task)
{
	return task->pid == task->tgid || !task->group_leader->files;
}

static __always_inline bool scan_selected(const struct owner *o, struct task_struct *task)
{
	return select_by_owner() && select_pid(o->pid) && select_comm(o->comm) &&
	       cgroup_selected(task->cgroups->dfl_cgrp);
}

/* By the socket's address.  User space empties it before it is filled again. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct socket_holder);
} holders SEC(".maps");

/*
 * A socket may have many holders.  Who is reported: its owner, if that still has it, else one that is
 * selected, else the first.
 */
static __always_inline bool holder_is_better(const struct socket_holder *h,
					     const struct socket_holder *old,
					     const struct record *r)
{
	__u32 owner = r->h.accept_ns ? r->h.acceptor.pid : r->h.owner.pid;

	return h->owner.pid == owner || (h->selected && !old->selected && old->owner.pid != owner);
}

/*
 * Before 5.11 a file leads to its socket by a plain pointer, which bpf_skc_to_tcp_sock() refuses.
 * So the scan keeps the owners here for scan_tcp(), which follows.  Later, of sockets with a record.
 */
SEC("?iter/task_file")
int scan_holders(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket_holder h = {}, *old;
	struct record *r = NULL;
	__u64 sk;

	if (!task || !file || !has_the_files(task) ||
	    BPF_CORE_READ(file, f_inode, i_sb, s_magic) != SOCKFS_MAGIC)
		return 0;
	sk = tcp_behind(file->private_data);
	if (!scanning)
		r = table_find(sk);
	if (!sk || (!scanning && !r))
		return 0;
	scan_owner(&h.owner, task);
	h.selected = scan_selected(&h.owner, task);
	old = bpf_map_lookup_elem(&holders, &sk);
	if (!old || (r && holder_is_better(&h, old, r)))
		bpf_map_update_elem(&holders, &sk, &h, BPF_ANY);
	return 0;
}

#endif

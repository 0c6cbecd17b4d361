/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Who closes an MPTCP connection.  The system call changes the state of the MPTCP socket, and a
 * kernel thread closes its subflows, the TCP connections, later (mptcp_worker()).
 */
#ifndef MPTCP_BPF_H
#define MPTCP_BPF_H

#include "common.bpf.h"
#include "owner.bpf.h"

struct mptcp_closer {
	struct owner owner;
	__u64 exit;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	/* the address of an MPTCP socket */
	__type(key, __u64);
	__type(value, struct mptcp_closer);
} mptcp_closers SEC(".maps");

/* The state of an MPTCP socket changes. */
static __noinline void mptcp_change(__u64 msk, __u8 to)
{
	struct mptcp_closer closer = {};

	if (to == BPF_TCP_ESTABLISHED) {
		/* of an earlier socket in the same memory */
		bpf_map_delete_elem(&mptcp_closers, &msk);
	} else if ((to == BPF_TCP_FIN_WAIT1 || to == BPF_TCP_LAST_ACK) && !current_is_kernel()) {
		owner_current(&closer.owner);
		closer.exit = exit_of_current();
		bpf_map_update_elem(&mptcp_closers, &msk, &closer, BPF_ANY);
	}
}

/* Who closed the MPTCP socket of this subflow?  ulp: its icsk_ulp_data.  False: not known. */
static __noinline bool mptcp_closed_by(struct close_part *c, __u64 ulp)
{
	struct mptcp_subflow_context *subflow = (void *)ulp;
	const struct mptcp_closer *closer;
	__u64 msk;

	if (!c || !subflow || !bpf_core_field_exists(subflow->conn))
		return false;
	msk = (__u64)BPF_CORE_READ(subflow, conn);
	closer = bpf_map_lookup_elem(&mptcp_closers, &msk);
	if (!closer)
		return false;
	c->closer = closer->owner;
	c->closer_exit = closer->exit;
	return true;
}

#endif

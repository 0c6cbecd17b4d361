/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One state change. */
#ifndef TRANSITION_H
#define TRANSITION_H

#include "record.h"

/* Posted with `-o states` only. */
struct transition {
	__u64 t_ns;
	__u64 conn;
	__u64 skaddr;
	/* time in the state before; 0: not known */
	__u64 since_ns;
	__u8 local[16];
	__u8 remote[16];
	__u32 netns;
	__u32 pid;
	char comm[COMM_LEN];
	__u16 local_port;
	__u16 remote_port;
	__u8 family;
	__u8 from;
	__u8 to;
	/* enum role */
	__u8 role;
	struct interface interface;
	/* whose call closed it, with this change or before; 0: nobody's, or not known */
	__u32 closer;
};

_Static_assert(sizeof(struct transition) == 120, "layout");

#endif

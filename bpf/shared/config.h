/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What user space tells the BPF programs before they are loaded, and what they count. */
#ifndef CONFIG_H
#define CONFIG_H

#include <linux/types.h>
#include <stdbool.h>

#include "record.h"

#define PORT_WORDS (65536 / 64)
#define SCANNED_NONE 1 /* no namespace's inode */
#define BACKUPS 3      /* programs between the main one and its relay, where they are needed */
#define LEVELS 3       /* how deep programs may interrupt one another on a processor, and do not */

struct config {
	__u64 min_connect_ns; /* 0: not asked for */
	__u64 min_close_ns;
	__u64 cgroup;	  /* 0: all */
	__u64 wake_bytes; /* unread bytes in the ring that wake the reader before its timer does */
	__u64 tick_ns;	  /* a jiffy */
	__u32 netns;	  /* inode, 0: all */
	__u32 pidns;	  /* inode of the tracer's PID namespace, 0: the initial one */
	__u32 n_cpus;
	__u8 family; /* 4, 6, 0: both */
	__u8 role;   /* enum role, 0: both */
	bool failed;
	bool by_pid;
	bool by_comm;
	bool by_local_port;
	bool by_remote_port;
	bool by_port;
	bool by_local;
	bool by_remote;
	bool by_host;
	bool states;	       /* post every transition */
	bool tally;	       /* only a summary is wanted: count, post nothing */
	bool owners;	       /* whose connection it is matters: it is told, or selects */
	bool accept_seen;      /* some hook sees accept() return */
	bool mptcp_known;      /* --hook mptcp=none pretends that it is not */
	bool syncookie_seen;   /* some hook sees which children come from a SYN cookie */
	bool minisockets_seen; /* some hook sees what reaches a FIN_WAIT2 minisocket */
	bool retransmit_err;   /* tcp_retransmit_skb has a third argument, the error */
	bool preexisting;      /* what is older than the trace was entered by its addresses */
	bool cookie_helper;    /* the state's programs may call bpf_get_socket_cookie() */
	bool preempted;	       /* a task may be taken off its CPU between the programs at a hook */
	bool current_btf;      /* bpf_get_current_task_btf() may be called */
	bool typed;    /* the verifier knows the types of what the state's programs are given */
	bool on_entry; /* they run where tcp_set_state() begins */
	char comm[COMM_LEN];
};

/* Counters, one per-CPU slot each. */
enum counter {
	COUNT_LOST_HANDSHAKE, /* chapters that found no room in the ring, even inside the close */
	COUNT_LOST_CLOSE,
	COUNT_LOST_TRANSITION,
	COUNT_LOST_TALLY, /* chapters that found no place to be counted in */
	COUNT_TABLE_FULL, /* connections that found no room in the table */
	COUNT_RELAY,	  /* hook runs that the relay program did */
	COUNT_UNKNOWN,	  /* state changes of sockets that no record was found for */
	COUNTERS
};

/* A listener's place: what a connection's own end looks like. */
struct listener_key {
	__u8 addr[16];
	__u32 netns;
	__u16 port;
	__u16 pad;
};

struct listener {
	struct owner
		owner; /* pid 0: several processes listen here and the kernel does not tell which */
	__u64 sk;      /* the last one that began to listen */
	__u32 sockets;
	__u8 selected;
	__u8 pad[3];
};

struct unaccepted {
	__u64 conn;
	__u64 since_ns;
};

/* A connection as its segments name it: where a minisocket's record is found. */
struct tuple {
	__u8 local[16];
	__u8 remote[16];
	__u32 netns;
	__u16 local_port;
	__u16 remote_port;
};

/* IPv6, or IPv4-mapped from 96 bits on. */
struct prefix {
	__u32 bits;
	__u8 addr[16];
};

/* A prefix as the tries know it: the family comes first, so that ::/0 is no IPv4 address's prefix. */
struct prefix_key {
	__u32 bits; /* 8 for the family, then those of the address */
	__u8 family;
	__u8 addr[16];
	__u8 pad[3];
};

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What user space sets before the BPF programs are loaded, what they count, and the keys of their
 * maps.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <linux/types.h>
#include <stdbool.h>

#include "record.h"

#define PORT_WORDS (65536 / 64)
/* no namespace has this inode */
#define SCANNED_NONE 1
/* programs between the primary one and the relay, where they are needed */
#define BACKUPS 3
/* nesting levels of programs on a CPU: more than occur */
#define LEVELS 3
/* a connection's number: the level it began on, above its number there */
#define CONN_LEVEL_SHIFT 48

struct config {
	/* 0: not asked for */
	__u64 min_connect_ns;
	__u64 min_close_ns;
	/* 0: all */
	__u64 cgroup;
	/* peers' attempts that are posted in a second: the others are only counted */
	__u64 max_attempts;
	/* with so many unread bytes in the ring the reader is woken before its timer */
	__u64 wake_bytes;
	/* a jiffy */
	__u64 tick_ns;
	/* inode; 0: all */
	__u32 netns;
	/* inode of the tracer's PID namespace; 0: the initial one */
	__u32 pidns;
	__u32 n_cpus;
	/* 4, 6; 0: both */
	__u8 family;
	/* enum role; 0: both */
	__u8 role;
	bool failed;
	/* one of failed, min_connect_ns and min_close_ns is set */
	bool by_chapter;
	/* one of the next two, or cgroup */
	bool by_owner;
	bool by_pid;
	bool by_comm;
	/* one of netns, family, role and the next four */
	bool by_remote_end;
	bool by_remote_port;
	bool by_local;
	bool by_remote;
	bool by_host;
	/* one of the next two */
	bool by_local_end;
	bool by_local_port;
	bool by_port;
	/* post each state change */
	bool states;
	/* only a summary is wanted: count, post nothing */
	bool tally;
	/* the owner is reported, or selects */
	bool owners;
	/* some hook shows that accept() returns */
	bool accept_seen;
	/* some hook shows the calls of connect() */
	bool connect_seen;
	/* listening sockets are read */
	bool listeners_seen;
	/* --hook mptcp=none: as if it was not */
	bool mptcp_known;
	/* some hook shows which children come from a SYN cookie */
	bool syncookie_seen;
	/* some hook shows the first ACK where a listener waits for data */
	bool deferred_seen;
	/* some hook shows the segments to a FIN_WAIT2 minisocket */
	bool minisockets_seen;
	/* some hook shows which of our SYNs, FINs and RSTs do not leave this host */
	bool unsent_seen;
	/* kfree_skb has no reason: the headers say that a SYN was refused */
	bool refused_by_headers;
	/* kfree_skb shows the RST that ends a request */
	bool request_by_free;
	/* tcp_retransmit_skb has a third argument, the error */
	bool retransmit_err;
	/* a hook shows who sends an RST */
	bool resets_seen;
	/* and has a third argument, the reason */
	bool reset_reasons;
	/* user space enters preexisting connections, by their addresses */
	bool preexisting;
	/* the programs on state changes may call bpf_get_socket_cookie() */
	bool cookie_helper;
	/* a task may lose its CPU between the programs on a tracepoint */
	bool preempted;
	/* bpf_get_current_task_btf() may be called */
	bool current_btf;
	/* the verifier knows the types of the arguments of the programs on state changes */
	bool typed;
	/* those run where tcp_set_state() begins */
	bool on_entry;
	char comm[COMM_LEN];
};

/* Counters, with a slot per CPU. */
enum counter {
	/* chapters that found no room in the ring, not even within the close */
	COUNT_LOST_HANDSHAKE,
	COUNT_LOST_CLOSE,
	COUNT_LOST_TRANSITION,
	/* chapters that found no place to be counted in */
	COUNT_LOST_TALLY,
	/* connections that found no room in the table */
	COUNT_TABLE_FULL,
	/* state changes that the relay or a backup took, for the primary program */
	COUNT_RELAY,
	/* state changes of sockets without a record */
	COUNT_UNKNOWN,
	/* connections that were accepted by calls that no hook shows */
	COUNT_ACCEPT_UNSEEN,
	/* children of followed processes that found no room in `pids` */
	COUNT_NOT_FOLLOWED,
	COUNTERS
};

/* What became of a peer's attempt that made no socket. */
enum attempt { ATTEMPT_REFUSED, ATTEMPT_RESET, ATTEMPT_TIMED_OUT, ATTEMPT_DROPPED, ATTEMPTS };

/* A request whose SYN,ACK was retransmitted. */
struct synacks {
	/* CLOCK_MONOTONIC, as the others */
	__u64 first_ns;
	__u64 conn;
	/* their addresses in memory */
	__u64 request;
	__u64 listener;
	/* retransmissions; the first of them have their times */
	__u32 n;
	__u32 iss;
	__u32 irs;
	/* the last check that met it */
	__u32 seen;
	__u64 again_ns[SYNACK_TIMES];
	/* when the kernel does the next thing about it, as of the last check that found it alive */
	__u64 due_ns;
	/* when a check found it gone; 0: it has not */
	__u64 gone_ns;
	struct interface interface;
	/* its last ACK came, and the accept queue was full */
	__u32 acked;
};

/* attempts that are counted, not posted: so many namespaces and ports have a count of their own */
#define COUNTED 1024
/* counted_key.period of what user space counts: entries that no program adds to */
#define COUNTED_BY_USER (~0U)

struct counted_key {
	__u32 period;
	__u32 netns;
	__u16 port;
	/* enum attempt */
	__u16 attempt;
};

/* Where a listener listens. */
struct listener_key {
	__u8 addr[16];
	__u32 netns;
	/* that it is bound to; 0: none */
	__u32 ifindex;
	__u16 port;
	__u16 pad;
};

struct listener {
	/* pid 0: several processes listen here, and the kernel does not show which gets what */
	struct owner owner;
	/* the last one that began to listen; 0: user space found it */
	__u64 sk;
	/* the selected connections that came here */
	__u64 children;
	__u32 sockets;
	/* the longest accept queue of sk that a child met, with that child */
	__u32 queue_max;
	__u8 selected;
	__u8 pad[7];
};

/*
 * A listening socket, and what it showed when it was last read.  The BPF side writes all of it; the
 * end of a listener is posted in this form.
 */
struct listening {
	struct listener_key at;
	struct interface interface;
	struct owner owner;
	/* when it began to listen, or was found: what tells it from an earlier one in this memory */
	__u64 since_ns;
	/* the connections that accept() returned, of those selected */
	__u64 accepted;
	/* what came while it was read; not kept up to date between two readings */
	__u64 children;
	__u32 queue;
	__u32 queue_max;
	__u32 backlog;
	/* handshakes whose last ACK is still missing */
	__u32 half_open;
	/* sk_drops, and what it was at since_ns */
	__u32 drops;
	__u32 drops_before;
	/* the last reading that met it */
	__u32 seen;
	__u8 selected;
	/* it listened before it was found: since_ns is when that was */
	__u8 found;
	__u8 pad[2];
};

/* A process that has a socket open. */
struct socket_holder {
	struct owner owner;
	__u8 selected;
	__u8 pad[7];
};

struct unaccepted {
	__u64 conn;
	__u64 since_ns;
	/* by the last check: no longer in the accept queue, though no hook has shown accept() */
	__u64 left_queue;
};

/*
 * A connection as its segments name it: the key of a minisocket's record.  On two links the same
 * addresses may be two connections.
 */
struct tuple {
	__u8 local[16];
	__u8 remote[16];
	__u32 netns;
	/* that the socket is bound to; 0: none */
	__u32 ifindex;
	__u16 local_port;
	__u16 remote_port;
};

/* IPv6, or IPv4-mapped with at least 96 bits. */
struct prefix {
	__u32 bits;
	__u8 addr[16];
};

#define PREFIX_FAMILY_BITS 8

/* A prefix in the tries: the family comes first, so that ::/0 is no prefix of an IPv4 address. */
struct prefix_key {
	/* PREFIX_FAMILY_BITS and those of the address */
	__u32 bits;
	__u8 family;
	__u8 addr[16];
	__u8 pad[3];
};

#endif

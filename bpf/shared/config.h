/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What user space sets before the BPF programs are loaded, what they count, and the keys of their
 * maps.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <linux/types.h>
#include <stdbool.h>

#include "prefix.h"
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

/* An address, IPv6 or IPv4-mapped, and its port. */
struct endpoint {
	__u8 addr[16];
	__u16 port;
};

/* so many connections can be named */
#define CONNS_MAX 8

/* Numbers of structs in the running kernel's own types; see PEEK(). */
struct type_ids {
	__u32 fdtable;
	__u32 file;
	__u32 files_struct;
	__u32 inet_connection_sock;
	__u32 inet_timewait_sock;
	__u32 sk_buff;
	__u32 sock;
	__u32 sock_common;
	__u32 socket;
	__u32 task_struct;
	__u32 tcp_skb_cb;
};

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
	/* remember whose close leaves a TIME_WAIT: graceful closes are not posted */
	bool keep_taken;
	/* only what is not over, which user space reports */
	bool open;
	/* one of failed, open, min_connect_ns and min_close_ns is set */
	bool by_chapter;
	/* one of the next three, or cgroup */
	bool by_owner;
	/* `pids` has processes that are included */
	bool by_pid;
	/* and some that are excluded */
	bool by_other_pid;
	bool by_comm;
	/* they only exclude: what nobody owns is selected */
	bool owner_others;
	/* one of netns, family, role, by_conn and the next four */
	bool by_remote_end;
	bool by_remote_port;
	bool by_local;
	bool by_remote;
	bool by_host;
	/* these lists have only what is excluded: what is not in them is selected */
	bool local_others;
	bool remote_others;
	bool host_others;
	/* by_conn, or one of the next two */
	bool by_local_end;
	bool by_local_port;
	bool by_port;
	/* some connections, each by both its ends */
	bool by_conn;
	/* post each state change */
	bool states;
	/* --metrics: what is open is counted by its state when it is checked */
	bool count_states;
	/* only a summary is wanted: it is counted, and nothing is posted */
	bool tally;
	/* the same for the metrics; a row for each port, for each cgroup */
	bool rows;
	bool rows_by_port;
	bool rows_by_cgroup;
	/* the owner is reported, or selects */
	bool owners;
	/* some hook shows that accept() returns */
	bool accept_seen;
	/* and a server's handshake waits for it: who accepts is reported, or selects */
	bool accept_awaited;
	/* some hook shows the calls of connect() */
	bool connect_seen;
	/* listening sockets are read */
	bool listeners_seen;
	/* --hook mptcp=none: as if it was not */
	bool mptcp_known;
	/* some hook shows which children come from a SYN cookie */
	bool syncookie_seen;
	/* some hook shows the first ACK where a listener waits for data, or its queue is full */
	bool deferred_seen;
	/* kfree_skb does, if it is dropped */
	bool deferred_by_free;
	/* some hook shows the segments to a FIN_WAIT2 minisocket */
	bool minisockets_seen;
	/* and the minisocket, which has the cookie that its socket was asked for */
	bool minisocket_cookies;
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
	/* the verifier knows the types of the arguments of the programs on state changes */
	bool typed;
	/* those run where tcp_set_state() begins */
	bool on_entry;
	/* --conn: the one end and the other, either of which may be the local one */
	struct endpoint conns[CONNS_MAX][2];
	__u32 n_conns;
	struct type_ids type_ids;
};

/* What an element of a list does: the values of `pids` and of the tries.  0: there is no such element. */
enum element { ELEMENT_INCLUDED = 1, ELEMENT_EXCLUDED };

#define ROLES 3
/* enough for the kernel's numbers of states */
#define STATE_NUMBERS 16

/* Connections of a role that are in a state now. */
struct state_count {
	__u64 n;
	/* when the first of them came there, CLOCK_MONOTONIC; 0: not known of any */
	__u64 since_ns;
};

/* Counters, with a slot per CPU. */
enum counter {
	/* chapters that found no room in the ring, not even within the close */
	COUNT_LOST_HANDSHAKE,
	COUNT_LOST_CLOSE,
	COUNT_LOST_TRANSITION,
	/* chapters that found no place to be counted in */
	COUNT_LOST_TALLY,
	/* chapters that found no room in the rows: they count in the row of the others */
	COUNT_ROWS_FULL,
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
	/* sk_drops without the next, and what it was at since_ns */
	__u32 drops;
	__u32 drops_before;
	/*
	 * Segments to a request of which no child was made, as a SYN that came again, an RST, or an ACK that is deferred:
	 * the kernel counts each in sk_drops (tcp_v4_rcv(), discard_and_relse), beside what tcp_listendrop() counts.
	 */
	__u32 discarded;
	/* the last reading that met it */
	__u32 seen;
	__u8 selected;
	/* it listened before it was found: since_ns is when that was */
	__u8 found;
	__u8 pad[6];
};

/* A process that has a socket open. */
struct socket_holder {
	struct owner owner;
	__u8 selected;
	__u8 pad[7];
};

/* connections whose TIME_WAIT is remembered: more than there are local ports to one destination */
#define TAKEN_PORTS 32768

/* A local port in TIME_WAIT, and to where. */
struct taken_port {
	__u8 remote[16];
	__u32 netns;
	__u16 local_port;
	__u16 remote_port;
};

/* Whose it is, and since when, CLOCK_MONOTONIC. */
struct taken_by {
	struct owner owner;
	__u64 t_ns;
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

#endif

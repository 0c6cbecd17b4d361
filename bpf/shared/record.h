/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What crosses the ring buffer and stands in a recording: fixed width, explicit padding.
 *
 * The BPF side keeps one struct record per connection.  A handshake is posted as the record's
 * first part, a close as the whole record: the length says which it is.  A handshake that found no
 * room in the ring is still in the close.
 */
#ifndef RECORD_H
#define RECORD_H

#include <linux/types.h>

#include "end.h"
#include "step.h"

#define RECORD_VERSION 3

#define COMM_LEN 16
#define IFNAME_LEN 16
#define HANDSHAKE_STEPS 12
#define CLOSE_STEPS 14
/* retransmitted SYN,ACKs that get a step: tcp_synack_retries is 5 by default */
#define SYNACK_TIMES 5

enum role {
	ROLE_UNKNOWN,
	ROLE_CLIENT,
	ROLE_SERVER,
};

/* Who owns or closes a connection.  pid is the tgid in the tracer's PID namespace; 0: not known. */
struct owner {
	__u32 pid;
	__u32 uid;
	/* id in the cgroup v2 hierarchy; 0: not known */
	__u64 cgroup;
	char comm[COMM_LEN];
};

/*
 * The interface that a socket is bound to: by SO_BINDTODEVICE, by a link-local address, as a
 * listener's child, or its VRF.
 */
struct interface {
	/* a number in its network namespace; 0: none */
	__u32 index;
	/* empty: not known */
	char name[IFNAME_LEN];
};

enum handshake_flag {
	/* existed when tracing began */
	HANDSHAKE_BEFORE_TRACE = 1 << 0,
	/* some event of it was missed */
	HANDSHAKE_EVENTS_LOST = 1 << 1,
	/* the table had no room when it began */
	HANDSHAKE_TABLE_FULL = 1 << 2,
	HANDSHAKE_ESTABLISHED = 1 << 3,
	HANDSHAKE_FASTOPEN = 1 << 4,
	HANDSHAKE_MPTCP = 1 << 5,
	/* this kernel shows whether it is MPTCP */
	HANDSHAKE_MPTCP_KNOWN = 1 << 6,
	/* connect() sent nothing: it found no local port */
	HANDSHAKE_NO_PORT = 1 << 7,
	/* posted, or not wanted: the close need not yield it */
	HANDSHAKE_POSTED = 1 << 8,
	/* data before the last ACK is still missing */
	HANDSHAKE_ACK_AHEAD = 1 << 9,
	/* its owner was selected when it began */
	HANDSHAKE_OWNER_SELECTED = 1 << 10,
	/* a SYN counted as retransmitted may have failed on this host */
	HANDSHAKE_MAYBE_UNSENT = 1 << 11,
	/* TCP_FASTOPEN_CONNECT: connect() sent nothing */
	HANDSHAKE_SYN_AT_WRITE = 1 << 12,
	HANDSHAKE_RST_RECEIVED = 1 << 13,
	/* iss is set although it was never ESTABLISHED */
	HANDSHAKE_ISS = 1 << 14,
	/* the last ACK may have come earlier and been dropped */
	HANDSHAKE_ACK_DEFERRED = 1 << 15,
	HANDSHAKE_SYNCOOKIE = 1 << 16,
	/* some hook shows which children come from SYN cookies, or the listener has sent none lately */
	HANDSHAKE_SYNCOOKIE_KNOWN = 1 << 17,
	/* to an ACK of what we had not sent (RFC 9293, 3.5.1), or by ss -K */
	HANDSHAKE_RST_SENT = 1 << 18,
	/* a client's ACK of the SYN,ACK waits for data, and may never be sent */
	HANDSHAKE_ACK_DELAYED = 1 << 19,
	/* of a server's connection that has ended: accept() had returned it by then, or had not */
	HANDSHAKE_ACCEPTED = 1 << 20,
	HANDSHAKE_UNACCEPTED = 1 << 21,
	/* connect() failed before a SYN: there are no steps */
	HANDSHAKE_NO_SYN = 1 << 22,
	/* began before it was selected, by the process that closes it */
	HANDSHAKE_NOT_SELECTED = 1 << 23,
	/* accept() returned it by a call that no hook shows: the owner is not known */
	HANDSHAKE_ACCEPT_UNSEEN = 1 << 29,
	/* an attempt of a peer that made no socket: the last step says what became of it */
	HANDSHAKE_NO_SOCKET = 1 << 24,
	/* irs is set although it was never ESTABLISHED */
	HANDSHAKE_IRS = 1 << 25,
	/* STEP_DROPPED: the SYN queue was full, not the accept queue */
	HANDSHAKE_SYN_QUEUE = 1 << 26,
	/* the last ACK came rtt_us after sent_ns and was dropped: more made the child later */
	HANDSHAKE_ACK_DROPPED = 1 << 27,
	/* for the accept queue was full; also of a handshake that is not over */
	HANDSHAKE_ACK_QUEUE_FULL = 1 << 28,
	/* reported before accept() has returned it */
	HANDSHAKE_AWAITS_ACCEPT = 1 << 30,
};

/* in handshake_part.seen: the check found a server's connection still in the accept queue */
#define SEEN_UNACCEPTED (1U << 31)

/* What became of a server's handshake when accept() returned; see bpf/handshake.bpf.h. */
enum accept_fate {
	/* posted with accept(), or accept() has not returned */
	ACCEPT_POSTED,
	/* the ring was full: the close yields it */
	ACCEPT_UNPOSTED,
	/* posted before, without accept() */
	ACCEPT_LATE,
	/* beside one of these: accept()'s caller is not selected */
	ACCEPT_UNSELECTED = 1 << 7,
};

enum option_flag {
	OPTION_SACK = 1 << 0,
	OPTION_TIMESTAMPS = 1 << 1,
	OPTION_WSCALE = 1 << 2,
	OPTION_ECN = 1 << 3,
	/* the socket was seen to become ESTABLISHED: the other bits are valid */
	OPTION_KNOWN = 1 << 7,
};

/*
 * All times are CLOCK_MONOTONIC in nanoseconds, addresses IPv6 or IPv4-mapped, ports in host order.
 */
struct handshake_part {
	/* number of the connection, unique in a trace */
	__u64 conn;
	/* 0: not known */
	__u64 cookie;
	__u8 local[16];
	__u8 remote[16];
	__u32 netns;
	/* 0: not known */
	__u16 local_port;
	__u16 remote_port;
	/* connect()'s caller, or the listener's owner */
	struct owner owner;

	/* only accept()'s hook writes these two; 0: not accepted yet, or not seen */
	__u64 accept_ns;
	struct owner acceptor;

	__u64 t0_ns;
	/* when the first SYN (client) or SYN,ACK (server) was sent; 0: not known */
	__u64 sent_ns;
	__u32 iss;
	__u32 irs;
	/* bytes beyond the SYN that the peer had acknowledged at ESTABLISHED */
	__u32 early_sent;
	/* bytes of data in the peer's SYN */
	__u32 early_received;
	/* the kernel's first smoothed round trip; 0: none */
	__u32 rtt_us;
	__u16 mss;
	/* socket errors when the handshake failed; without one, err is the last ICMP error too */
	__s16 err;
	__s16 err_soft;
	/* of the SYN (client) or SYN,ACK (server); those that did not leave too */
	__u16 retransmits;
	/* the MSS option of our SYN, and of the peer's */
	__u16 advmss;
	__u16 peer_mss;
	/* enum role */
	__u8 role;
	/* 4 or 6; IPv4-mapped is 4 */
	__u8 family;
	/* enum option_flag */
	__u8 options;
	__u8 snd_wscale;
	__u8 rcv_wscale;
	/* after the last step, in either part */
	__u8 state;
	/* may exceed HANDSHAKE_STEPS: the rest was not kept */
	__u8 n_steps;
	/* enum accept_fate; once the record is in the table only accept()'s hook writes it */
	__u8 accept_fate;
	/* enum handshake_flag */
	__u32 flags;
	/* the last check for live sockets that met this one, and SEEN_UNACCEPTED */
	__u32 seen;
	/* errors in the socket's queue when connect() was called; the BPF side's own */
	__u16 errors_before;
	/* SYNs, of the first and those retransmitted, that did not leave this host */
	__u16 unsent;
	struct interface interface;
	__u64 steps[HANDSHAKE_STEPS];
};

enum close_flag {
	CLOSE_EVENTS_LOST = 1 << 0,
	/* our FIN was queued: local_fin_seq is set */
	CLOSE_LOCAL_FIN = 1 << 1,
	/* and was sent */
	CLOSE_LOCAL_FIN_LEFT = 1 << 2,
	CLOSE_LOCAL_FIN_ACKED = 1 << 3,
	/* the peer's FIN was received; it says which fields of close_part's unions are valid */
	CLOSE_REMOTE_FIN = 1 << 4,
	CLOSE_TIME_WAIT = 1 << 5,
	CLOSE_RST_RECEIVED = 1 << 6,
	CLOSE_RST_SENT = 1 << 7,
	/* both directions are closed, or the connection died */
	CLOSE_OVER = 1 << 8,
	/* unsent data was queued before our FIN */
	CLOSE_FIN_BEHIND_DATA = 1 << 9,
	/* the peer's FIN was not acknowledged when CLOSE_WAIT ended */
	CLOSE_ACK_PENDING = 1 << 10,
	/* unacknowledged data when our FIN was queued */
	CLOSE_DATA_OUTSTANDING = 1 << 11,
	/* a FIN_WAIT2 minisocket took over */
	CLOSE_MINISOCKET = 1 << 12,
	/* and expired before the peer's FIN */
	CLOSE_EXPIRED = 1 << 13,
	/* the kernel's TIME_WAIT table was full when this one was to enter */
	CLOSE_TIMEWAIT_FULL = 1 << 14,
	/* our FIN is all that can be retransmitted: retransmits_at_local_fin is set */
	CLOSE_FIN_ALONE = 1 << 15,
	/* our FIN was queued before the peer's came, and sent after */
	CLOSE_REMOTE_FIN_FIRST = 1 << 17,
	/* data came, even if it was refused */
	CLOSE_DATA_RECEIVED = 1 << 18,
	/* our FIN was lost in this host when it was first sent, and the socket does not know */
	CLOSE_FIN_UNSENT = 1 << 19,
	/* fin_sent_us is the time of the first FIN that left, whatever was retransmitted */
	CLOSE_FIN_TIME = 1 << 20,
	/* a retransmission was not seen, so it is not known whether it carried our FIN */
	CLOSE_RETRANSMIT_UNSEEN = 1 << 21,
	/* our FIN could not be sent at once, and the socket tries again */
	CLOSE_FIN_HELD = 1 << 22,
	/* -p: the process that closes it is selected */
	CLOSE_CLOSER_SELECTED = 1 << 23,
	/* our RST did not leave this host */
	CLOSE_RST_UNSENT = 1 << 24,
	/* it answered a segment */
	CLOSE_RST_ANSWERS = 1 << 25,
	/* idle_ms is set */
	CLOSE_IDLE = 1 << 26,
	/* silent_ms is set */
	CLOSE_SILENT = 1 << 27,
	/* CLOSE_IDLE: that segment was ours */
	CLOSE_SENT_LAST = 1 << 28,
};

enum unacked_flag {
	UNACKED_KNOWN = 1 << 0,
	/* unacked_ms is set */
	UNACKED_TIME = 1 << 1,
	UNACKED_ZERO_WINDOW = 1 << 2,
};

struct close_part {
	__u64 t0_ns;
	union {
		/* with CLOSE_MINISOCKET: when the kernel will give up the minisocket */
		__u64 end_ns;
		/* until then, of a server: its listener's address; the BPF side's own */
		__u64 listener;
	};
	/* when our FIN was sent, by the kernel's retransmit queue; 0: not known */
	__u64 fin_sent_us;
	/* when it was queued, if it may have left at once; the BPF side's own */
	__u64 fin_queued_us;
	__u64 bytes_sent;
	__u64 bytes_received;
	struct owner closer;
	__u32 segs_out;
	__u32 segs_in;
	__u32 retransmits;
	__u32 srtt_us;
	__u32 min_rtt_us;
	__u32 local_fin_seq;
	union {
		/* with CLOSE_REMOTE_FIN */
		__u32 remote_fin_seq;
		/* until then: what the minisocket expects next */
		__u32 minisocket_rcv_nxt;
	};
	/* enum close_flag */
	__u32 flags;
	/* with CLOSE_REMOTE_FIN: segs_out when it came; the BPF side's own */
	__u32 segs_out_at_remote_fin;
	/* what our FIN acknowledges, if it was sent at once */
	__u32 local_fin_ack;
	/* what the peer's FIN acknowledged */
	__u32 remote_fin_ack;
	/* CLOSE_FIN_ALONE: what the socket had retransmitted before; the BPF side's own */
	__u32 retransmits_at_local_fin;
	/* the BPF side's own */
	union {
		/* the kernel's clock at the segment of the last step */
		__u64 segment_clock;
		/* of a minisocket: how much it would receive */
		__u64 minisocket_rcv_wnd;
	};
	__s16 err;
	__s16 err_soft;
	__u16 fin_retransmits;
	/* may exceed CLOSE_STEPS: the rest was not kept */
	__u8 n_steps;
	/* retransmitted FINs that did not leave this host */
	__u8 fins_unsent;
	/* bytes that had come and were not read when we sent an RST instead of a FIN */
	__u32 unread;
	/* enum reset_reason */
	__u8 reset_reason;
	/* enum closer_exit, or the signal that ended the closer */
	__u8 closer_exit;
	/* of an open one, as its socket was at the last check: enum unacked_flag */
	__u8 unacked_flags;
	/* and how often its oldest segment was retransmitted for a time-out */
	__u8 unacked_retransmits;
	/* bytes of data that the peer has not acknowledged, and for how long */
	__u32 unacked;
	__u32 unacked_ms;
	/* CLOSE_IDLE: from the last segment with data, either way, to the first step */
	__u32 idle_ms;
	/*
	 * CLOSE_SILENT: how long no data had come or been acknowledged when the data was sent that the peer had not
	 * acknowledged at the first step
	 */
	__u32 silent_ms;
	__u64 steps[CLOSE_STEPS];
};

struct record {
	struct handshake_part h;
	struct close_part c;
};

_Static_assert(sizeof(struct owner) == 32, "layout");
_Static_assert(sizeof(struct interface) == 20, "layout");
_Static_assert(sizeof(struct handshake_part) == 312, "layout");
_Static_assert(sizeof(struct close_part) == 280, "layout");
_Static_assert(sizeof(struct record) == 592, "layout");

#endif

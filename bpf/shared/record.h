/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What crosses the ring buffer and stands in a recording: fixed width, explicit padding.
 *
 * The kernel keeps one struct record for each connection.  A handshake is posted as its first part
 * alone, a close as the whole, so the length of what arrives tells which it is, and a handshake that
 * found no room in the ring is still inside the close.
 */
#ifndef RECORD_H
#define RECORD_H

#include <linux/types.h>

#define RECORD_VERSION 2

#define COMM_LEN 16
#define HANDSHAKE_STEPS 12
#define CLOSE_STEPS 14
#define SYNACK_TIMES \
	5 /* SYN,ACKs sent again that have a step; tcp_synack_retries is 5 by default */

enum role {
	ROLE_UNKNOWN,
	ROLE_CLIENT,
	ROLE_SERVER,
};

/* What a step is, beside its two states. */
enum step_kind {
	STEP_STATE,	   /* the state changed */
	STEP_SAME_SEGMENT, /* the state changed, by the segment that made the step before it */
	STEP_RETRANSMIT,   /* our SYN, SYN,ACK or FIN left once more */
	STEP_ACK_SENT,	   /* our ACK of the peer's FIN left, alone or with data */
	STEP_RST_RECEIVED, /* the state changed by an RST */
	STEP_RST_SENT,	   /* the state changed and we sent an RST */
	STEP_EXPIRED,	   /* the kernel gave up waiting in this state */
};

/*
 * A step in 64 bits: 52 of nanoseconds since the part's t0_ns (52 days, then it stays there), 4 of
 * the state before, 4 of the state after (the kernel's numbers, 1 to 12), 4 of enum step_kind.
 */
#define STEP_T_BITS 52
#define STEP_T_MAX ((1ULL << STEP_T_BITS) - 1)

/* Who owns or closes a connection; pid 0: not known.  pid is the tgid in the tracer's PID namespace. */
struct owner {
	__u32 pid;
	__u32 uid;
	__u64 cgroup; /* id in the cgroup v2 hierarchy, 0: not known */
	char comm[COMM_LEN];
};

enum handshake_flag {
	HANDSHAKE_BEFORE_TRACE = 1 << 0, /* existed when tracing began */
	HANDSHAKE_EVENTS_LOST = 1 << 1,	 /* some event of it was not seen */
	HANDSHAKE_TABLE_FULL = 1 << 2,	 /* no room in the table when it began */
	HANDSHAKE_ESTABLISHED = 1 << 3,
	HANDSHAKE_FASTOPEN = 1 << 4,
	HANDSHAKE_MPTCP = 1 << 5,
	HANDSHAKE_MPTCP_KNOWN = 1 << 6, /* this kernel can tell */
	HANDSHAKE_NO_PORT = 1 << 7,	/* connect() sent nothing: no local port was to be had */
	HANDSHAKE_POSTED = 1 << 8,	/* posted, or not selected: the close need not yield it */
	HANDSHAKE_ACK_AHEAD = 1 << 9,	/* data stood before the last ACK that had not come */
	HANDSHAKE_OWNER_SELECTED = 1 << 10, /* its owner was among those selected when it began */
	HANDSHAKE_MAYBE_UNSENT =
		1 << 11, /* a SYN counted as sent again may have failed on this host */
	HANDSHAKE_SYN_AT_WRITE = 1 << 12, /* TCP_FASTOPEN_CONNECT: connect() sent nothing */
	HANDSHAKE_RST_RECEIVED = 1 << 13,
	HANDSHAKE_ACK_DEFERRED = 1 << 15, /* the last ACK may have come before and been dropped */
	HANDSHAKE_SYNCOOKIE = 1 << 16,
	HANDSHAKE_SYNCOOKIE_KNOWN = 1 << 17, /* some hook sees which children come from cookies */
	HANDSHAKE_ISS = 1 << 14,	     /* iss is set though it was never ESTABLISHED */
	HANDSHAKE_RST_SENT =
		1 << 18, /* to an ACK of what we had not sent (RFC 9293, 3.5.1), or by ss -K */
};

/* What became of the handshake chapter when accept() returned. */
enum accept_fate {
	ACCEPT_POSTED,
	ACCEPT_LOST, /* it could not be posted: the close yields it */
	ACCEPT_LATE, /* it had been told before, without accept() */
};

enum option_flag {
	OPTION_SACK = 1 << 0,
	OPTION_TIMESTAMPS = 1 << 1,
	OPTION_WSCALE = 1 << 2,
	OPTION_ECN = 1 << 3,
	OPTION_KNOWN = 1 << 7, /* the socket was seen ESTABLISHED, so the rest means something */
};

/* All times are CLOCK_MONOTONIC in nanoseconds, addresses IPv6 or IPv4-mapped, ports in host order. */
struct handshake_part {
	__u64 conn;   /* number of the connection, unique in a trace */
	__u64 cookie; /* 0: not known */
	__u8 local[16];
	__u8 remote[16];
	__u32 netns;
	__u16 local_port; /* 0: not known */
	__u16 remote_port;
	struct owner owner; /* connect()'s caller, or the listener's owner */

	/* written by the accept hook and by nobody else */
	__u64 accept_ns; /* 0: not accepted yet, or not seen */
	struct owner acceptor;

	__u64 t0_ns;
	__u64 sent_ns; /* when the first SYN (client) or SYN,ACK (server) left, if the kernel tells it */
	__u32 iss;
	__u32 irs;
	__u32 early_sent; /* data beyond the SYN that the peer had acknowledged when ESTABLISHED, bytes */
	__u32 early_received; /* data of the peer's SYN, bytes */
	__u32 rtt_us;	      /* the kernel's first smoothed round trip, 0: none */
	__u16 mss;
	__s16 err; /* socket error when the handshake failed */
	__s16 err_soft;
	__u16 retransmits; /* of SYN (client) or SYN,ACK (server) */
	__u16 advmss;	   /* the MSS option of our SYN */
	__u16 peer_mss;	   /* the MSS option of the peer's SYN */
	__u8 role;	   /* enum role */
	__u8 family;	   /* 4 or 6; IPv4-mapped is 4 */
	__u8 options;	   /* enum option_flag */
	__u8 snd_wscale;
	__u8 rcv_wscale;
	__u8 state;	  /* the state after the last step seen, in either part */
	__u8 n_steps;	  /* may exceed HANDSHAKE_STEPS: the rest was not kept */
	__u8 accept_fate; /* enum accept_fate, written by the accept hook */
	__u32 flags;	  /* enum handshake_flag */
	__u32 pad;
	__u64 steps[HANDSHAKE_STEPS];
};

enum close_flag {
	CLOSE_EVENTS_LOST = 1 << 0,
	CLOSE_LOCAL_FIN = 1 << 1,      /* our FIN was queued: local_fin_seq is set */
	CLOSE_LOCAL_FIN_LEFT = 1 << 2, /* and it left */
	CLOSE_LOCAL_FIN_ACKED = 1 << 3,
	CLOSE_REMOTE_FIN = 1 << 4, /* remote_fin_seq is set */
	CLOSE_TIME_WAIT = 1 << 5,
	CLOSE_RST_RECEIVED = 1 << 6,
	CLOSE_RST_SENT = 1 << 7,
	CLOSE_OVER = 1 << 8,		/* both directions are closed or the connection died */
	CLOSE_FIN_BEHIND_DATA = 1 << 9, /* unsent data stood before our FIN when it was queued */
	CLOSE_ACK_PENDING = 1 << 10, /* the peer's FIN was not acknowledged when CLOSE_WAIT ended */
	CLOSE_DATA_OUTSTANDING = 1 << 11, /* unacknowledged data when our FIN was queued */
	CLOSE_MINISOCKET = 1 << 12,	  /* a FIN_WAIT2 minisocket took over */
	CLOSE_EXPIRED = 1 << 13,	  /* ... and expired before the peer's FIN */
	CLOSE_TIMEWAIT_FULL =
		1 << 14,	   /* the kernel's TIME_WAIT table was full when its turn came */
	CLOSE_FIN_ALONE = 1 << 15, /* only our FIN could be sent again; see retransmits */
	CLOSE_READ_SHUT = 1 << 16, /* nobody reads any more: an RST answers data of the peer's */
	CLOSE_REMOTE_FIN_FIRST =
		1 << 17, /* our FIN, queued before the peer's came, had not left then */
	CLOSE_DATA_RECEIVED = 1 << 18, /* data came, were it refused or not */
};

struct close_part {
	__u64 t0_ns;
	__u64 end_ns;	   /* minisocket: when the kernel will give it up; 0: not one */
	__u64 fin_sent_us; /* our FIN's departure as the kernel's own retransmit queue has it; 0: none */
	__u64 bytes_sent;
	__u64 bytes_received;
	struct owner closer;
	__u32 segs_out;
	__u32 segs_in;
	__u32 retransmits; /* CLOSE_FIN_ALONE: before the FIN, until the end is known */
	__u32 srtt_us;
	__u32 min_rtt_us;
	__u32 local_fin_seq;
	__u32 remote_fin_seq;
	__u32 flags;	   /* enum close_flag */
	__u32 segs_at_fin; /* segs_out when the peer's FIN came; CLOSE_READ_SHUT: its data until ours */
	__u32 local_fin_ack;  /* what our FIN acknowledges, if it left at once */
	__u32 remote_fin_ack; /* what the peer's FIN acknowledged */
	__u32 seen;	      /* the last check on live sockets that met this one's */
	__u64 segment_clock;  /* the kernel's time stamp of the segment that made the last step */
	__s16 err;
	__s16 err_soft;
	__u16 fin_retransmits;
	__u8 n_steps; /* may exceed CLOSE_STEPS */
	__u8 pad1;
	__u64 steps[CLOSE_STEPS];
};

struct record {
	struct handshake_part h;
	struct close_part c;
};

/* One state change, posted with `-o states` only. */
struct transition {
	__u64 t_ns;
	__u64 conn;
	__u64 skaddr;
	__u64 since_ns; /* time in the state before; 0: not known */
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
	__u8 role; /* enum role */
};

_Static_assert(sizeof(struct owner) == 32, "layout");
_Static_assert(sizeof(struct handshake_part) == 288, "layout");
_Static_assert(sizeof(struct close_part) == 248, "layout");
_Static_assert(sizeof(struct record) == 536, "layout");
_Static_assert(sizeof(struct transition) == 96, "layout");

#endif

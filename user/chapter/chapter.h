/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A chapter: what a record amounts to, in the words of the manual page.  Pure: bytes in, verdict out,
 * without root, BPF or a clock.
 */
#ifndef CHAPTER_H
#define CHAPTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/maybe.h"
#include "shared/record.h"

enum tristate {
	TRISTATE_UNKNOWN = -1,
	TRISTATE_NO,
	TRISTATE_YES,
};

enum chapter_type {
	CHAPTER_HANDSHAKE,
	CHAPTER_CLOSE,
};

enum outcome {
	OUTCOME_UNKNOWN, /* told while open */
	OUTCOME_ESTABLISHED,
	OUTCOME_REFUSED,
	OUTCOME_RESET,
	OUTCOME_TIMED_OUT,
	OUTCOME_UNREACHABLE,
	OUTCOME_ABANDONED,
	OUTCOME_NO_PORT,
	OUTCOME_FAILED,
	OUTCOMES
};

enum first_closer {
	CLOSER_UNKNOWN,
	CLOSER_LOCAL,
	CLOSER_REMOTE,
	CLOSER_BOTH,
	CLOSER_NONE,
	CLOSERS
};

enum ending {
	ENDING_UNKNOWN, /* told while open */
	ENDING_GRACEFUL,
	ENDING_RESET_SENT,
	ENDING_RESET_RECEIVED,
	ENDING_TIMED_OUT,
	ENDING_ABORTED,
	ENDING_HALF_OPEN,
	ENDINGS
};

enum missing {
	MISSING_NOTHING,
	MISSING_BEFORE_TRACE,
	MISSING_EVENTS_LOST,
	MISSING_TABLE_FULL,
	MISSINGS
};

enum segment_flag {
	SEGMENT_SYN = 1 << 0,
	SEGMENT_ACK = 1 << 1,
	SEGMENT_FIN = 1 << 2,
	SEGMENT_RST = 1 << 3,
};

/* The segment of a step; flags 0: none crossed the wire, or it is not known which. */
struct segment {
	bool sent;	/* by this end */
	uint8_t flags;	/* enum segment_flag */
	uint8_t number; /* 2 for the first retransmission; 0 and 1: the first */
};

struct step {
	struct maybe t_ns; /* since the chapter's first event */
	uint8_t from;	   /* the kernel's state numbers */
	uint8_t to;
	bool derived; /* t_ns was computed, not seen */
	struct segment segment;
	struct maybe seq; /* absolute */
	struct maybe ack;
};

#define CHAPTER_STEPS 24

/* Wireshark's tcp.completeness bits. */
enum completeness {
	COMPLETE_SYN = 1,
	COMPLETE_SYNACK = 2,
	COMPLETE_ACK = 4,
	COMPLETE_DATA = 8,
	COMPLETE_FIN = 16,
	COMPLETE_RST = 32,
};

struct person {
	struct maybe pid;
	struct maybe uid;
	struct maybe cgroup;
	char comm[COMM_LEN + 1]; /* terminated; bytes a process chose; "" when not known */
};

struct handshake {
	enum outcome outcome;
	struct maybe handshake_ns;
	struct maybe rtt_ns;
	struct maybe syn_retransmits;
	struct maybe synack_retransmits;
	struct maybe accept_ns;
	enum tristate simultaneous_open, fastopen, syncookie, mptcp;
	struct maybe iss, irs;
	struct maybe mss, snd_wscale, rcv_wscale;
	enum tristate sack, timestamps, ecn;
};

struct close {
	enum first_closer first_closer;
	enum ending ending;
	struct person closer; /* uid and cgroup are not told */
	struct maybe close_ns;
	struct maybe fin_rtt_ns;
	struct maybe peer_fin_ns;
	struct maybe app_close_ns;
	struct maybe fin_queued_ns;
	struct maybe accept_ns; /* known only after the handshake was told */
	enum tristate time_wait;
	struct maybe lifetime_ns;
	struct maybe bytes_sent, bytes_received, segs_out, segs_in, retransmits, fin_retransmits;
	struct maybe srtt_ns, min_rtt_ns;
	struct maybe local_fin_seq, remote_fin_seq;
};

struct chapter {
	enum chapter_type type;
	uint64_t conn;
	struct maybe t_ns; /* CLOCK_MONOTONIC of the first event */
	struct maybe cookie;
	uint32_t netns;
	uint8_t family;
	uint8_t local[16], remote[16]; /* IPv6 or IPv4-mapped */
	struct maybe local_port, remote_port;
	enum role role;
	struct person owner;
	enum missing missing;  /* MISSING_NOTHING: complete */
	bool alone;	       /* a close whose handshake the options do not want told */
	bool open;	       /* not over: told as it stands */
	uint8_t state;	       /* open: the state it is in */
	struct maybe state_ns; /* open: for how long */
	size_t n_steps;
	struct step steps[CHAPTER_STEPS];
	uint8_t completeness; /* enum completeness */
	int err;	      /* errno, positive; 0: none */
	/* the side's own sequence space, for relative numbers */
	struct maybe iss, irs;
	union {
		struct handshake handshake;
		struct close close;
	};
};

/*
 * Reads a handshake or a close out of a record.  now_ns is 0 for a chapter that is over, else the time
 * (CLOCK_MONOTONIC) at which an open one is told.
 */
void chapter_handshake(struct chapter *ch, const struct handshake_part *h, uint64_t now_ns);
void chapter_close(struct chapter *ch, const struct record *r, uint64_t now_ns);

/* Was the handshake told already when the whole record arrived? */
bool chapter_handshake_posted(const struct record *r);

/*
 * Of a close that an RST of ours ended: did that answer a segment?  It has no ACK then (tcp_v4_send_reset;
 * RFC 9293, 3.10.7.1), and one that the socket sends of itself has (tcp_send_active_reset).
 */
bool chapter_reset_answers(const struct record *r);

/* Does the whole record still say what the handshake was? */
bool chapter_handshake_seen(const struct record *r);

/* Steps that may be looked at. */
size_t chapter_steps(const struct chapter *ch);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A chapter is the verdict on a record: the handshake or the close of one connection, in the
 * terms of the manual page.  Pure: computed from the record's bytes alone, without root, BPF or a
 * clock.
 *
 * All times are in ns.  What is not known is a struct maybe without a value, TRISTATE_UNKNOWN, or
 * the enum's UNKNOWN member, never a guess.
 */
#ifndef CHAPTER_H
#define CHAPTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/maybe.h"
#include "shared/verdict.h"

enum tristate {
	TRISTATE_UNKNOWN = -1,
	TRISTATE_NO,
	TRISTATE_YES,
};

enum chapter_type {
	CHAPTER_HANDSHAKE,
	CHAPTER_CLOSE,
};

enum first_closer {
	CLOSER_UNKNOWN,
	CLOSER_LOCAL,
	CLOSER_REMOTE,
	CLOSER_BOTH,
	CLOSER_NONE,
	CLOSERS
};

enum missing {
	MISSING_NOTHING,
	MISSING_BEFORE_TRACE,
	MISSING_NOT_SELECTED,
	MISSING_EVENTS_LOST,
	MISSING_TABLE_FULL,
	MISSINGS
};

/* Why it was slow or failed; see cause.c.  The first ones are of handshakes, some are of both. */
enum cause {
	CAUSE_NONE,
	CAUSE_SYN_LOST,
	CAUSE_SYNACK_LOST,
	CAUSE_SLOW_NETWORK,
	CAUSE_ACCEPT_WAIT,
	CAUSE_NEVER_ACCEPTED,
	CAUSE_QUEUE_FULL,
	CAUSE_REFUSED,
	CAUSE_FILTERED,
	CAUSE_NO_ROUTE,
	CAUSE_NO_PORTS,
	CAUSE_GAVE_UP,
	CAUSE_NOT_SENT,
	CAUSE_SYN_COOKIE,
	CAUSE_PEER_RESET,
	CAUSE_APP_SLOW,
	CAUSE_PEER_SLOW,
	CAUSE_UNSENT_DATA,
	CAUSE_ZERO_WINDOW,
	CAUSE_PEER_SILENT,
	CAUSE_FIN_LOST,
	CAUSE_UNREAD_DATA,
	CAUSE_LINGER,
	CAUSE_DATA_AFTER_CLOSE,
	CAUSE_DISCONNECTED,
	CAUSE_IDLE_RESET,
	CAUSE_PROCESS_ENDED,
	CAUSE_KILLED,
	CAUSE_KEEPALIVE,
	CAUSE_RETRANSMIT_TIMEOUT,
	CAUSE_LISTENER_CLOSED,
	CAUSE_HALF_OPEN,
	CAUSE_NO_MEMORY,
	CAUSES
};

/* Which queue was full. */
enum drop_reason { DROP_NONE, DROP_ACCEPT_QUEUE, DROP_SYN_QUEUE, DROP_REASONS };

enum segment_flag {
	SEGMENT_SYN = 1 << 0,
	SEGMENT_ACK = 1 << 1,
	SEGMENT_FIN = 1 << 2,
	SEGMENT_RST = 1 << 3,
};

/*
 * The segment of a step.  flags is 0 when none crossed the wire, or when it is not known which
 * one did.
 */
struct segment {
	bool sent;	/* by this end */
	uint8_t flags;	/* enum segment_flag */
	uint8_t number; /* 2 is the first retransmission; 0 and 1 are the original */
	bool unsent;	/* it did not leave this host */
};

/* A state change, or with `from` equal to `to` a segment that changed no state. */
struct step {
	struct maybe t_ns; /* since the chapter's first event */
	uint8_t from;	   /* the kernel's state numbers (include/net/tcp_states.h) */
	uint8_t to;
	bool derived; /* t_ns was computed, not seen */
	struct segment segment;
	struct maybe seq; /* sequence numbers as on the wire */
	struct maybe ack;
};

/* Room for HANDSHAKE_STEPS or CLOSE_STEPS and for the steps that are derived from them. */
#define CHAPTER_STEPS 24

/* The bits of Wireshark's tcp.completeness. */
enum completeness {
	COMPLETE_SYN = 1,
	COMPLETE_SYNACK = 2,
	COMPLETE_ACK = 4,
	COMPLETE_DATA = 8,
	COMPLETE_FIN = 16,
	COMPLETE_RST = 32,
};

/* The process that owns a connection or closed it. */
struct person {
	struct maybe pid; /* the tgid, in the tracer's PID namespace */
	struct maybe uid;
	struct maybe cgroup;	 /* id in the cgroup v2 hierarchy */
	char comm[COMM_LEN + 1]; /* any bytes, NUL-terminated; "" when not known */
};

/* Local ports, and which process has more of them than any other, as far as that is known. */
struct ports_taken {
	unsigned int n;
	unsigned int n_most; /* 0: it is not known of any */
	struct person most;
};

struct handshake {
	enum outcome outcome;
	/*
	 * A client's first SYN to the SYN,ACK, a server's first SYN,ACK to the last ACK, or the time to
	 * the failure (diary_handshake_ns())
	 */
	struct maybe handshake_ns;
	/* the kernel's sample, unknown after a retransmission or a SYN cookie (diary_rtt_us()) */
	struct maybe rtt_ns;
	struct maybe syn_retransmits;
	struct maybe synack_retransmits;
	/* a server's ESTABLISHED to accept()'s return */
	struct maybe accept_ns;
	bool awaits_accept; /* it had not returned when this was reported */
	/* the last ACK was dropped, for the accept queue was full: so long before ESTABLISHED, if it became that */
	bool ack_queue_full;
	struct maybe late_ns;
	enum drop_reason drop_reason;
	enum tristate simultaneous_open, fastopen, syncookie, mptcp;
	struct maybe iss, irs;
	/* as negotiated: bytes, and shift counts */
	struct maybe mss, snd_wscale, rcv_wscale;
	enum tristate sack, timestamps, ecn;
	/* OUTCOME_NO_PORT: the ports to this peer, those in TIME_WAIT and those of connections that are not over */
	struct ports_taken ports_in_time_wait, ports_open;
};

struct close {
	enum first_closer first_closer;
	enum ending ending;
	/* why this end sent an RST */
	enum reset_reason reset_reason;
	/* with RESET_UNREAD_DATA */
	struct maybe unread;
	/* whose shutdown() or close() sent our FIN or RST; its uid and cgroup are not printed */
	struct person closer;
	/* the end of that process closed the descriptor: enum closer_exit, or a signal */
	uint8_t closer_exit;
	/* the first FIN on the wire, or the fatal segment, to the end (diary_close_ns()) */
	struct maybe close_ns;
	/* our FIN to its ACK */
	struct maybe fin_rtt_ns;
	/* that ACK to the peer's FIN, if we closed first */
	struct maybe peer_fin_ns;
	/* the peer's FIN to our close(), if the peer closed first */
	struct maybe app_close_ns;
	/* our close() to our FIN leaving */
	struct maybe fin_queued_ns;
	bool fin_behind_data; /* which was not sent when close() was called */
	/* as in the handshake, if accept() returned after that was posted */
	struct maybe accept_ns;
	/* what nobody accepted: its time in the accept queue until its end, or until now */
	struct maybe queued_ns;
	enum tristate time_wait;
	/* ESTABLISHED to the end */
	struct maybe lifetime_ns;
	/* payload in bytes, each counted once; segments */
	struct maybe bytes_sent, bytes_received, segs_out, segs_in, retransmits, fin_retransmits;
	/* the kernel's last estimates */
	struct maybe srtt_ns, min_rtt_ns;
	struct maybe local_fin_seq, remote_fin_seq;
	/* from the last data, either way, to the first event of the close */
	struct maybe idle_ns;
	/* that data was ours; of a client: it waited for an answer */
	bool sent_last;
	/*
	 * how long there was no data, either way, before that which the peer had not acknowledged then;
	 * unknown if there was none
	 */
	struct maybe silent_ns;
	/*
	 * of an open one: data in bytes that the peer has not acknowledged; for how long, at least
	 * (since its first retransmission, or since the window is closed); time-outs
	 */
	struct maybe unacked, unacked_ns, unacked_retransmits;
	enum tristate zero_window;
};

struct chapter {
	enum chapter_type type;
	uint64_t conn; /* number of the connection, unique in a trace */
	uint64_t
		other_conn; /* the same of its other end, if that was reported before; 0: none is known */
	/* the name of the host that it went to, whose recording has nothing of it; any bytes; NULL: none is known */
	const char *unseen_by;
	struct maybe t_ns; /* CLOCK_MONOTONIC of the first event */
	struct maybe cookie;
	uint32_t netns; /* inode, 0: not known */
	/*
	 * The interface that the socket is bound to: its name, or its number where that is not known;
	 * "": it is bound to none.  Any bytes.
	 */
	char ifname[IFNAME_LEN + 1];
	uint8_t family;		       /* 4 or 6 */
	uint8_t local[16], remote[16]; /* IPv6 or IPv4-mapped */
	struct maybe local_port, remote_port;
	enum role role;
	struct person owner;
	/* a server's: has accept() returned it, or had it when the connection ended? */
	enum tristate accepted;
	bool no_socket;	      /* a handshake: a peer's attempt that made no socket */
	enum missing missing; /* MISSING_NOTHING: complete */
	enum cause cause;     /* set by chapter_set_cause() */
	bool alone;	      /* a close whose handshake is not selected */
	bool open;	      /* not over: reported as it is now */
	/* of an open one: its state, and for how long it has been in it */
	uint8_t state;
	struct maybe state_ns;
	/* and a process that has the socket open; its uid and cgroup are not printed */
	struct person holder;
	uint8_t completeness; /* enum completeness */
	int err;	      /* errno, positive; 0: none */
	/* initial sequence numbers, sent and received: relative numbers count from them */
	struct maybe iss, irs;
	union {
		struct handshake handshake;
		struct close close;
	};
	size_t n_steps; /* read it by chapter_step_count() */
	struct step steps[CHAPTER_STEPS];
};

/* As in struct chapter. */
void interface_text(char buf[IFNAME_LEN + 1], const struct interface *i);

/*
 * Judges a record's handshake or close.  now_ns is 0 for one that is over; for one that may be
 * open it is the time of the report, CLOCK_MONOTONIC.  Any bytes will do: a damaged record makes
 * an odd chapter, but no index leaves its table.
 */
void chapter_handshake(struct chapter *ch, const struct handshake_part *h, uint64_t now_ns);
void chapter_close(struct chapter *ch, const struct record *r, uint64_t now_ns);

/* Was the handshake chapter posted before this record, which has the whole connection? */
bool chapter_handshake_posted(const struct record *r);

/*
 * Our RST ended the connection: did it answer a segment?  Such an RST has no ACK
 * (tcp_v4_send_reset(); RFC 9293, 3.10.7.1), one that the socket sends on its own has
 * (tcp_send_active_reset()).
 */
bool chapter_reset_answers(const struct record *r);

/* Does the record hold the steps of the handshake? */
bool chapter_handshake_seen(const struct record *r);

/* Copies an owner; everything is unknown when its pid is 0. */
void person_set(struct person *p, const struct owner *o);

/* Is this a process, and not the owner? */
bool person_is_other(const struct person *p, const struct person *owner);

/* How many steps the chapter has, at most CHAPTER_STEPS. */
size_t chapter_step_count(const struct chapter *ch);

#endif

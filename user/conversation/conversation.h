/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A conversation is one connection as both of its ends recorded it: which segment of the one is which of the other,
 * what was lost between them, and how long each part of it took.  Pure, as the chapters are.
 *
 * All times are ns after `begin_ns`, by the client's clock.
 */
#ifndef CONVERSATION_H
#define CONVERSATION_H

#include "base/options.h"
#include "chapter/chapter.h"
#include "clocks.h"
#include "end.h"
#include "pairing.h"

enum side { CLIENT, SERVER, SIDES };

/* What became of a segment that an end sent. */
enum fate {
	/* the other end does not say */
	FATE_UNKNOWN,
	/* the other end has it, at the time of its event */
	FATE_ARRIVED,
	/* the other end never saw it */
	FATE_LOST,
	/* a full queue of the other end dropped it */
	FATE_DROPPED,
	/* it did not leave its host */
	FATE_UNSENT,
};

enum event_kind {
	/* a step of a chapter: a segment, a state change or both */
	EVENT_STEP,
	/* accept() returned the connection */
	EVENT_ACCEPT,
	/* a SYN that a full queue dropped came */
	EVENT_DROP,
};

/* What happened at one end. */
struct event {
	enum event_kind kind;
	struct step step;
	/* index of the segment's event at the other end; -1: there is none */
	int other;
	enum fate fate;
	bool closing; /* of the close, not of the handshake */
};

/* Room for the steps of both chapters, accept() and the SYNs that were dropped. */
#define EVENTS_MAX (2 * CHAPTER_STEPS + 1 + END_DROPS)

/* How long the parts of an opening or of a close took, ns; all unknown if one of them is. */
struct parts {
	struct maybe total_ns;
	/* false: both closed at once, and only the total is known */
	bool split;
	/* from a segment that was lost or dropped to the next one that was not */
	int64_t retransmission_ns;
	/* client to server, and back; the opening has two of the first */
	int64_t there_ns, back_ns;
	/* ESTABLISHED to accept()'s return */
	int64_t accept_queue_ns;
	/* what the applications took to close, after the other one's FIN */
	int64_t client_ns, server_ns;
};

struct lost {
	unsigned int syn, synack, ack, fin, rst, dropped;
};

struct conversation {
	struct chapter handshake[SIDES], close[SIDES];
	bool has_handshake[SIDES], has_close[SIDES];
	enum matched matched;
	struct clock_offset clock; /* of the server's */
	const char *host_name[SIDES];
	bool one_host;
	bool drops_seen;  /* a SYN that a full queue of the server dropped is not taken for lost */
	int64_t begin_ns; /* CLOCK_MONOTONIC of the client */
	size_t n_events[SIDES];
	struct event events[SIDES][EVENTS_MAX];
	struct parts open, finish;
	/* of the segments of each side that did not arrive */
	struct lost lost[SIDES];
	/* some segment arrives before it left: the offset of the clocks is wrong */
	bool back_in_time;
	enum cause cause;
	/* the chapter that says why; NULL: what was lost does, or there is nothing to say */
	const struct chapter *why;
};

/* What conversation_set() is given beside the two ends. */
struct conversation_context {
	enum matched matched;
	const struct clocks *clocks;
	const struct slow_limits *slow;
};

void conversation_set(struct conversation *c, const struct end *client, const struct end *server,
		      const struct conversation_context *with);

/* Whose chapter says most of this end: of the handshake, or where there is none of the close. */
const struct chapter *conversation_end(const struct conversation *c, enum side side);

/*
 * What stands on one line of a picture: a segment that leaves one end and arrives at the other, or what only one of
 * them knows.  The lines of each end are in the order of its events.
 */
struct conversation_row {
	int at[SIDES]; /* index of the event; -1: none */
	/* a segment whose other end is on another line, since something came between: two that cross */
	bool half;
};
#define CONVERSATION_ROWS_MAX (SIDES * EVENTS_MAX)

/* Returns how many there are. */
size_t conversation_rows(const struct conversation *c,
			 struct conversation_row rows[CONVERSATION_ROWS_MAX]);

/* The other one of the two sides. */
#define conversation_other(side) ((side) == CLIENT ? SERVER : CLIENT)

#endif

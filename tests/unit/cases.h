/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Builds records as the BPF programs do: each call is one event of a connection at the time
 * `now_ns`.  It goes through the diary, with what bpf/facts.bpf.h reads from the socket at that
 * moment.
 */
#ifndef CASES_H
#define CASES_H

#include <linux/bpf.h>
#include <stdio.h>

#include "chapter/chapter.h"
#include "shared/diary_read.h"

#define US 1000ULL
#define MS 1000000ULL
#define S 1000000000ULL

/* When flow_begin() begins, CLOCK_MONOTONIC. */
#define BEGIN_NS (1000 * S)

struct flow {
	struct record r;
	uint64_t now_ns;
	uint32_t snd_nxt, rcv_nxt;
	uint64_t sent, received; /* bytes */
	uint64_t fin_left_ns;	 /* of our FIN; 0: when it was queued */
	bool fin_held;		 /* our FIN is behind data and does not leave */
};

/*
 * Begins conn 1, the client curl[4711] of 10.0.0.1:40000 > 10.0.0.2:443 or its server nginx[80].
 * Either has iss 1000 and irs 5000.
 */
void flow_begin(struct flow *f, enum role role);
void flow_numbers(struct flow *f, uint32_t iss, uint32_t irs);
void flow_addresses(struct flow *f, const char *local, uint16_t local_port, const char *remote,
		    uint16_t remote_port);
/* Bound to an interface; "": the name is not known. */
void flow_interface(struct flow *f, uint32_t index, const char *name);
void owner_set(struct owner *o, uint32_t pid, const char *comm);

/* Time passes. */
void flow_wait(struct flow *f, uint64_t ns);
/* It is so long after BEGIN_NS. */
void flow_at(struct flow *f, uint64_t ns);

/* The handshake. */
void flow_syn(struct flow *f);
void flow_syn_again(struct flow *f);
/* A server's answer, of which the record has the time only. */
void flow_synack(struct flow *f);
void flow_synack_again(struct flow *f);
void flow_established(struct flow *f, uint32_t rtt_us);
void flow_accepted(struct flow *f, uint32_t pid, const char *comm);
void flow_data(struct flow *f, uint32_t sent, uint32_t received);

/* All of the above: a handshake of 20 ms, of a client or of a server accepted 30 us later. */
void flow_open(struct flow *f, enum role role);

/* Our close(): ESTABLISHED -> FIN_WAIT1, CLOSE_WAIT -> LAST_ACK.  more: enum close_flag. */
void flow_fin(struct flow *f, uint32_t more);
void flow_fin_again(struct flow *f);
/* The peer's ACK of it, alone: FIN_WAIT1 -> FIN_WAIT2. */
void flow_fin_acked(struct flow *f);
/* The peer's FIN: -> CLOSE_WAIT, CLOSING or, over then, TIME_WAIT. */
void flow_peer_fin(struct flow *f);
/* Its ACK and FIN in one segment: FIN_WAIT1 -> FIN_WAIT2 -> TIME_WAIT; over. */
void flow_peer_fin_ack(struct flow *f);
/* Our ACK of the peer's FIN, the only segment since. */
void flow_ack_sent(struct flow *f);
/* The ACK of our FIN in LAST_ACK or CLOSING; over. */
void flow_last_ack(struct flow *f);
/* Any other end: -> CLOSE with this socket error.  more: enum close_flag. */
void flow_died(struct flow *f, int err, int err_soft, uint32_t more);

/* A minisocket takes over in FIN_WAIT2, until one of these. */
void flow_minisocket(struct flow *f, uint64_t timeout_ns);
void flow_minisocket_fin(struct flow *f);
void flow_minisocket_rst(struct flow *f);
void flow_minisocket_expired(struct flow *f);

/* The chapters, over. */
void flow_handshake_chapter(const struct flow *f, struct chapter *ch);
void flow_close_chapter(const struct flow *f, struct chapter *ch);

/*
 * The steps as text: "0 CLOSE->SYN_SENT > SYN seq=0; ~44892 ESTABLISHED > ACK seq=1 ack=1", with
 * us since the chapter's first event (~: derived, ?: not known) and relative sequence numbers.
 */
#define STEPS_TEXT_MAX 4096
const char *steps_text(char buf[STEPS_TEXT_MAX], const struct chapter *ch);

/* An open connection that has moved 100 bytes out and 200 in, 1 s old. */
void flow_open_with_data(struct flow *f, enum role role);

/* Such a client in FIN_WAIT2: it closed first, and its FIN was acknowledged after 20 ms. */
void flow_until_fin_wait2(struct flow *f);

/*
 * Such a server in LAST_ACK: its peer closed first, it did after_ns later.  more: enum
 * close_flag.
 */
void flow_until_last_ack(struct flow *f, uint64_t after_ns, uint32_t more);

/* Macros, so that cmocka prints the line of the test. */
#define expect_known(maybe, expected)                        \
	do {                                                 \
		assert_true((maybe).known);                  \
		assert_int_equal((maybe).value, (expected)); \
	} while (0)
#define expect_unknown(maybe) assert_false((maybe).known)
#define expect_steps(ch, expected)                                     \
	do {                                                           \
		char steps_[STEPS_TEXT_MAX];                           \
		assert_string_equal(steps_text(steps_, ch), expected); \
	} while (0)

/* A FIN from each side after data, all of it seen.  --min-close uses the same close_ns. */
#define expect_graceful(f, ch, first)                                        \
	do {                                                                 \
		flow_close_chapter(f, ch);                                   \
		assert_int_equal((ch)->type, CHAPTER_CLOSE);                 \
		assert_int_equal((ch)->close.ending, ENDING_GRACEFUL);       \
		assert_int_equal((ch)->close.first_closer, first);           \
		assert_int_equal((ch)->err, 0);                              \
		assert_int_equal((ch)->completeness, 31);                    \
		assert_int_equal((ch)->missing, MISSING_NOTHING);            \
		assert_false((ch)->open);                                    \
		expect_known((ch)->close.close_ns, diary_close_ns(&(f)->r)); \
	} while (0)

/* A close that is over, without TIME_WAIT. */
#define expect_ending(f, ch, end, first, error, mask)                 \
	do {                                                          \
		flow_close_chapter(f, ch);                            \
		assert_int_equal((ch)->close.ending, end);            \
		assert_int_equal((ch)->close.first_closer, first);    \
		assert_int_equal((ch)->err, error);                   \
		assert_int_equal((ch)->completeness, mask);           \
		assert_int_equal((ch)->close.time_wait, TRISTATE_NO); \
		assert_false((ch)->open);                             \
	} while (0)

/* A handshake that is over and all of which was seen. */
#define expect_outcome(f, ch, result, error, mask)                 \
	do {                                                       \
		flow_handshake_chapter(f, ch);                     \
		assert_int_equal((ch)->type, CHAPTER_HANDSHAKE);   \
		assert_int_equal((ch)->handshake.outcome, result); \
		assert_int_equal((ch)->err, error);                \
		assert_int_equal((ch)->completeness, mask);        \
		assert_int_equal((ch)->missing, MISSING_NOTHING);  \
		assert_false((ch)->open);                          \
	} while (0)

#endif

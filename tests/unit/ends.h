/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The two ends of one connection, each a flow of cases.h, and the conversation made of them, as text. */
#ifndef ENDS_H
#define ENDS_H

#include "cases.h"
#include "conversation/conversation.h"

struct ends {
	struct flow client, server;
	/* ends_join() adds the records; the rest is the test's */
	struct end end[SIDES];
	struct clocks *clocks;
	struct conversation c;
};

/* Set-up and tear-down of a test; its state is a struct ends, of which nothing has happened yet, on one host. */
int ends_begin(void **state);
int ends_end(void **state);

/* Of which nothing has happened again. */
void ends_again(struct ends *e);

/* Each end is of a host of its own; the server's clock is so far ahead of the client's. */
void ends_two_hosts(struct ends *e, int64_t ahead_ns);
/* The handshakes are compared, so that the offset of the clocks is known. */
void ends_compare_clocks(struct ends *e);

/* A handshake in which nothing is lost, from the client's time on, and accept() 1 ms after it. */
void ends_open(struct ends *e, uint64_t way_ns);
/* A close in which nothing is lost, client first; 5 ms later the server. */
void ends_close(struct ends *e, uint64_t way_ns);

/* So many ms after BEGIN_NS: a FIN, the same again, the peer's FIN, which is acknowledged at once, and the ACKs of ours. */
void ends_fin_at(struct flow *f, uint64_t ms);
void ends_fin_again_at(struct flow *f, uint64_t ms);
void ends_gets_fin_at(struct flow *f, uint64_t ms);
void ends_fin_acked_at(struct flow *f, uint64_t ms);
void ends_last_ack_at(struct flow *f, uint64_t ms);

/* ns after BEGIN_NS: the server's SYN,ACK, the same again; the client gets one, and the server its ACK. */
void ends_synack_at(struct ends *e, uint64_t t_ns);
void ends_synack_again_at(struct ends *e, uint64_t t_ns);
void ends_establish(struct ends *e, uint64_t now_ns, uint64_t acked_ns);

/* Makes the conversation.  An end has a close if there is a step of it, or if it is open (end.now_ns). */
void ends_join(struct ends *e);

/*
 * The segments that this side sent, and what became of them: "SYN 0 lost, SYN (2) 1000>1020, FIN ?>1200, ACK 1240>?".
 * Times in ms, ~: computed, ?: not known.  Those that came and are none of those that were sent are the last ones.
 */
#define ENDS_TEXT_MAX 1024
const char *ends_text(char buf[ENDS_TEXT_MAX], const struct conversation *c, enum side side);

/* "60: again 10, there 30, back 20, accept 5, client 1, server 2", in ms, without what is 0; "unknown". */
const char *ends_parts_text(char buf[ENDS_TEXT_MAX], const struct parts *p);

/* "syn 1 dropped 2", without what is 0. */
const char *ends_lost_text(char buf[ENDS_TEXT_MAX], const struct lost *lost);

/* Macros, so that cmocka prints the line of the test. */
#define expect_sent(e, side, expected)                                            \
	do {                                                                      \
		char text_[ENDS_TEXT_MAX];                                        \
		assert_string_equal(ends_text(text_, &(e)->c, side), (expected)); \
	} while (0)
#define expect_segments(e, by_client, by_server)     \
	do {                                         \
		expect_sent(e, CLIENT, (by_client)); \
		expect_sent(e, SERVER, (by_server)); \
	} while (0)
#define expect_parts(e, which, expected)                                                \
	do {                                                                            \
		char text_[ENDS_TEXT_MAX];                                              \
		assert_string_equal(ends_parts_text(text_, &(e)->c.which), (expected)); \
	} while (0)
#define expect_lost(e, side, expected)                                                      \
	do {                                                                                \
		char text_[ENDS_TEXT_MAX];                                                  \
		assert_string_equal(ends_lost_text(text_, &(e)->c.lost[side]), (expected)); \
	} while (0)

#define ENDS_TEST(name) cmocka_unit_test_setup_teardown(name, ends_begin, ends_end)

#endif

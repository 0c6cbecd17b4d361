// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The verdict on closes that end without a FIN from each side. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"

static struct flow f;
static struct chapter ch;

static void reset_received(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_died(&f, ECONNRESET, 0, CLOSE_RST_RECEIVED);
	expect_ending(&f, &ch, ENDING_RESET_RECEIVED, CLOSER_NONE, ECONNRESET, 47);
	expect_steps(&ch, "0 ESTABLISHED->CLOSE < RST");
	expect_known(ch.close.close_ns, 0);
	expect_known(ch.close.lifetime_ns, S - 20 * MS);
	expect_unknown(ch.close.fin_rtt_ns);
	expect_unknown(ch.close.local_fin_seq);
	expect_unknown(ch.close.remote_fin_seq);
	expect_unknown(ch.close.fin_retransmits);
	expect_unknown(ch.close.closer.pid);
	assert_int_equal(ch.missing, MISSING_NOTHING);
}

/* The peer has closed both directions and we still write: EPIPE. */
static void reset_received_in_close_wait(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_peer_fin(&f);
	flow_wait(&f, 10 * US);
	flow_ack_sent(&f);
	flow_wait(&f, 30 * MS);
	flow_died(&f, EPIPE, 0, CLOSE_RST_RECEIVED);
	expect_ending(&f, &ch, ENDING_RESET_RECEIVED, CLOSER_REMOTE, EPIPE, 63);
	expect_steps(&ch, "0 ESTABLISHED->CLOSE_WAIT < FIN seq=201 ack=101; "
			  "~10 CLOSE_WAIT > ACK ack=202; "
			  "30010 CLOSE_WAIT->CLOSE < RST");
	expect_known(ch.close.close_ns, 30010 * US);
	/* we never closed */
	expect_unknown(ch.close.app_close_ns);
}

static void reset_received_after_our_fin(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_fin(&f, 0);
	flow_wait(&f, 20 * MS);
	flow_died(&f, ECONNRESET, 0, CLOSE_RST_RECEIVED);
	expect_ending(&f, &ch, ENDING_RESET_RECEIVED, CLOSER_LOCAL, ECONNRESET, 63);
	expect_steps(&ch, "0 ESTABLISHED->FIN_WAIT1 > FIN seq=101 ack=201; "
			  "20000 FIN_WAIT1->CLOSE < RST");
	expect_unknown(ch.close.fin_rtt_ns);
	/* in LAST_ACK */
	flow_until_last_ack(&f, MS, CLOSE_ACK_PENDING);
	flow_wait(&f, MS);
	flow_died(&f, ECONNRESET, 0, CLOSE_RST_RECEIVED);
	expect_ending(&f, &ch, ENDING_RESET_RECEIVED, CLOSER_REMOTE, ECONNRESET, 63);
	assert_false(ch.steps[ch.n_steps - 1].segment.sent);
	assert_int_equal(ch.steps[ch.n_steps - 1].segment.flags, SEGMENT_RST);
	expect_unknown(ch.close.fin_rtt_ns);
}

/* close() with unread data, or SO_LINGER 0: the RST leaves after the state change. */
static void reset_sent(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_died(&f, 0, 0, 0);
	expect_ending(&f, &ch, ENDING_RESET_SENT, CLOSER_NONE, 0, 47);
	expect_steps(&ch, "0 ESTABLISHED->CLOSE > RST");
	expect_known(ch.close.closer.pid, 4711);
	expect_known(ch.close.close_ns, 0);

	flow_open_with_data(&f, ROLE_CLIENT);
	flow_peer_fin(&f);
	flow_wait(&f, 3 * MS);
	flow_died(&f, 0, 0, 0);
	expect_ending(&f, &ch, ENDING_RESET_SENT, CLOSER_REMOTE, 0, 63);
	assert_int_equal(ch.steps[ch.n_steps - 1].from, BPF_TCP_CLOSE_WAIT);
	assert_true(ch.steps[ch.n_steps - 1].segment.sent);
}

/* The kernel answers data after our close() with an RST. */
static void reset_sent_to_late_data(void **state)
{
	(void)state;
	flow_until_fin_wait2(&f);
	flow_wait(&f, 5 * MS);
	flow_died(&f, 0, 0, 0);
	expect_ending(&f, &ch, ENDING_RESET_SENT, CLOSER_LOCAL, 0, 63);
	expect_steps(&ch, "0 ESTABLISHED->FIN_WAIT1 > FIN seq=101 ack=201; "
			  "20000 FIN_WAIT1->FIN_WAIT2 < ACK ack=102; "
			  "25000 FIN_WAIT2->CLOSE > RST");
}

/*
 * The same when the data is in the segment that acknowledges our FIN, or with TCP_LINGER2 < 0:
 * one segment makes both state changes, and no FIN came.
 */
static void reset_sent_in_the_same_segment(void **state)
{
	(void)state;
	flow_until_fin_wait2(&f);
	f.r.c.flags |= CLOSE_OVER | CLOSE_LOCAL_FIN_LEFT;
	f.r.c.bytes_sent = 100;
	diary_change(&f.r, f.now_ns, BPF_TCP_FIN_WAIT2, BPF_TCP_CLOSE, STEP_SAME_SEGMENT);
	expect_ending(&f, &ch, ENDING_RESET_SENT, CLOSER_LOCAL, 0, 63);
	for (size_t i = 0; i < ch.n_steps; i++)
		assert_true(ch.steps[i].segment.sent || !(ch.steps[i].segment.flags & SEGMENT_FIN));
	assert_int_equal(ch.steps[ch.n_steps - 1].segment.flags, SEGMENT_RST);
}

static void expect_reason(int err, uint32_t more, enum reset_reason seen, enum reset_reason reason)
{
	flow_open_with_data(&f, ROLE_CLIENT);
	f.r.c.reset_reason = (uint8_t)seen;
	f.r.c.unread = 4;
	flow_died(&f, err, 0, more);
	flow_close_chapter(&f, &ch);
	assert_int_equal(ch.close.reset_reason, reason);
	assert_int_equal(ch.close.unread.known, reason == RESET_UNREAD_DATA);
}

/* Only of an RST that this end sent; where no hook says why, the error may. */
static void reset_reason(void **state)
{
	(void)state;
	expect_reason(0, 0, RESET_UNREAD_DATA, RESET_UNREAD_DATA);
	expect_reason(0, 0, RESET_UNKNOWN, RESET_UNKNOWN);
	expect_reason(0, 0, RESET_REASONS, RESET_UNKNOWN);
	expect_reason(0, CLOSE_RST_RECEIVED, RESET_LINGER, RESET_UNKNOWN);
	expect_reason(ECONNRESET, CLOSE_RST_RECEIVED, RESET_UNKNOWN, RESET_UNKNOWN);
	expect_reason(ECONNRESET, CLOSE_RST_SENT | CLOSE_RST_ANSWERS, RESET_UNKNOWN,
		      RESET_DATA_AFTER_CLOSE);
	expect_reason(ETIMEDOUT, CLOSE_RST_SENT, RESET_UNKNOWN, RESET_KEEPALIVE);
	expect_reason(ETIMEDOUT, CLOSE_RST_SENT, RESET_MEMORY, RESET_MEMORY);
	expect_reason(ETIMEDOUT, 0, RESET_UNKNOWN, RESET_UNKNOWN);
	expect_reason(ECONNABORTED, CLOSE_RST_SENT, RESET_UNKNOWN, RESET_KILLED);
}

/* This host dropped it: it is in no completeness. */
static void reset_unsent(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_died(&f, 0, 0, CLOSE_RST_SENT | CLOSE_RST_UNSENT);
	expect_ending(&f, &ch, ENDING_RESET_SENT, CLOSER_NONE, 0, 15);
	expect_steps(&ch, "0 ESTABLISHED->CLOSE x RST");
	assert_true(ch.steps[0].segment.unsent);
}

static void half_open(void **state)
{
	(void)state;
	flow_until_fin_wait2(&f);
	flow_minisocket(&f, 60 * S);
	flow_minisocket_expired(&f);
	expect_ending(&f, &ch, ENDING_HALF_OPEN, CLOSER_LOCAL, 0, 31);
	expect_steps(&ch, "0 ESTABLISHED->FIN_WAIT1 > FIN seq=101 ack=201; "
			  "20000 FIN_WAIT1->FIN_WAIT2 < ACK ack=102; "
			  "~60020000 FIN_WAIT2->CLOSE");
	expect_known(ch.close.fin_rtt_ns, 20 * MS);
	expect_unknown(ch.close.peer_fin_ns);
	expect_unknown(ch.close.remote_fin_seq);
	assert_int_equal(ch.missing, MISSING_NOTHING);
}

static void minisocket_reset(void **state)
{
	(void)state;
	flow_until_fin_wait2(&f);
	flow_minisocket(&f, 60 * S);
	flow_wait(&f, S);
	flow_minisocket_rst(&f);
	expect_ending(&f, &ch, ENDING_RESET_RECEIVED, CLOSER_LOCAL, 0, 63);
	expect_steps(&ch, "0 ESTABLISHED->FIN_WAIT1 > FIN seq=101 ack=201; "
			  "20000 FIN_WAIT1->FIN_WAIT2 < ACK ack=102; "
			  "1020000 FIN_WAIT2->CLOSE < RST");
	expect_unknown(ch.close.peer_fin_ns);
}

static void timed_out(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_died(&f, ETIMEDOUT, 0, 0);
	expect_ending(&f, &ch, ENDING_TIMED_OUT, CLOSER_NONE, ETIMEDOUT, 15);
	expect_steps(&ch, "0 ESTABLISHED->CLOSE");
	/* keepalive ends with an RST */
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_died(&f, ETIMEDOUT, 0, CLOSE_RST_SENT);
	expect_ending(&f, &ch, ENDING_TIMED_OUT, CLOSER_NONE, ETIMEDOUT, 47);
	expect_steps(&ch, "0 ESTABLISHED->CLOSE > RST");
	/* an ICMP port unreachable came before, and there is no RST */
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_died(&f, ECONNREFUSED, ECONNREFUSED, 0);
	expect_ending(&f, &ch, ENDING_TIMED_OUT, CLOSER_NONE, ECONNREFUSED, 15);
	expect_steps(&ch, "0 ESTABLISHED->CLOSE");
	/* an orphan whose FIN is never answered, after an ICMP error */
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_fin(&f, 0);
	flow_wait(&f, S);
	flow_fin_again(&f);
	flow_wait(&f, S);
	flow_died(&f, EHOSTUNREACH, EHOSTUNREACH, 0);
	expect_ending(&f, &ch, ENDING_TIMED_OUT, CLOSER_LOCAL, EHOSTUNREACH, 31);
	expect_steps(&ch, "0 ESTABLISHED->FIN_WAIT1 > FIN seq=101 ack=201; "
			  "1000000 FIN_WAIT1 > FIN (2) seq=101; "
			  "2000000 FIN_WAIT1->CLOSE");
	expect_known(ch.close.fin_retransmits, 1);
	/* in LAST_ACK */
	flow_until_last_ack(&f, 0, CLOSE_ACK_PENDING);
	flow_wait(&f, S);
	flow_died(&f, ETIMEDOUT, 0, 0);
	expect_ending(&f, &ch, ENDING_TIMED_OUT, CLOSER_REMOTE, ETIMEDOUT, 31);
	expect_unknown(ch.close.fin_rtt_ns);
	assert_int_equal(ch.steps[ch.n_steps - 1].segment.flags, 0);
}

static void aborted(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_SERVER);
	flow_died(&f, ECONNABORTED, 0, CLOSE_RST_SENT);
	expect_ending(&f, &ch, ENDING_ABORTED, CLOSER_NONE, ECONNABORTED, 47);
	expect_steps(&ch, "0 ESTABLISHED->CLOSE > RST");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reset_received),
		cmocka_unit_test(reset_received_in_close_wait),
		cmocka_unit_test(reset_received_after_our_fin),
		cmocka_unit_test(reset_sent),
		cmocka_unit_test(reset_sent_to_late_data),
		cmocka_unit_test(reset_sent_in_the_same_segment),
		cmocka_unit_test(reset_reason),
		cmocka_unit_test(reset_unsent),
		cmocka_unit_test(half_open),
		cmocka_unit_test(minisocket_reset),
		cmocka_unit_test(timed_out),
		cmocka_unit_test(aborted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Graceful closes: when our FIN leaves, sequence numbers, a late accept(). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"

static struct flow f;
static struct chapter ch;

/* close() with unsent data: the FIN leaves after that. */
static void fin_behind_data(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_fin(&f, CLOSE_FIN_BEHIND_DATA | CLOSE_DATA_OUTSTANDING);
	f.fin_left_ns = f.now_ns + 50 * MS;
	flow_wait(&f, 90 * MS);
	flow_fin_acked(&f);
	flow_wait(&f, 2 * MS);
	flow_peer_fin(&f);
	expect_graceful(&f, &ch, CLOSER_LOCAL);
	/* its ack is not known: data may have come in between */
	expect_steps(&ch, "~0 ESTABLISHED->FIN_WAIT1 > FIN seq=101; "
			  "40000 FIN_WAIT1->FIN_WAIT2 < ACK ack=102; "
			  "42000 FIN_WAIT2->TIME_WAIT < FIN seq=201 ack=102; "
			  "~42000 TIME_WAIT > ACK seq=102 ack=202");
	expect_known(ch.t_ns, BEGIN_NS + S + 50 * MS);
	expect_known(ch.close.fin_queued_ns, 50 * MS);
	expect_known(ch.close.fin_rtt_ns, 40 * MS);
	expect_known(ch.close.close_ns, 42 * MS);
	expect_known(ch.close.fin_retransmits, 0);
	/* a retransmission was missed: it may have been our FIN */
	f.r.c.flags |= CLOSE_RETRANSMIT_UNSEEN;
	flow_close_chapter(&f, &ch);
	expect_unknown(ch.close.fin_retransmits);
}

/* The FINs cross, ours behind data: the close begins with the first FIN on the wire. */
static void simultaneous_behind_data(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_fin(&f, CLOSE_FIN_BEHIND_DATA | CLOSE_DATA_OUTSTANDING);
	f.fin_left_ns = f.now_ns + 5 * MS;
	flow_wait(&f, 10 * MS);
	flow_peer_fin(&f);
	flow_wait(&f, 10 * MS);
	flow_last_ack(&f);
	flow_close_chapter(&f, &ch);
	assert_int_equal(ch.close.first_closer, CLOSER_BOTH);
	expect_known(ch.close.fin_rtt_ns, 15 * MS);
	expect_known(ch.close.close_ns, 15 * MS);
	expect_known(ch.t_ns, BEGIN_NS + S + 5 * MS);
}

/*
 * The peer's FIN comes while ours is behind data: the peer closed first, though our close() was
 * earlier.
 */
static void remote_fin_before_ours(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_fin(&f, CLOSE_FIN_BEHIND_DATA | CLOSE_DATA_OUTSTANDING);
	f.fin_left_ns = f.now_ns + 30 * MS;
	flow_wait(&f, 10 * MS);
	flow_peer_fin(&f);
	flow_wait(&f, 40 * MS);
	flow_last_ack(&f);
	expect_graceful(&f, &ch, CLOSER_REMOTE);
	expect_steps(&ch, "0 ESTABLISHED->FIN_WAIT1; "
			  "10000 FIN_WAIT1->CLOSING < FIN seq=201 ack=101; "
			  "~10000 CLOSING > ACK ack=202; "
			  "~30000 CLOSING > FIN seq=101 ack=202; "
			  "50000 CLOSING->TIME_WAIT < ACK seq=202 ack=102");
	expect_known(ch.t_ns, BEGIN_NS + S);
	expect_known(ch.close.close_ns, 40 * MS);
	assert_int_equal(diary_close_ns(&f.r), 40 * MS);
	expect_known(ch.close.fin_rtt_ns, 20 * MS);
	expect_known(ch.close.fin_queued_ns, 30 * MS);
	expect_unknown(ch.close.app_close_ns);
	expect_unknown(ch.close.peer_fin_ns);
	assert_int_equal(ch.close.time_wait, TRISTATE_YES);
}

/* ... or our FIN left and was lost; the same while it is open. */
static void lost_after_remote_fin(void **state)
{
	static const char steps[] = "0 ESTABLISHED->FIN_WAIT1; "
				    "10000 FIN_WAIT1->CLOSING < FIN seq=201 ack=101; "
				    "~10000 CLOSING > ACK ack=202; "
				    "~? CLOSING > FIN seq=101 ack=202; "
				    "210000 CLOSING > FIN (2) seq=101";
	char over[512];

	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_fin(&f, 0);
	f.fin_left_ns = f.now_ns + 30 * MS;
	flow_wait(&f, 10 * MS);
	flow_peer_fin(&f);
	flow_wait(&f, 200 * MS);
	flow_fin_again(&f);
	chapter_close(&ch, &f.r, f.now_ns);
	assert_int_equal(ch.close.first_closer, CLOSER_REMOTE);
	expect_steps(&ch, steps);
	expect_unknown(ch.close.fin_queued_ns);
	flow_wait(&f, 20 * MS);
	flow_last_ack(&f);
	expect_graceful(&f, &ch, CLOSER_REMOTE);
	snprintf(over, sizeof(over), "%s; 230000 CLOSING->TIME_WAIT < ACK seq=202 ack=102", steps);
	expect_steps(&ch, over);
	expect_known(ch.close.close_ns, 220 * MS);
	expect_unknown(ch.close.fin_rtt_ns);
	expect_unknown(ch.close.fin_queued_ns);
}

/* ... and it never leaves: the peer resets the connection because of unread data. */
static void only_a_remote_fin(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_fin(&f, CLOSE_FIN_BEHIND_DATA | CLOSE_DATA_OUTSTANDING);
	f.fin_left_ns = f.now_ns + S;
	f.fin_held = true;
	flow_wait(&f, 10 * MS);
	flow_peer_fin(&f);
	flow_wait(&f, 40 * MS);
	flow_died(&f, ECONNRESET, 0, CLOSE_RST_RECEIVED);
	expect_ending(&f, &ch, ENDING_RESET_RECEIVED, CLOSER_REMOTE, ECONNRESET, 63);
	expect_steps(&ch, "0 ESTABLISHED->FIN_WAIT1; "
			  "10000 FIN_WAIT1->CLOSING < FIN seq=201 ack=101; "
			  "~10000 CLOSING > ACK ack=202; "
			  "50000 CLOSING->CLOSE < RST");
	expect_known(ch.close.close_ns, 40 * MS);
	expect_unknown(ch.close.local_fin_seq);
}

static void fin_again(void **state)
{
	(void)state;
	flow_until_last_ack(&f, MS, CLOSE_ACK_PENDING);
	flow_wait(&f, 200 * MS);
	f.fin_left_ns = f.now_ns;
	flow_fin_again(&f);
	flow_wait(&f, 20 * MS);
	flow_last_ack(&f);
	expect_graceful(&f, &ch, CLOSER_REMOTE);
	expect_steps(&ch, "0 ESTABLISHED->CLOSE_WAIT < FIN seq=201 ack=101; "
			  "1000 CLOSE_WAIT->LAST_ACK > FIN,ACK seq=101 ack=202; "
			  "201000 LAST_ACK > FIN (2) seq=101; "
			  "221000 LAST_ACK->CLOSE < ACK seq=202 ack=102");
	expect_known(ch.close.fin_retransmits, 1);
	expect_known(ch.close.retransmits, 1);
	expect_known(ch.close.fin_rtt_ns, 220 * MS);
}

static void no_data(void **state)
{
	(void)state;
	flow_open(&f, ROLE_CLIENT);
	flow_wait(&f, S);
	flow_fin(&f, 0);
	flow_wait(&f, MS);
	flow_fin_acked(&f);
	flow_peer_fin(&f);
	flow_close_chapter(&f, &ch);
	assert_int_equal(ch.completeness, 23);
	expect_known(ch.close.bytes_sent, 0);
	expect_known(ch.close.bytes_received, 0);
	/* the handshake has the only round trip sample */
	expect_known(ch.close.min_rtt_ns, 19990 * US);
	f.r.c.srtt_us = 0;
	/* the kernel's value before the first sample */
	f.r.c.min_rtt_us = UINT32_MAX;
	flow_close_chapter(&f, &ch);
	expect_unknown(ch.close.srtt_ns);
	expect_unknown(ch.close.min_rtt_ns);
}

/* Both FINs and their ACKs, around the end of the sequence numbers. */
static void numbers_wrap(void **state)
{
	(void)state;
	flow_begin(&f, ROLE_CLIENT);
	flow_numbers(&f, UINT32_MAX - 100, UINT32_MAX - 200);
	flow_syn(&f);
	flow_wait(&f, 20 * MS);
	flow_established(&f, 19990);
	flow_data(&f, 100, 200);
	flow_fin(&f, 0);
	flow_fin_acked(&f);
	flow_peer_fin(&f);
	flow_close_chapter(&f, &ch);
	expect_known(ch.close.local_fin_seq, 0);
	expect_known(ch.close.remote_fin_seq, 0);
	expect_known(ch.steps[1].ack, 1);
	expect_steps(&ch, "0 ESTABLISHED->FIN_WAIT1 > FIN seq=101 ack=201; "
			  "0 FIN_WAIT1->FIN_WAIT2 < ACK ack=102; "
			  "0 FIN_WAIT2->TIME_WAIT < FIN seq=201 ack=102; "
			  "~0 TIME_WAIT > ACK seq=102 ack=202");
	f.r.c.local_fin_seq = UINT32_MAX;
	f.r.c.remote_fin_seq = UINT32_MAX;
	flow_close_chapter(&f, &ch);
	expect_known(ch.steps[1].ack, 0);
	expect_known(ch.steps[3].seq, 0);
	expect_known(ch.steps[3].ack, 0);
}

/* accept() returns after the handshake was posted. */
static void accept_late(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_SERVER);
	f.r.h.accept_ns = BEGIN_NS + 20 * MS + 3 * S;
	f.now_ns = BEGIN_NS + 5 * S;
	flow_peer_fin(&f);
	flow_fin(&f, CLOSE_ACK_PENDING);
	flow_last_ack(&f);
	flow_close_chapter(&f, &ch);
	expect_unknown(ch.close.accept_ns);
	f.r.h.accept_fate = ACCEPT_LATE;
	flow_close_chapter(&f, &ch);
	expect_known(ch.close.accept_ns, 3 * S);
	expect_known(ch.owner.pid, 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fin_behind_data),
		cmocka_unit_test(simultaneous_behind_data),
		cmocka_unit_test(fin_again),
		cmocka_unit_test(no_data),
		cmocka_unit_test(numbers_wrap),
		cmocka_unit_test(accept_late),
		cmocka_unit_test(remote_fin_before_ours),
		cmocka_unit_test(only_a_remote_fin),
		cmocka_unit_test(lost_after_remote_fin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

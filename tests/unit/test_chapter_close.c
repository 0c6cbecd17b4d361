// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The verdict on closes that end with a FIN from each side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "chapter/names.h"

static struct flow f;
static struct chapter ch;

static void local_first(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_fin(&f, 0);
	flow_wait(&f, 36 * MS);
	flow_fin_acked(&f);
	flow_wait(&f, 2 * MS);
	flow_peer_fin(&f);
	expect_graceful(&f, &ch, CLOSER_LOCAL);
	expect_steps(&ch, "0 ESTABLISHED->FIN_WAIT1 > FIN seq=101 ack=201; "
			  "36000 FIN_WAIT1->FIN_WAIT2 < ACK ack=102; "
			  "38000 FIN_WAIT2->TIME_WAIT < FIN seq=201 ack=102; "
			  "~38000 TIME_WAIT > ACK seq=102 ack=202");
	expect_known(ch.t_ns, BEGIN_NS + S);
	expect_known(ch.close.close_ns, 38 * MS);
	expect_known(ch.close.fin_rtt_ns, 36 * MS);
	expect_known(ch.close.peer_fin_ns, 2 * MS);
	expect_unknown(ch.close.app_close_ns);
	expect_known(ch.close.fin_queued_ns, 0);
	expect_unknown(ch.close.accept_ns);
	assert_int_equal(ch.close.time_wait, TRISTATE_YES);
	/* from ESTABLISHED, which was 20 ms after the SYN */
	expect_known(ch.close.lifetime_ns, S + 18 * MS);
	expect_known(ch.close.bytes_sent, 100);
	expect_known(ch.close.bytes_received, 200);
	expect_known(ch.close.fin_retransmits, 0);
	expect_known(ch.close.srtt_ns, 19990 * US);
	expect_known(ch.close.min_rtt_ns, 19990 * US);
	expect_known(ch.close.local_fin_seq, 1101);
	expect_known(ch.close.remote_fin_seq, 5201);
	expect_known(ch.close.closer.pid, 4711);
	assert_string_equal(ch.close.closer.comm, "curl");
}

static void remote_first(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_SERVER);
	flow_peer_fin(&f);
	flow_wait(&f, 10 * US);
	flow_ack_sent(&f);
	flow_wait(&f, 1990 * US);
	flow_fin(&f, 0);
	owner_set(&f.r.c.closer, 99, "child");
	flow_wait(&f, 36 * MS);
	flow_last_ack(&f);
	expect_graceful(&f, &ch, CLOSER_REMOTE);
	expect_steps(&ch, "0 ESTABLISHED->CLOSE_WAIT < FIN seq=201 ack=101; "
			  "~10 CLOSE_WAIT > ACK ack=202; "
			  "2000 CLOSE_WAIT->LAST_ACK > FIN seq=101 ack=202; "
			  "38000 LAST_ACK->CLOSE < ACK seq=202 ack=102");
	expect_known(ch.close.close_ns, 38 * MS);
	expect_known(ch.close.fin_rtt_ns, 36 * MS);
	expect_known(ch.close.app_close_ns, 2 * MS);
	expect_unknown(ch.close.peer_fin_ns);
	assert_int_equal(ch.close.time_wait, TRISTATE_NO);
	expect_known(ch.close.closer.pid, 99);
	expect_known(ch.owner.pid, 80);
}

/* Other segments left in between: the ACK of the FIN was sent, but its time is not known. */
static void remote_first_ack_unseen(void **state)
{
	(void)state;
	flow_until_last_ack(&f, 2 * MS, 0);
	flow_wait(&f, 36 * MS);
	flow_last_ack(&f);
	expect_graceful(&f, &ch, CLOSER_REMOTE);
	expect_steps(&ch, "0 ESTABLISHED->CLOSE_WAIT < FIN seq=201 ack=101; "
			  "~? CLOSE_WAIT > ACK ack=202; "
			  "2000 CLOSE_WAIT->LAST_ACK > FIN seq=101 ack=202; "
			  "38000 LAST_ACK->CLOSE < ACK seq=202 ack=102");
}

static void simultaneous(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_fin(&f, 0);
	flow_wait(&f, 10 * MS);
	flow_peer_fin(&f);
	flow_wait(&f, 10 * MS);
	flow_last_ack(&f);
	expect_graceful(&f, &ch, CLOSER_BOTH);
	expect_steps(&ch, "0 ESTABLISHED->FIN_WAIT1 > FIN seq=101 ack=201; "
			  "10000 FIN_WAIT1->CLOSING < FIN seq=201 ack=101; "
			  "~10000 CLOSING > ACK seq=102 ack=202; "
			  "20000 CLOSING->TIME_WAIT < ACK seq=202 ack=102");
	expect_known(ch.close.fin_rtt_ns, 20 * MS);
	expect_unknown(ch.close.peer_fin_ns);
	expect_unknown(ch.close.app_close_ns);
	assert_int_equal(ch.close.time_wait, TRISTATE_YES);
}

/* The end that closes second sends its ACK in its FIN. */
static void three_segments_remote_first(void **state)
{
	(void)state;
	flow_until_last_ack(&f, 5 * US, CLOSE_ACK_PENDING);
	flow_wait(&f, 20 * MS);
	flow_last_ack(&f);
	expect_graceful(&f, &ch, CLOSER_REMOTE);
	expect_steps(&ch, "0 ESTABLISHED->CLOSE_WAIT < FIN seq=201 ack=101; "
			  "5 CLOSE_WAIT->LAST_ACK > FIN,ACK seq=101 ack=202; "
			  "20005 LAST_ACK->CLOSE < ACK seq=202 ack=102");
	expect_known(ch.close.app_close_ns, 5 * US);
}

static void three_segments_local_first(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_fin(&f, 0);
	flow_wait(&f, 20 * MS);
	flow_peer_fin_ack(&f);
	flow_close_chapter(&f, &ch);
	assert_int_equal(ch.close.ending, ENDING_GRACEFUL);
	assert_int_equal(ch.close.first_closer, CLOSER_LOCAL);
	assert_int_equal(ch.completeness, 31);
	assert_int_equal(ch.n_steps, 3);
	assert_int_equal(ch.steps[1].from, BPF_TCP_FIN_WAIT1);
	assert_int_equal(ch.steps[1].to, BPF_TCP_TIME_WAIT);
	assert_int_equal(ch.steps[1].segment.flags, SEGMENT_FIN | SEGMENT_ACK);
	expect_known(ch.steps[1].t_ns, 20 * MS);
	expect_known(ch.steps[1].seq, 5201);
	expect_known(ch.steps[1].ack, 1102);
	expect_known(ch.steps[2].seq, 1102);
	expect_known(ch.steps[2].ack, 5202);
	assert_true(ch.steps[2].derived);
	expect_known(ch.close.fin_rtt_ns, 20 * MS);
	assert_int_equal(ch.close.time_wait, TRISTATE_YES);
}

/*
 * The peer's FIN came with the ACK, so both have one time, however long the kernel took for them.
 */
static void three_segments_times(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_fin(&f, 0);
	flow_wait(&f, 20 * MS);
	flow_peer_fin_ack(&f);
	flow_close_chapter(&f, &ch);
	expect_known(ch.close.peer_fin_ns, 0);
}

/* close() with a slower peer: a minisocket takes over. */
static void minisocket(void **state)
{
	(void)state;
	flow_until_fin_wait2(&f);
	flow_minisocket(&f, 60 * S);
	flow_wait(&f, 5 * S);
	/* reported while open */
	chapter_close(&ch, &f.r, f.now_ns);
	assert_true(ch.open);
	assert_int_equal(ch.state, BPF_TCP_FIN_WAIT2);
	expect_known(ch.state_ns, 5 * S);
	expect_known(ch.close.bytes_sent, 100);
	flow_wait(&f, 7 * S);
	flow_minisocket_fin(&f);
	expect_graceful(&f, &ch, CLOSER_LOCAL);
	expect_steps(&ch, "0 ESTABLISHED->FIN_WAIT1 > FIN seq=101 ack=201; "
			  "20000 FIN_WAIT1->FIN_WAIT2 < ACK ack=102; "
			  "12020000 FIN_WAIT2->TIME_WAIT < FIN seq=201 ack=102; "
			  "~12020000 TIME_WAIT > ACK seq=102 ack=202");
	expect_known(ch.close.peer_fin_ns, 12 * S);
	expect_known(ch.close.close_ns, 12 * S + 20 * MS);
	assert_int_equal(ch.close.time_wait, TRISTATE_YES);
}

/* A FIN behind data; and an established connection that is stuck has no event of a close. */
static void stuck(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	f.r.c.unacked = 3100;
	f.r.c.unacked_ms = 12400;
	f.r.c.unacked_retransmits = 6;
	f.r.c.unacked_flags = UNACKED_KNOWN | UNACKED_TIME | UNACKED_ZERO_WINDOW;
	chapter_close(&ch, &f.r, f.now_ns);
	assert_true(ch.open);
	assert_int_equal(ch.state, BPF_TCP_ESTABLISHED);
	assert_int_equal(ch.close.first_closer, CLOSER_UNKNOWN);
	expect_known(ch.t_ns, f.now_ns);
	expect_known(ch.state_ns, S - 20 * MS);
	expect_known(ch.close.unacked, 3100);
	expect_known(ch.close.unacked_ns, 12400 * MS);
	expect_known(ch.close.unacked_retransmits, 6);
	assert_int_equal(ch.close.zero_window, TRISTATE_YES);
	/* not read, or over by now */
	f.r.c.unacked_flags = 0;
	chapter_close(&ch, &f.r, f.now_ns);
	expect_unknown(ch.close.unacked);
	assert_int_equal(ch.close.zero_window, TRISTATE_UNKNOWN);
	f.r.c.unacked_flags = UNACKED_KNOWN;
	flow_died(&f, 0, 0, 0);
	flow_close_chapter(&f, &ch);
	expect_unknown(ch.close.unacked);
}

static void idle(void **state)
{
	(void)state;
	flow_until_fin_wait2(&f);
	chapter_close(&ch, &f.r, f.now_ns);
	expect_unknown(ch.close.idle_ns);
	f.r.c.flags |= CLOSE_IDLE;
	f.r.c.idle_ms = 1200;
	chapter_close(&ch, &f.r, f.now_ns);
	expect_known(ch.close.idle_ns, 1200 * MS);
}

/* Closed by the end of the process; without a process nothing is known of its end. */
static void closer_exit(void **state)
{
	static const struct {
		uint8_t seen;
		const char *name;
	} exits[] = {
		{ CLOSER_LIVES, NULL }, { CLOSER_EXITED, "exit" }, { 9, "signal 9" }, { 255, NULL }
	};

	(void)state;
	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		const char *name;

		flow_until_fin_wait2(&f);
		f.r.c.closer_exit = exits[i].seen;
		flow_peer_fin(&f);
		flow_close_chapter(&f, &ch);
		name = name_closer_exit(ch.close.closer_exit);
		assert_true(!name == !exits[i].name);
		if (name)
			assert_string_equal(name, exits[i].name);
	}
	memset(&f.r.c.closer, 0, sizeof(f.r.c.closer));
	f.r.c.closer_exit = 9;
	flow_close_chapter(&f, &ch);
	assert_null(name_closer_exit(ch.close.closer_exit));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stuck),
		cmocka_unit_test(idle),
		cmocka_unit_test(closer_exit),
		cmocka_unit_test(local_first),
		cmocka_unit_test(remote_first),
		cmocka_unit_test(remote_first_ack_unseen),
		cmocka_unit_test(simultaneous),
		cmocka_unit_test(three_segments_remote_first),
		cmocka_unit_test(three_segments_local_first),
		cmocka_unit_test(three_segments_times),
		cmocka_unit_test(minisocket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

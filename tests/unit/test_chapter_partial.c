// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Closes that are open, incomplete, or lack a FIN. */
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

/* No hook saw the minisocket: an RST may have left, or the FIN may have come. */
static void minisocket_unseen(void **state)
{
	(void)state;
	flow_until_fin_wait2(&f);
	/* as the BPF programs do without a hook, */
	f.r.c.flags |= CLOSE_MINISOCKET | CLOSE_EVENTS_LOST | CLOSE_OVER;
	diary_change(&f.r, f.now_ns, BPF_TCP_FIN_WAIT2, BPF_TCP_CLOSE, STEP_STATE);
	flow_close_chapter(&f, &ch);
	assert_int_equal(ch.missing, MISSING_EVENTS_LOST);
	assert_int_equal(ch.close.ending, ENDING_UNKNOWN);
	assert_int_equal(ch.completeness & COMPLETE_RST, 0);
	assert_int_equal(ch.steps[ch.n_steps - 1].segment.flags, 0);
	expect_unknown(ch.close.close_ns);
	/* and as the sweep does when it may have missed segments */
	f.r.c.steps[f.r.c.n_steps - 1] |= (uint64_t)STEP_EXPIRED << 60;
	flow_close_chapter(&f, &ch);
	assert_int_equal(ch.close.ending, ENDING_UNKNOWN);
	assert_int_equal(ch.completeness & COMPLETE_RST, 0);
}

/* close() while the peer's window is closed: no FIN is ever on the wire. */
static void fin_never_left(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_fin(&f, CLOSE_FIN_BEHIND_DATA | CLOSE_DATA_OUTSTANDING);
	f.fin_held = true;
	flow_wait(&f, 3 * S);
	chapter_close(&ch, &f.r, f.now_ns);
	/* it is behind data, and is not known to have left */
	assert_int_equal(ch.completeness & COMPLETE_FIN, 0);
	assert_int_equal(ch.steps[0].segment.flags, 0);
	flow_died(&f, ETIMEDOUT, 0, 0);
	expect_ending(&f, &ch, ENDING_TIMED_OUT, CLOSER_NONE, ETIMEDOUT, 15);
	expect_steps(&ch, "0 ESTABLISHED->FIN_WAIT1; 3000000 FIN_WAIT1->CLOSE");
	expect_unknown(ch.close.fin_rtt_ns);
	expect_unknown(ch.close.fin_queued_ns);
	/* without a FIN or an RST a close has no beginning on the wire; the diary agrees */
	assert_int_equal(diary_close_ns(&f.r), 0);
	expect_unknown(ch.close.close_ns);
}

static void leaked_close_wait(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_SERVER);
	flow_peer_fin(&f);
	flow_wait(&f, 90 * S);
	chapter_close(&ch, &f.r, f.now_ns);
	assert_true(ch.open);
	assert_int_equal(ch.state, BPF_TCP_CLOSE_WAIT);
	expect_known(ch.state_ns, 90 * S);
	assert_int_equal(ch.close.ending, ENDING_UNKNOWN);
	assert_int_equal(ch.close.first_closer, CLOSER_REMOTE);
	assert_int_equal(ch.close.time_wait, TRISTATE_UNKNOWN);
	expect_unknown(ch.close.close_ns);
	expect_unknown(ch.close.app_close_ns);
	expect_unknown(ch.close.lifetime_ns);
	expect_unknown(ch.close.closer.pid);
	expect_steps(&ch, "0 ESTABLISHED->CLOSE_WAIT < FIN seq=201 ack=101");
	/* there are no totals yet, but the sequence numbers show data */
	expect_unknown(ch.close.bytes_sent);
	assert_int_equal(ch.completeness, 31);
}

/* The peer is silent: our FIN is out, in the step and in the mask. */
static void open_fin_wait1(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_fin(&f, 0);
	flow_wait(&f, 200 * MS);
	flow_fin_again(&f);
	flow_wait(&f, 300 * MS);
	chapter_close(&ch, &f.r, f.now_ns);
	assert_true(ch.open);
	assert_int_equal(ch.state, BPF_TCP_FIN_WAIT1);
	expect_known(ch.state_ns, 500 * MS);
	assert_int_equal(ch.close.first_closer, CLOSER_LOCAL);
	expect_known(ch.close.fin_retransmits, 1);
	expect_steps(&ch, "0 ESTABLISHED->FIN_WAIT1 > FIN seq=101 ack=201; "
			  "200000 FIN_WAIT1 > FIN (2) seq=101");
	assert_int_equal(ch.completeness & COMPLETE_FIN, COMPLETE_FIN);
}

/* Longer than a step's time has bits for: spans from there on are not known. */
static void sixty_days_of_close_wait(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_SERVER);
	flow_peer_fin(&f);
	flow_wait(&f, 60 * 86400 * S);
	flow_fin(&f, CLOSE_ACK_PENDING);
	flow_wait(&f, MS);
	f.fin_left_ns = f.now_ns;
	flow_wait(&f, MS);
	flow_last_ack(&f);
	flow_close_chapter(&f, &ch);
	assert_int_equal(ch.close.ending, ENDING_GRACEFUL);
	expect_unknown(ch.close.fin_queued_ns);
	expect_unknown(ch.close.app_close_ns);
	expect_unknown(ch.close.fin_rtt_ns);
	expect_unknown(ch.close.close_ns);
	expect_unknown(ch.close.lifetime_ns);
	expect_known(ch.steps[1].t_ns, 60 * 86400 * S + MS);
	expect_unknown(ch.steps[2].t_ns);
}

static void before_trace(void **state)
{
	(void)state;
	flow_begin(&f, ROLE_UNKNOWN);
	f.r.h.state = BPF_TCP_ESTABLISHED;
	f.r.h.flags = HANDSHAKE_BEFORE_TRACE | HANDSHAKE_ESTABLISHED | HANDSHAKE_POSTED;
	flow_data(&f, 100, 200);
	flow_peer_fin(&f);
	flow_wait(&f, MS);
	flow_fin(&f, CLOSE_ACK_PENDING);
	flow_wait(&f, MS);
	flow_last_ack(&f);
	flow_close_chapter(&f, &ch);
	assert_int_equal(ch.missing, MISSING_BEFORE_TRACE);
	assert_int_equal(ch.role, ROLE_UNKNOWN);
	assert_int_equal(ch.close.ending, ENDING_GRACEFUL);
	assert_int_equal(ch.close.first_closer, CLOSER_REMOTE);
	expect_known(ch.close.close_ns, 2 * MS);
	expect_known(ch.close.bytes_sent, 100);
	expect_unknown(ch.close.lifetime_ns);
	expect_unknown(ch.iss);
	/* the mask has the close, but not the handshake, which was not seen */
	assert_int_equal(ch.completeness & COMPLETE_SYN, 0);
	assert_int_equal(ch.completeness & COMPLETE_FIN, COMPLETE_FIN);
	assert_true(chapter_handshake_posted(&f.r));
}

/* -p: the process that closes it selects it, and what was before is not known. */
static void not_selected(void **state)
{
	(void)state;
	flow_begin(&f, ROLE_UNKNOWN);
	f.r.h.state = BPF_TCP_CLOSE_WAIT;
	f.r.h.flags = HANDSHAKE_NOT_SELECTED | HANDSHAKE_ESTABLISHED | HANDSHAKE_POSTED;
	f.r.c.flags = CLOSE_EVENTS_LOST | CLOSE_REMOTE_FIN | CLOSE_CLOSER_SELECTED;
	flow_fin(&f, CLOSE_ACK_PENDING);
	flow_wait(&f, MS);
	flow_last_ack(&f);
	flow_close_chapter(&f, &ch);
	assert_int_equal(ch.missing, MISSING_NOT_SELECTED);
	assert_int_equal(ch.close.ending, ENDING_GRACEFUL);
	expect_unknown(ch.close.app_close_ns);
	expect_unknown(ch.close.lifetime_ns);
}

static void events_lost(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_CLIENT);
	/* ESTABLISHED -> FIN_WAIT1 was not seen */
	diary_change(&f.r, f.now_ns, BPF_TCP_FIN_WAIT1, BPF_TCP_FIN_WAIT2, STEP_STATE);
	flow_wait(&f, MS);
	flow_peer_fin(&f);
	flow_close_chapter(&f, &ch);
	assert_int_equal(ch.missing, MISSING_EVENTS_LOST);
	/* only the end that closes first is ever in FIN_WAIT2 */
	assert_int_equal(ch.close.first_closer, CLOSER_LOCAL);
	expect_unknown(ch.close.close_ns);
	expect_unknown(ch.close.fin_rtt_ns);
	expect_known(ch.close.lifetime_ns, S - 19 * MS);
	/* without the handshake just the beginning of the lifetime is missing */
	flow_open_with_data(&f, ROLE_CLIENT);
	f.r.h.flags |= HANDSHAKE_EVENTS_LOST;
	flow_died(&f, ECONNRESET, 0, CLOSE_RST_RECEIVED);
	flow_close_chapter(&f, &ch);
	expect_unknown(ch.close.lifetime_ns);
}

static void table_full(void **state)
{
	(void)state;
	flow_open_with_data(&f, ROLE_SERVER);
	f.r.h.flags |= HANDSHAKE_TABLE_FULL;
	flow_died(&f, ECONNRESET, 0, CLOSE_RST_RECEIVED);
	flow_close_chapter(&f, &ch);
	assert_int_equal(ch.missing, MISSING_TABLE_FULL);
}

/* A fast-open server that closed before the last ACK. */
static void from_syn_recv(void **state)
{
	(void)state;
	flow_begin(&f, ROLE_SERVER);
	f.r.h.options = OPTION_KNOWN;
	f.r.h.flags = HANDSHAKE_FASTOPEN;
	f.r.h.state = BPF_TCP_SYN_RECV;
	flow_fin(&f, 0);
	flow_wait(&f, 20 * MS);
	flow_fin_acked(&f);
	flow_wait(&f, MS);
	flow_peer_fin(&f);
	flow_close_chapter(&f, &ch);
	assert_int_equal(ch.missing, MISSING_NOTHING);
	assert_int_equal(ch.close.ending, ENDING_GRACEFUL);
	assert_int_equal(ch.close.first_closer, CLOSER_LOCAL);
	expect_known(ch.close.close_ns, 21 * MS);
	assert_int_equal(ch.steps[0].from, BPF_TCP_SYN_RECV);
	flow_handshake_chapter(&f, &ch);
	assert_int_equal(ch.handshake.outcome, OUTCOME_ESTABLISHED);
	expect_unknown(ch.handshake.handshake_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(minisocket_unseen),
		cmocka_unit_test(fin_never_left),
		cmocka_unit_test(leaked_close_wait),
		cmocka_unit_test(open_fin_wait1),
		cmocka_unit_test(sixty_days_of_close_wait),
		cmocka_unit_test(before_trace),
		cmocka_unit_test(not_selected),
		cmocka_unit_test(events_lost),
		cmocka_unit_test(table_full),
		cmocka_unit_test(from_syn_recv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

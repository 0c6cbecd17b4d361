// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The verdict on handshakes: steps, times and options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"

static struct flow f;
static struct chapter ch;

static void client(void **state)
{
	(void)state;
	flow_open(&f, ROLE_CLIENT);
	expect_outcome(&f, &ch, OUTCOME_ESTABLISHED, 0, 7);
	expect_steps(&ch, "0 CLOSE->SYN_SENT > SYN seq=0; "
			  "20000 SYN_SENT->ESTABLISHED < SYN,ACK seq=0 ack=1; "
			  "~20000 ESTABLISHED > ACK seq=1 ack=1");
	expect_known(ch.t_ns, BEGIN_NS);
	expect_known(ch.handshake.handshake_ns, 20 * MS);
	expect_known(ch.handshake.rtt_ns, 19990 * US);
	expect_known(ch.handshake.syn_retransmits, 0);
	expect_unknown(ch.handshake.synack_retransmits);
	expect_unknown(ch.handshake.accept_ns);
	expect_known(ch.handshake.iss, 1000);
	expect_known(ch.handshake.irs, 5000);
	expect_known(ch.handshake.mss, 1448);
	expect_known(ch.handshake.snd_wscale, 7);
	expect_known(ch.handshake.rcv_wscale, 9);
	assert_int_equal(ch.handshake.sack, TRISTATE_YES);
	assert_int_equal(ch.handshake.timestamps, TRISTATE_YES);
	assert_int_equal(ch.handshake.ecn, TRISTATE_NO);
	assert_int_equal(ch.handshake.mptcp, TRISTATE_NO);
	assert_int_equal(ch.handshake.fastopen, TRISTATE_NO);
	assert_int_equal(ch.handshake.syncookie, TRISTATE_NO);
	assert_int_equal(ch.handshake.simultaneous_open, TRISTATE_NO);
	assert_int_equal(ch.role, ROLE_CLIENT);
	assert_int_equal(ch.family, 4);
	expect_known(ch.local_port, 40000);
	expect_known(ch.cookie, 0x3ea2a9);
	expect_known(ch.owner.pid, 4711);
	expect_known(ch.owner.uid, 1000);
	assert_string_equal(ch.owner.comm, "curl");
}

static void server(void **state)
{
	(void)state;
	flow_open(&f, ROLE_SERVER);
	owner_set(&f.r.h.acceptor, 81, "worker");
	expect_outcome(&f, &ch, OUTCOME_ESTABLISHED, 0, 7);
	/* the SYN's arrival was not seen */
	expect_steps(&ch, "? LISTEN->NEW_SYN_RECV < SYN seq=0; "
			  "~0 NEW_SYN_RECV > SYN,ACK seq=0 ack=1; "
			  "19990 SYN_RECV->ESTABLISHED < ACK seq=1 ack=1");
	/* counted from the SYN,ACK */
	expect_known(ch.t_ns, BEGIN_NS + 10 * US);
	expect_known(ch.handshake.handshake_ns, 19990 * US);
	expect_known(ch.handshake.rtt_ns, 19990 * US);
	expect_unknown(ch.handshake.syn_retransmits);
	expect_known(ch.handshake.synack_retransmits, 0);
	expect_known(ch.handshake.accept_ns, 30 * US);
	/* the child does not show whether there was a cookie */
	assert_int_equal(ch.handshake.syncookie, TRISTATE_UNKNOWN);
	assert_int_equal(ch.role, ROLE_SERVER);
	expect_known(ch.owner.pid, 81);
	assert_string_equal(ch.owner.comm, "worker");
}

/* The socket has counted more SYNs than the hook has seen: an event is missing. */
static void retransmission_unseen(void **state)
{
	(void)state;
	flow_open(&f, ROLE_CLIENT);
	flow_handshake_chapter(&f, &ch);
	assert_int_equal(ch.missing, MISSING_NOTHING);
	f.r.h.retransmits = 1;
	flow_handshake_chapter(&f, &ch);
	assert_int_equal(ch.missing, MISSING_EVENTS_LOST);
	assert_int_equal(ch.handshake.outcome, OUTCOME_ESTABLISHED);
	/* unless it never left this host */
	f.r.h.flags |= HANDSHAKE_MAYBE_UNSENT;
	flow_handshake_chapter(&f, &ch);
	assert_int_equal(ch.missing, MISSING_NOTHING);
}

/* With a hook on SYN cookies: the sample of a cookie is its coarse echo, any other is exact. */
static void syncookie(void **state)
{
	(void)state;
	flow_open(&f, ROLE_SERVER);
	f.r.h.rtt_us = 64000;
	f.r.h.options |= OPTION_TIMESTAMPS;
	f.r.h.flags |= HANDSHAKE_SYNCOOKIE_KNOWN;
	flow_handshake_chapter(&f, &ch);
	assert_int_equal(ch.handshake.syncookie, TRISTATE_NO);
	expect_known(ch.handshake.rtt_ns, 64 * MS);
	f.r.h.flags |= HANDSHAKE_SYNCOOKIE;
	flow_handshake_chapter(&f, &ch);
	assert_int_equal(ch.handshake.syncookie, TRISTATE_YES);
	expect_unknown(ch.handshake.rtt_ns);
	expect_unknown(ch.handshake.handshake_ns);
}

/* Posted before accept(): it has the listener's owner, and no time in the accept queue. */
static void server_not_accepted(void **state)
{
	(void)state;
	flow_open(&f, ROLE_SERVER);
	f.r.h.accept_ns = 0;
	expect_outcome(&f, &ch, OUTCOME_ESTABLISHED, 0, 7);
	expect_unknown(ch.handshake.accept_ns);
	expect_known(ch.owner.pid, 80);
	/* several processes share the port: no owner rather than a wrong one */
	f.r.h.owner = (struct owner){ 0 };
	flow_handshake_chapter(&f, &ch);
	expect_unknown(ch.owner.pid);
	expect_unknown(ch.owner.uid);
	assert_string_equal(ch.owner.comm, "");
	/* accept() takes a fast-open child before it is ESTABLISHED */
	f.r.h.accept_ns = BEGIN_NS;
	flow_handshake_chapter(&f, &ch);
	expect_known(ch.handshake.accept_ns, 0);
}

static void server_without_figure(void **state)
{
	(void)state;
	flow_open(&f, ROLE_SERVER);
	/* looks like the echo of a SYN cookie */
	f.r.h.rtt_us = 64000;
	expect_outcome(&f, &ch, OUTCOME_ESTABLISHED, 0, 7);
	expect_steps(&ch, "? LISTEN->NEW_SYN_RECV < SYN seq=0; "
			  "~? NEW_SYN_RECV > SYN,ACK seq=0 ack=1; "
			  "0 SYN_RECV->ESTABLISHED < ACK seq=1 ack=1");
	expect_unknown(ch.handshake.handshake_ns);
	expect_unknown(ch.handshake.rtt_ns);
	expect_known(ch.t_ns, BEGIN_NS + 20 * MS);
}

static void server_synack_again(void **state)
{
	(void)state;
	flow_begin(&f, ROLE_SERVER);
	f.r.h.sent_ns = f.now_ns;
	flow_wait(&f, S);
	diary_handshake_step(&f.r, f.now_ns, BPF_TCP_NEW_SYN_RECV, BPF_TCP_NEW_SYN_RECV,
			     STEP_RETRANSMIT);
	f.r.h.retransmits = 1;
	flow_wait(&f, 20 * MS);
	flow_established(&f, 20000);
	expect_outcome(&f, &ch, OUTCOME_ESTABLISHED, 0, 7);
	expect_steps(&ch, "? LISTEN->NEW_SYN_RECV < SYN seq=0; "
			  "~0 NEW_SYN_RECV > SYN,ACK seq=0 ack=1; "
			  "1000000 NEW_SYN_RECV > SYN,ACK (2) seq=0 ack=1; "
			  "1020000 SYN_RECV->ESTABLISHED < ACK seq=1 ack=1");
	expect_known(ch.handshake.handshake_ns, 1020 * MS);
	expect_unknown(ch.handshake.rtt_ns);
	expect_known(ch.handshake.synack_retransmits, 1);
}

/* TCP_DEFER_ACCEPT: the ACK came, and the connection was made a second later, by data after one more SYN,ACK. */
static void server_ack_dropped(void **state)
{
	(void)state;
	flow_begin(&f, ROLE_SERVER);
	f.r.h.sent_ns = f.now_ns;
	flow_wait(&f, S);
	diary_handshake_step(&f.r, f.now_ns, BPF_TCP_NEW_SYN_RECV, BPF_TCP_NEW_SYN_RECV,
			     STEP_RETRANSMIT);
	f.r.h.retransmits = 1;
	flow_wait(&f, 20 * MS);
	flow_established(&f, 20000);
	f.r.h.flags |= HANDSHAKE_ACK_DROPPED;
	f.r.h.rtt_us = 40000;
	expect_outcome(&f, &ch, OUTCOME_ESTABLISHED, 0, 7);
	expect_steps(&ch, "? LISTEN->NEW_SYN_RECV < SYN seq=0; "
			  "~0 NEW_SYN_RECV > SYN,ACK seq=0 ack=1; "
			  "40000 NEW_SYN_RECV < ACK seq=1 ack=1; "
			  "1000000 NEW_SYN_RECV > SYN,ACK (2) seq=0 ack=1; "
			  "1020000 SYN_RECV->ESTABLISHED");
	expect_known(ch.handshake.handshake_ns, 40 * MS);
	expect_unknown(ch.handshake.rtt_ns);
}

static void still_open(void **state)
{
	(void)state;
	flow_begin(&f, ROLE_CLIENT);
	f.r.h.local_port = 0;
	flow_syn(&f);
	flow_wait(&f, S);
	flow_syn_again(&f);
	flow_wait(&f, S / 2);
	chapter_handshake(&ch, &f.r.h, f.now_ns);
	assert_true(ch.open);
	assert_int_equal(ch.state, BPF_TCP_SYN_SENT);
	expect_known(ch.state_ns, S + S / 2);
	assert_int_equal(ch.handshake.outcome, OUTCOME_UNKNOWN);
	assert_int_equal(ch.err, 0);
	expect_unknown(ch.handshake.handshake_ns);
	expect_known(ch.handshake.syn_retransmits, 1);
	assert_int_equal(ch.completeness, 1);
	/* its sequence numbers are read from the socket when it is ESTABLISHED or dead */
	assert_int_equal(ch.n_steps, 2);
	expect_unknown(ch.steps[0].seq);
	assert_int_equal(ch.steps[1].segment.number, 2);
	expect_unknown(ch.handshake.iss);
}

static void simultaneous_open(void **state)
{
	(void)state;
	flow_begin(&f, ROLE_CLIENT);
	flow_syn(&f);
	flow_wait(&f, 10 * MS);
	diary_change(&f.r, f.now_ns, BPF_TCP_SYN_SENT, BPF_TCP_SYN_RECV, STEP_STATE);
	flow_wait(&f, 5 * MS);
	flow_established(&f, 15000);
	expect_outcome(&f, &ch, OUTCOME_ESTABLISHED, 0, 7);
	expect_steps(&ch, "0 CLOSE->SYN_SENT > SYN seq=0; "
			  "10000 SYN_SENT->SYN_RECV < SYN seq=0; "
			  "~10000 SYN_RECV > SYN,ACK seq=0 ack=1; "
			  "15000 SYN_RECV->ESTABLISHED < SYN,ACK seq=0 ack=1");
	assert_int_equal(ch.handshake.simultaneous_open, TRISTATE_YES);
	expect_known(ch.handshake.handshake_ns, 15 * MS);
}

static void late_syn(void **state)
{
	(void)state;
	flow_open(&f, ROLE_CLIENT);
	f.r.h.flags |= HANDSHAKE_SYN_AT_WRITE | HANDSHAKE_FASTOPEN;
	f.r.h.sent_ns = BEGIN_NS + 5 * MS;
	f.r.h.early_sent = 20;
	flow_handshake_chapter(&f, &ch);
	expect_known(ch.t_ns, BEGIN_NS + 5 * MS);
	expect_known(ch.handshake.handshake_ns, 15 * MS);
	/* with data in the SYN the next sequence number is beyond iss + 1 */
	expect_steps(&ch, "0 CLOSE->SYN_SENT > SYN seq=0; "
			  "15000 SYN_SENT->ESTABLISHED < SYN,ACK seq=0 ack=21; "
			  "~15000 ESTABLISHED > ACK seq=21 ack=1");
	assert_int_equal(ch.handshake.fastopen, TRISTATE_YES);
	assert_int_equal(ch.completeness, 15);
}

/* A fast-open server answers 20 bytes in the SYN with 30, which the last ACK covers. */
static void early_answer(void **state)
{
	(void)state;
	flow_open(&f, ROLE_SERVER);
	f.r.h.flags |= HANDSHAKE_FASTOPEN;
	f.r.h.early_received = 20;
	f.r.h.early_sent = 30;
	flow_handshake_chapter(&f, &ch);
	assert_int_equal(ch.steps[1].ack.value - ch.irs.value, 21);
	assert_int_equal(ch.steps[2].seq.value - ch.irs.value, 21);
	assert_int_equal(ch.steps[2].ack.value - ch.iss.value, 31);
	assert_int_equal(ch.completeness, 15);
}

/* The client's first ACK and data are lost, and a later ACK arrives. */
static void ack_ahead(void **state)
{
	(void)state;
	flow_open(&f, ROLE_SERVER);
	f.r.h.flags |= HANDSHAKE_ACK_AHEAD;
	flow_handshake_chapter(&f, &ch);
	assert_false(ch.steps[2].seq.known);
	assert_int_equal(ch.steps[2].ack.value - ch.iss.value, 1);
}

static void expect_missing(uint32_t flag, enum missing missing)
{
	flow_open(&f, ROLE_CLIENT);
	f.r.h.flags |= flag;
	flow_handshake_chapter(&f, &ch);
	assert_int_equal(ch.missing, missing);
}

static void incomplete(void **state)
{
	(void)state;
	expect_missing(HANDSHAKE_BEFORE_TRACE, MISSING_BEFORE_TRACE);
	expect_unknown(ch.handshake.handshake_ns);
	expect_unknown(ch.handshake.syn_retransmits);
	expect_missing(HANDSHAKE_EVENTS_LOST, MISSING_EVENTS_LOST);
	expect_unknown(ch.handshake.handshake_ns);
	expect_missing(HANDSHAKE_TABLE_FULL, MISSING_TABLE_FULL);
	/* more steps than a record holds: the time of the end is not known */
	flow_open(&f, ROLE_CLIENT);
	f.r.h.n_steps = 255;
	flow_handshake_chapter(&f, &ch);
	expect_unknown(ch.handshake.handshake_ns);
}

static void numbers_wrap(void **state)
{
	(void)state;
	flow_open(&f, ROLE_CLIENT);
	f.r.h.iss = UINT32_MAX;
	f.r.h.irs = UINT32_MAX;
	flow_handshake_chapter(&f, &ch);
	expect_known(ch.steps[0].seq, UINT32_MAX);
	expect_known(ch.steps[1].ack, 0);
	expect_known(ch.steps[2].seq, 0);
	expect_known(ch.steps[2].ack, 0);
	expect_known(ch.handshake.iss, UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client),
		cmocka_unit_test(server),
		cmocka_unit_test(server_not_accepted),
		cmocka_unit_test(server_without_figure),
		cmocka_unit_test(server_synack_again),
		cmocka_unit_test(server_ack_dropped),
		cmocka_unit_test(still_open),
		cmocka_unit_test(simultaneous_open),
		cmocka_unit_test(late_syn),
		cmocka_unit_test(early_answer),
		cmocka_unit_test(syncookie),
		cmocka_unit_test(retransmission_unseen),
		cmocka_unit_test(ack_ahead),
		cmocka_unit_test(incomplete),
		cmocka_unit_test(numbers_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The verdict on handshakes that did not end in ESTABLISHED. */
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

static void failing(uint64_t after_ns, int err, int err_soft, uint32_t more)
{
	flow_begin(&f, ROLE_CLIENT);
	flow_syn(&f);
	flow_wait(&f, after_ns);
	flow_died(&f, err, err_soft, more);
}

static void refused(void **state)
{
	(void)state;
	failing(41 * US, ECONNREFUSED, 0, CLOSE_RST_RECEIVED);
	expect_outcome(&f, &ch, OUTCOME_REFUSED, ECONNREFUSED, 37);
	expect_steps(&ch, "0 CLOSE->SYN_SENT > SYN seq=0; 41 SYN_SENT->CLOSE < RST,ACK ack=1");
	expect_known(ch.handshake.handshake_ns, 41 * US);
	expect_unknown(ch.handshake.rtt_ns);
	expect_known(ch.handshake.iss, 1000);
	expect_unknown(ch.handshake.irs);
	expect_unknown(ch.handshake.mss);
	assert_int_equal(ch.handshake.sack, TRISTATE_UNKNOWN);
	assert_int_equal(ch.handshake.fastopen, TRISTATE_UNKNOWN);
	f.r.h.iss = UINT32_MAX;
	flow_handshake_chapter(&f, &ch);
	expect_known(ch.steps[1].ack, 0);
}

static void reset(void **state)
{
	(void)state;
	flow_begin(&f, ROLE_CLIENT);
	flow_syn(&f);
	flow_wait(&f, 10 * US);
	diary_change(&f.r, f.now_ns, BPF_TCP_SYN_SENT, BPF_TCP_SYN_RECV, STEP_STATE);
	flow_wait(&f, 10 * US);
	flow_died(&f, ECONNRESET, 0, CLOSE_RST_RECEIVED);
	flow_handshake_chapter(&f, &ch);
	assert_int_equal(ch.handshake.outcome, OUTCOME_RESET);
	assert_int_equal(ch.err, ECONNRESET);
	assert_int_equal(ch.completeness & COMPLETE_RST, COMPLETE_RST);
	expect_known(ch.handshake.handshake_ns, 20 * US);
	assert_int_equal(ch.steps[ch.n_steps - 1].segment.flags & SEGMENT_RST, SEGMENT_RST);
	assert_false(ch.steps[ch.n_steps - 1].segment.sent);
}

static void timed_out(void **state)
{
	(void)state;
	flow_begin(&f, ROLE_CLIENT);
	flow_syn(&f);
	flow_wait(&f, S);
	flow_syn_again(&f);
	flow_wait(&f, 2 * S);
	flow_syn_again(&f);
	flow_wait(&f, 4 * S);
	flow_died(&f, ETIMEDOUT, 0, 0);
	expect_outcome(&f, &ch, OUTCOME_TIMED_OUT, ETIMEDOUT, 1);
	expect_steps(&ch, "0 CLOSE->SYN_SENT > SYN seq=0; "
			  "1000000 SYN_SENT > SYN (2) seq=0; "
			  "3000000 SYN_SENT > SYN (3) seq=0; "
			  "7000000 SYN_SENT->CLOSE");
	expect_known(ch.handshake.handshake_ns, 7 * S);
	expect_known(ch.handshake.syn_retransmits, 2);
}

static void unreachable(void **state)
{
	(void)state;
	failing(3 * S, EHOSTUNREACH, EHOSTUNREACH, 0);
	expect_outcome(&f, &ch, OUTCOME_UNREACHABLE, EHOSTUNREACH, 1);
	expect_steps(&ch, "0 CLOSE->SYN_SENT > SYN seq=0; 3000000 SYN_SENT->CLOSE");
	failing(MS, ENETUNREACH, ENETUNREACH, 0);
	expect_outcome(&f, &ch, OUTCOME_UNREACHABLE, ENETUNREACH, 1);
	/* an ICMP port unreachable from a firewall is not an RST */
	failing(MS, ECONNREFUSED, ECONNREFUSED, 0);
	expect_outcome(&f, &ch, OUTCOME_UNREACHABLE, ECONNREFUSED, 1);
	expect_steps(&ch, "0 CLOSE->SYN_SENT > SYN seq=0; 1000 SYN_SENT->CLOSE");
}

static void abandoned(void **state)
{
	(void)state;
	failing(250 * MS, 0, 0, 0);
	expect_outcome(&f, &ch, OUTCOME_ABANDONED, 0, 1);
	expect_steps(&ch, "0 CLOSE->SYN_SENT > SYN seq=0; 250000 SYN_SENT->CLOSE");
	expect_known(ch.handshake.handshake_ns, 250 * MS);
}

/* The listener is closed while a child lacks nothing but the last ACK. */
static void abandoned_by_server(void **state)
{
	(void)state;
	flow_begin(&f, ROLE_SERVER);
	f.r.h.options = OPTION_KNOWN;
	f.r.h.state = BPF_TCP_SYN_RECV;
	flow_died(&f, 0, 0, 0);
	expect_outcome(&f, &ch, OUTCOME_ABANDONED, 0, 1 + 2 + 4 + 32);
	expect_steps(&ch, "? LISTEN->NEW_SYN_RECV < SYN seq=0; "
			  "~? NEW_SYN_RECV > SYN,ACK seq=0 ack=1; "
			  "0 SYN_RECV->CLOSE > RST,ACK seq=1 ack=1");
	/* once accepted it may have sent data */
	f.r.h.accept_ns = f.now_ns;
	expect_outcome(&f, &ch, OUTCOME_ABANDONED, 0, 1 + 2 + 4 + 32);
	expect_unknown(ch.steps[2].seq);
}

/* Nothing was sent, so no step has a segment. */
static void no_port(void **state)
{
	(void)state;
	failing(3 * US, 0, 0, 0);
	f.r.h.flags |= HANDSHAKE_NO_PORT;
	f.r.h.local_port = 0;
	expect_outcome(&f, &ch, OUTCOME_NO_PORT, EADDRNOTAVAIL, 0);
	expect_unknown(ch.local_port);
	expect_unknown(ch.handshake.handshake_ns);
	expect_steps(&ch, "0 CLOSE->SYN_SENT; 3 SYN_SENT->CLOSE");
}

/* connect() fails before a SYN: there is no step at all. */
static void no_syn(void **state)
{
	static const struct {
		int err;
		enum outcome outcome;
	} cases[] = {
		{ ENETUNREACH, OUTCOME_NO_ROUTE }, { EHOSTUNREACH, OUTCOME_NO_ROUTE },
		{ EACCES, OUTCOME_FAILED },	   { EADDRNOTAVAIL, OUTCOME_FAILED },
		{ ECONNREFUSED, OUTCOME_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		flow_begin(&f, ROLE_CLIENT);
		f.r.h.flags |= HANDSHAKE_NO_SYN;
		f.r.h.t0_ns = f.now_ns;
		f.r.h.state = BPF_TCP_CLOSE;
		f.r.h.err = (int16_t)cases[i].err;
		expect_outcome(&f, &ch, cases[i].outcome, cases[i].err, 0);
		expect_known(ch.t_ns, BEGIN_NS);
		expect_unknown(ch.handshake.handshake_ns);
		assert_int_equal(chapter_step_count(&ch), 0);
	}
}

/* TCP_FASTOPEN_CONNECT: connect() returns, and the application closes without writing. */
static void syn_never_sent(void **state)
{
	(void)state;
	flow_begin(&f, ROLE_CLIENT);
	f.r.h.flags |= HANDSHAKE_SYN_AT_WRITE;
	flow_syn(&f);
	flow_wait(&f, MS);
	flow_died(&f, 0, 0, 0);
	flow_handshake_chapter(&f, &ch);
	assert_int_equal(ch.handshake.outcome, OUTCOME_ABANDONED);
	expect_unknown(ch.handshake.handshake_ns);
	/* whether the SYN left, and when, is not known */
	assert_false(ch.steps[0].segment.flags && ch.steps[0].t_ns.known);
}

static void failed(void **state)
{
	(void)state;
	failing(MS, EPERM, 0, 0);
	expect_outcome(&f, &ch, OUTCOME_FAILED, EPERM, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),
		cmocka_unit_test(reset),
		cmocka_unit_test(timed_out),
		cmocka_unit_test(unreachable),
		cmocka_unit_test(abandoned_by_server),
		cmocka_unit_test(abandoned),
		cmocka_unit_test(no_port),
		cmocka_unit_test(no_syn),
		cmocka_unit_test(syn_never_sent),
		cmocka_unit_test(failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

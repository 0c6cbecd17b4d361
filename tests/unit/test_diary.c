// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What one event writes into a record, and the times of a handshake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/diary_read.h"

#define US 1000ULL
#define MS 1000000ULL
#define T0 5000000000ULL

static struct record r;

static int fresh(void **state)
{
	(void)state;
	memset(&r, 0, sizeof(r));
	return 0;
}

static void expect_step(uint64_t step, uint64_t t_ns, uint8_t from, uint8_t to, enum step_kind kind)
{
	assert_int_equal(step_t_ns(step), t_ns);
	assert_int_equal(step_from(step), from);
	assert_int_equal(step_to(step), to);
	assert_int_equal(step_kind(step), kind);
}

static void packing(void **state)
{
	const uint64_t max = (1ULL << 52) - 1;

	(void)state;
	expect_step(step_pack(0, 1, 4, STEP_STATE), 0, 1, 4, STEP_STATE);
	expect_step(step_pack(12345, 12, 7, STEP_EXPIRED), 12345, 12, 7, STEP_EXPIRED);
	expect_step(step_pack(max, 15, 15, 15), max, 15, 15, 15);
	/* a time stops at 52 days and leaves the other fields alone */
	expect_step(step_pack(max + 1, 1, 4, STEP_STATE), max, 1, 4, STEP_STATE);
	expect_step(step_pack(UINT64_MAX, 0, 0, STEP_STATE), max, 0, 0, STEP_STATE);
	assert_true(max / 1000000000 / 86400 == 52);
}

static void first_step_sets_t0(void **state)
{
	(void)state;
	diary_change(&r, T0, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT, STEP_STATE);
	diary_change(&r, T0 + 7 * MS, BPF_TCP_SYN_SENT, BPF_TCP_ESTABLISHED, STEP_STATE);
	assert_int_equal(r.h.t0_ns, T0);
	assert_int_equal(r.h.n_steps, 2);
	assert_int_equal(r.h.state, BPF_TCP_ESTABLISHED);
	expect_step(r.h.steps[0], 0, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT, STEP_STATE);
	expect_step(r.h.steps[1], 7 * MS, BPF_TCP_SYN_SENT, BPF_TCP_ESTABLISHED, STEP_STATE);
	assert_true(diary_established(&r));
	assert_int_equal(r.c.n_steps, 0);

	diary_change(&r, T0 + 90 * MS, BPF_TCP_ESTABLISHED, BPF_TCP_FIN_WAIT1, STEP_STATE);
	diary_change(&r, T0 + 95 * MS, BPF_TCP_FIN_WAIT1, BPF_TCP_FIN_WAIT2, STEP_STATE);
	assert_int_equal(r.h.n_steps, 2);
	assert_int_equal(r.c.t0_ns, T0 + 90 * MS);
	expect_step(r.c.steps[1], 5 * MS, BPF_TCP_FIN_WAIT1, BPF_TCP_FIN_WAIT2, STEP_STATE);
	assert_int_equal(r.h.flags, HANDSHAKE_ESTABLISHED);
	assert_int_equal(r.c.flags, 0);
	assert_int_equal(diary_handshake_end_ns(&r.h), T0 + 7 * MS);
	assert_int_equal(diary_close_end_ns(&r), T0 + 95 * MS);
}

/* Steps without room are counted but not kept, and overwrite nothing. */
static void overflow(void **state)
{
	struct record before;

	(void)state;
	r.h.flags = HANDSHAKE_FASTOPEN;
	r.c.t0_ns = 0x5555555555555555;
	r.c.fins_unsent = 0x5a;
	for (int i = 0; i < HANDSHAKE_STEPS; i++)
		diary_handshake_step(&r, T0 + i, 2, 2, STEP_RETRANSMIT);
	before = r;
	for (int i = 0; i < 500; i++)
		diary_handshake_step(&r, T0 + MS, 15, 15, STEP_EXPIRED);
	assert_int_equal(r.h.n_steps, 255);
	before.h.n_steps = 255;
	assert_memory_equal(&r, &before, sizeof(r));
	/* the last step was not kept, so its time is not known */
	assert_int_equal(diary_handshake_end_ns(&r.h), 0);
	assert_int_equal(diary_handshake_ns(&r.h), 0);

	r.c.n_steps = 0;
	for (int i = 0; i < CLOSE_STEPS; i++)
		diary_close_step(&r, T0 + i, 4, 4, STEP_RETRANSMIT);
	before = r;
	for (int i = 0; i < 500; i++)
		diary_close_step(&r, T0 + MS, 15, 15, STEP_EXPIRED);
	assert_int_equal(r.c.n_steps, 255);
	before.c.n_steps = 255;
	assert_memory_equal(&r, &before, sizeof(r));
	assert_int_equal(diary_close_end_ns(&r), 0);
	assert_int_equal(diary_close_ns(&r), 0);
}

static void lost_in_handshake(void **state)
{
	(void)state;
	diary_change(&r, T0, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT, STEP_STATE);
	/* SYN_SENT -> SYN_RECV was not seen */
	diary_change(&r, T0 + MS, BPF_TCP_SYN_RECV, BPF_TCP_ESTABLISHED, STEP_STATE);
	assert_int_equal(r.h.flags, HANDSHAKE_EVENTS_LOST | HANDSHAKE_ESTABLISHED);
	assert_int_equal(r.c.flags, 0);
	assert_int_equal(diary_handshake_ns(&r.h), 0);
}

/* When the close begins before the handshake has ended, the handshake is incomplete. */
static void lost_end_of_handshake(void **state)
{
	(void)state;
	r.h.role = ROLE_CLIENT;
	diary_change(&r, T0, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT, STEP_STATE);
	diary_change(&r, T0 + MS, BPF_TCP_ESTABLISHED, BPF_TCP_CLOSE_WAIT, STEP_STATE);
	assert_int_equal(r.h.flags, HANDSHAKE_EVENTS_LOST | HANDSHAKE_ESTABLISHED);
	assert_int_equal(r.c.flags, 0);
	assert_int_equal(r.h.n_steps, 1);
	assert_int_equal(r.c.n_steps, 1);
	assert_int_equal(diary_handshake_ns(&r.h), 0);
}

static void lost_in_close(void **state)
{
	(void)state;
	diary_change(&r, T0, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT, STEP_STATE);
	diary_change(&r, T0 + MS, BPF_TCP_SYN_SENT, BPF_TCP_ESTABLISHED, STEP_STATE);
	diary_change(&r, T0 + 2 * MS, BPF_TCP_FIN_WAIT1, BPF_TCP_FIN_WAIT2, STEP_STATE);
	assert_int_equal(r.h.flags, HANDSHAKE_ESTABLISHED);
	assert_int_equal(r.c.flags, CLOSE_EVENTS_LOST);
	diary_change(&r, T0 + 3 * MS, BPF_TCP_FIN_WAIT2, BPF_TCP_TIME_WAIT, STEP_STATE);
	assert_int_equal(diary_close_ns(&r), 0);
}

static void retransmits(void **state)
{
	uint64_t t = T0;

	(void)state;
	diary_change(&r, t, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT, STEP_STATE);
	for (int i = 0; i < 40; i++)
		diary_retransmit(&r, t += MS, BPF_TCP_SYN_SENT);
	assert_int_equal(r.h.n_steps, HANDSHAKE_STEPS - HANDSHAKE_RESERVED);
	expect_step(r.h.steps[1], MS, BPF_TCP_SYN_SENT, BPF_TCP_SYN_SENT, STEP_RETRANSMIT);
	diary_change(&r, t += MS, BPF_TCP_SYN_SENT, BPF_TCP_ESTABLISHED, STEP_STATE);
	assert_int_equal(diary_handshake_end_ns(&r.h), t);
	/* retransmissions of data make no step */
	assert_int_equal(r.c.n_steps, 0);

	diary_change(&r, t += MS, BPF_TCP_ESTABLISHED, BPF_TCP_FIN_WAIT1, STEP_STATE);
	for (int i = 0; i < 40; i++)
		diary_retransmit(&r, t += MS, BPF_TCP_FIN_WAIT1);
	assert_int_equal(r.c.fin_retransmits, 40);
	assert_int_equal(r.c.n_steps, CLOSE_STEPS - CLOSE_RESERVED);
	diary_change(&r, t += MS, BPF_TCP_FIN_WAIT1, BPF_TCP_CLOSING, STEP_STATE);
	diary_change(&r, t += MS, BPF_TCP_CLOSING, BPF_TCP_TIME_WAIT, STEP_STATE);
	assert_int_equal(diary_close_end_ns(&r), t);
	assert_int_equal(r.h.flags, HANDSHAKE_ESTABLISHED);
	assert_int_equal(r.c.flags, 0);

	r.c.fin_retransmits = 0xffff;
	diary_retransmit(&r, t, BPF_TCP_CLOSING);
	assert_int_equal(r.c.fin_retransmits, 0xffff);
}

/* After the most retransmissions that are kept, the longest paths through the states still fit. */
static void reserve_is_enough(void **state)
{
	(void)state;
	diary_change(&r, T0, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT, STEP_STATE);
	diary_change(&r, T0, BPF_TCP_SYN_SENT, BPF_TCP_ESTABLISHED, STEP_STATE);
	diary_change(&r, T0, BPF_TCP_ESTABLISHED, BPF_TCP_CLOSE_WAIT, STEP_STATE);
	diary_close_step(&r, T0, BPF_TCP_CLOSE_WAIT, BPF_TCP_CLOSE_WAIT, STEP_ACK_SENT);
	diary_change(&r, T0, BPF_TCP_CLOSE_WAIT, BPF_TCP_LAST_ACK, STEP_STATE);
	for (int i = 0; i < 40; i++)
		diary_retransmit(&r, T0, BPF_TCP_LAST_ACK);
	diary_change(&r, T0 + MS, BPF_TCP_LAST_ACK, BPF_TCP_CLOSE, STEP_STATE);
	assert_true(r.c.n_steps <= CLOSE_STEPS);
	assert_int_equal(diary_close_end_ns(&r), T0 + MS);
}

/*
 * A fast-open server may close before the last ACK: one state change ends one chapter and begins
 * the other.
 */
static void fastopen_server_closes_early(void **state)
{
	(void)state;
	r.h.role = ROLE_SERVER;
	diary_change(&r, T0, BPF_TCP_SYN_RECV, BPF_TCP_FIN_WAIT1, STEP_STATE);
	assert_true(diary_established(&r));
	assert_int_equal(r.h.n_steps, 1);
	assert_int_equal(r.c.n_steps, 1);
	expect_step(r.c.steps[0], 0, BPF_TCP_SYN_RECV, BPF_TCP_FIN_WAIT1, STEP_STATE);
	diary_change(&r, T0 + MS, BPF_TCP_FIN_WAIT1, BPF_TCP_FIN_WAIT2, STEP_STATE);
	assert_int_equal(r.h.flags, HANDSHAKE_ESTABLISHED);
	assert_int_equal(r.c.flags, 0);
	assert_int_equal(r.h.n_steps, 1);
	assert_int_equal(r.c.n_steps, 2);
}

static void client_opens(uint64_t ns)
{
	memset(&r, 0, sizeof(r));
	r.h.role = ROLE_CLIENT;
	diary_change(&r, T0, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT, STEP_STATE);
	diary_change(&r, T0 + ns, BPF_TCP_SYN_SENT, BPF_TCP_ESTABLISHED, STEP_STATE);
}

static void client_handshake_ns(void **state)
{
	(void)state;
	client_opens(40 * MS);
	assert_int_equal(diary_handshake_ns(&r.h), 40 * MS);
	/* neither retransmissions nor a rounded round trip matter: a client sees both segments */
	r.h.retransmits = 1;
	r.h.rtt_us = 42000;
	assert_int_equal(diary_handshake_ns(&r.h), 40 * MS);
	/* the SYN left later than connect() was called */
	r.h.sent_ns = T0 + 30 * MS;
	assert_int_equal(diary_handshake_ns(&r.h), 10 * MS);
	/* a time that cannot be the SYN's is ignored */
	r.h.sent_ns = T0 - 1;
	assert_int_equal(diary_handshake_ns(&r.h), 40 * MS);
	r.h.sent_ns = T0 + 41 * MS;
	assert_int_equal(diary_handshake_ns(&r.h), 40 * MS);

	/*
	 * TCP_FASTOPEN_CONNECT: the SYN leaves with the first write; only the kernel has its time
	 */
	client_opens(91 * MS);
	r.h.flags |= HANDSHAKE_SYN_AT_WRITE;
	assert_int_equal(diary_handshake_ns(&r.h), 0);
	r.h.sent_ns = T0 + 51 * MS;
	assert_int_equal(diary_handshake_ns(&r.h), 40 * MS);

	client_opens(MS);
	r.h.flags |= HANDSHAKE_BEFORE_TRACE;
	assert_int_equal(diary_handshake_ns(&r.h), 0);
	client_opens(MS);
	r.h.flags |= HANDSHAKE_EVENTS_LOST;
	assert_int_equal(diary_handshake_ns(&r.h), 0);
	client_opens(MS);
	r.h.role = ROLE_UNKNOWN;
	assert_int_equal(diary_handshake_ns(&r.h), 0);
}

static void client_fails(void **state)
{
	(void)state;
	r.h.role = ROLE_CLIENT;
	diary_change(&r, T0, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT, STEP_STATE);
	assert_int_equal(diary_handshake_ns(&r.h), 0);
	diary_retransmit(&r, T0 + 1000 * MS, BPF_TCP_SYN_SENT);
	diary_change(&r, T0 + 3000 * MS, BPF_TCP_SYN_SENT, BPF_TCP_CLOSE, STEP_STATE);
	assert_int_equal(diary_handshake_ns(&r.h), 3000 * MS);
	assert_false(diary_established(&r));
}

static void server_opens(uint32_t rtt_us, uint8_t options)
{
	memset(&r, 0, sizeof(r));
	r.h.role = ROLE_SERVER;
	r.h.rtt_us = rtt_us;
	r.h.options = OPTION_KNOWN | options;
	diary_change(&r, T0, BPF_TCP_SYN_RECV, BPF_TCP_ESTABLISHED, STEP_STATE);
}

static void server_handshake_ns(void **state)
{
	(void)state;
	server_opens(40342, OPTION_TIMESTAMPS);
	assert_int_equal(diary_handshake_ns(&r.h), 40342 * US);
	/*
	 * the echo of a SYN cookie's timestamp is in whole milliseconds; without timestamps that
	 * is chance
	 */
	server_opens(64000, OPTION_TIMESTAMPS);
	assert_int_equal(diary_handshake_ns(&r.h), 0);
	assert_int_equal(diary_rtt_us(&r.h), 0);
	server_opens(64000, 0);
	assert_int_equal(diary_handshake_ns(&r.h), 64000 * US);
	server_opens(0, 0);
	assert_int_equal(diary_handshake_ns(&r.h), 0);
	/* after a retransmission the round trip may belong to either SYN,ACK */
	server_opens(1059123, OPTION_TIMESTAMPS);
	r.h.retransmits = 1;
	assert_int_equal(diary_handshake_ns(&r.h), 0);
	r.h.sent_ns = T0 - 1040 * MS;
	assert_int_equal(diary_handshake_ns(&r.h), 1040 * MS);
	assert_int_equal(diary_rtt_us(&r.h), 0);
	/* later than the end: not the time of this SYN,ACK */
	r.h.sent_ns = T0 + 1;
	assert_int_equal(diary_handshake_ns(&r.h), 0);
	/* TCP_DEFER_ACCEPT: the time includes the client's delay before it sends data */
	server_opens(540123, OPTION_TIMESTAMPS);
	r.h.flags |= HANDSHAKE_ACK_DEFERRED;
	assert_int_equal(diary_handshake_ns(&r.h), 0);
	assert_int_equal(diary_rtt_us(&r.h), 0);
	/* the ACK that was dropped was seen, a whole number of ms after the SYN,ACK */
	server_opens(40000, OPTION_TIMESTAMPS);
	r.h.sent_ns = r.h.t0_ns - 540 * MS;
	r.h.flags |= HANDSHAKE_ACK_DROPPED;
	assert_int_equal(diary_handshake_ns(&r.h), 40 * MS);
	assert_int_equal(diary_rtt_us(&r.h), 40000);
	r.h.retransmits = 1;
	assert_int_equal(diary_handshake_ns(&r.h), 40 * MS);
	assert_int_equal(diary_rtt_us(&r.h), 0);
	server_opens(40342, 0);
	r.h.flags |= HANDSHAKE_EVENTS_LOST;
	assert_int_equal(diary_handshake_ns(&r.h), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(packing),
		TEST(first_step_sets_t0),
		TEST(overflow),
		TEST(lost_in_handshake),
		TEST(lost_end_of_handshake),
		TEST(lost_in_close),
		TEST(retransmits),
		TEST(reserve_is_enough),
		TEST(fastopen_server_closes_early),
		TEST(client_handshake_ns),
		TEST(client_fails),
		TEST(server_handshake_ns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

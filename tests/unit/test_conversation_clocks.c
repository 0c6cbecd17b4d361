// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The times of conversations: clocks that differ or are not known, and times that were computed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ends.h"

#define WAY (20 * MS)
#define QUICK (100 * US)

/* Nobody knows whose time it was. */
static void unknown_offset(void **state)
{
	struct ends *e = *state;

	ends_open(e, WAY);
	ends_close(e, WAY);
	ends_two_hosts(e, 7 * MS);
	ends_join(e);
	assert_true(e->c.clock.unknown);
	assert_false(e->c.one_host);
	/* as by clocks that agree */
	expect_segments(e, "SYN 0>~27, ACK ~40>67, FIN 40>67, ACK ~85>112",
			"SYN,ACK ~27>40, ACK ~67>80, FIN 72>85");
	expect_parts(e, open, "unknown");
	expect_parts(e, finish, "unknown");
	expect_lost(e, CLIENT, "");
}

static void known_offset(void **state)
{
	struct ends *e = *state;

	ends_open(e, WAY);
	ends_close(e, WAY);
	ends_two_hosts(e, -90 * (int64_t)S);
	ends_compare_clocks(e);
	ends_join(e);
	assert_false(e->c.clock.unknown);
	assert_int_equal(e->c.clock.ns, -90 * (int64_t)S);
	assert_int_equal(e->c.clock.uncertainty_ns, WAY);
	expect_segments(e, "SYN 0>~20, ACK ~40>60, FIN 40>60, ACK ~85>105",
			"SYN,ACK ~20>40, ACK ~60>80, FIN 65>85");
	expect_parts(e, open, "61: there 40 back 20 accept 1");
	expect_parts(e, finish, "65: there 40 back 20 server 5");
}

/* The clocks may be wrong by 20 ms: so much later the FIN may have left than it came. */
static void uncertain(void **state)
{
	struct ends *e = *state;

	ends_open(e, WAY);
	ends_two_hosts(e, 0);
	ends_compare_clocks(e);
	flow_at(&e->client, S);
	flow_fin(&e->client, 0);
	flow_at(&e->client, 2 * S);
	flow_fin_again(&e->client);
	/* 15 ms after it left are the least without that, and 1 ms before is what the hook is late by */
	flow_at(&e->server, 2 * S - 6 * MS);
	flow_peer_fin(&e->server);
	ends_join(e);
	assert_int_equal(e->c.clock.uncertainty_ns, WAY);
	expect_sent(e, CLIENT, "SYN 0>~20, ACK ~40>60, FIN 1000 lost, FIN (2) 2000>1994");
	assert_true(e->c.back_in_time);
	e->server.r.c.t0_ns -= US;
	ends_join(e);
	expect_sent(e, CLIENT, "SYN 0>~20, ACK ~40>60, FIN 1000>1993.999, FIN (2) 2000>?");
	assert_false(e->c.back_in_time);
}

/* By the offset that somebody gave nothing had left when it came: it is the last of all, and the times contradict. */
static void wrong_offset(void **state)
{
	struct ends *e = *state;

	flow_syn(&e->client);
	flow_at(&e->client, S);
	flow_syn_again(&e->client);
	flow_at(&e->server, S + WAY);
	flow_synack(&e->server);
	flow_at(&e->client, S + 2 * WAY);
	flow_established(&e->client, 0);
	flow_at(&e->server, S + 3 * WAY);
	flow_established(&e->server, 0);
	ends_two_hosts(e, 0);
	clocks_set_offset(e->clocks, 5 * (int64_t)S);
	ends_join(e);
	/* no computed time is so wrong; the ACK cannot be that of the client */
	expect_segments(e, "SYN 3980 lost, SYN (2) 4980>~0, ACK ~5020>?, ACK ?>40",
			"SYN,ACK ~0>5020");
	assert_true(e->c.back_in_time);
	/* as the ACK is not known, whose time it was is not */
	expect_parts(e, open, "unknown");
	clocks_set_offset(e->clocks, -5 * (int64_t)S);
	ends_join(e);
	assert_true(e->c.back_in_time);
}

/* The server's SYN,ACK at a time that its sample of the round trip says. */
static void sampled(struct ends *e, uint64_t acked_ns, uint32_t rtt_us)
{
	ends_again(e);
	flow_syn(&e->client);
	flow_at(&e->client, 2 * QUICK);
	flow_established(&e->client, 0);
	flow_at(&e->server, acked_ns);
	flow_established(&e->server, rtt_us);
	ends_join(e);
}

/* It left before the client had it, whatever was computed, and so the SYN came before. */
static void computed_too_late(void **state)
{
	struct ends *e = *state;

	sampled(e, 3 * QUICK, 50);
	expect_segments(e, "SYN 0>~0.2, ACK ~0.2>0.3", "SYN,ACK ~0.2>0.2");
	expect_parts(e, open, "0.3: there 0.3");
	assert_false(e->c.back_in_time);
	/* 1 ms or more is not the inaccuracy of a sample */
	sampled(e, 1249 * US, 50);
	expect_segments(e, "SYN 0>~0.2, ACK ~0.2>1.249", "SYN,ACK ~0.2>0.2");
	sampled(e, 1250 * US, 50);
	expect_segments(e, "SYN 0>~1.2, ACK ~0.2>1.25", "SYN,ACK ~1.2>0.2");
	assert_true(e->c.back_in_time);
}

/* A SYN whose arrival was computed comes when it leaves. */
static void computed_too_early(void **state)
{
	struct ends *e = *state;

	sampled(e, 3 * QUICK, 310);
	expect_segments(e, "SYN 0.01>~0.01, ACK ~0.21>0.31", "SYN,ACK ~0>0.21");
	/* no part is less than nothing */
	expect_parts(e, open, "0.3: there 0.1 back 0.2");
	assert_false(e->c.back_in_time);
	assert_int_equal(e->c.begin_ns, BEGIN_NS - 10 * US);
}

/* The SYN comes when it leaves, even if the SYN,ACK that answers it left before, as computed. */
static void computed_both(void **state)
{
	struct ends *e = *state;

	flow_syn(&e->client);
	flow_at(&e->client, S + 300 * US);
	flow_syn_again(&e->client);
	ends_establish(e, S + 200 * US, S + 300 * US);
	e->server.r.h.rtt_us = 50;
	ends_join(e);
	expect_segments(e, "SYN 0 lost, SYN (2) 1000.3>~1000.3, ACK ~1000.2>1000.3",
			"SYN,ACK ~1000.2>1000.2");
	assert_false(e->c.back_in_time);
}

/* A time that was seen stays: only that of a hook, up to 50 us late. */
static void seen_too_late(void **state)
{
	struct ends *e = *state;

	ends_open(e, QUICK);
	flow_at(&e->client, S + 50 * US);
	flow_fin(&e->client, 0);
	flow_at(&e->server, S);
	flow_peer_fin(&e->server);
	ends_join(e);
	expect_sent(e, CLIENT, "SYN 0>~0.1, ACK ~0.2>0.3, FIN 1000.05>1000");
	assert_false(e->c.back_in_time);
	e->server.r.c.t0_ns--;
	ends_join(e);
	assert_true(e->c.back_in_time);
}

/* The time of the SYN,ACK is not known: neither are the parts, but what is which is. */
static void unknown_time(void **state)
{
	struct ends *e = *state;

	ends_open(e, WAY);
	e->server.r.h.flags |= HANDSHAKE_ACK_DEFERRED;
	ends_join(e);
	expect_segments(e, "SYN 0>?, ACK ~40>60", "SYN,ACK ?>40");
	assert_int_equal(e->c.events[CLIENT][0].fate, FATE_ARRIVED);
	expect_parts(e, open, "unknown");
	expect_lost(e, CLIENT, "");
	expect_lost(e, SERVER, "");
}

/* Of a damaged recording: sums of such times do not fit. */
static void far_times(void **state)
{
	struct ends *e = *state;

	ends_open(e, WAY);
	e->end[SERVER].clock_offset_ns = INT64_MAX / 8;
	e->end[SERVER].host = 1;
	ends_join(e);
	expect_segments(e, "SYN 0>?, ACK ~40>?", "SYN,ACK ?>40");
	expect_parts(e, open, "unknown");
	assert_false(e->c.back_in_time);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENDS_TEST(unknown_offset),    ENDS_TEST(known_offset),
		ENDS_TEST(uncertain),	      ENDS_TEST(wrong_offset),
		ENDS_TEST(computed_too_late), ENDS_TEST(computed_too_early),
		ENDS_TEST(computed_both),     ENDS_TEST(seen_too_late),
		ENDS_TEST(unknown_time),      ENDS_TEST(far_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The openings of conversations: which SYN and SYN,ACK is which at the other end, what was lost, whose time it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ends.h"

/* One way of the network: a slow one, and one within a rack. */
#define WAY (20 * MS)
#define QUICK (100 * US)

static void nothing_lost(void **state)
{
	struct ends *e = *state;

	ends_open(e, WAY);
	ends_join(e);
	expect_segments(e, "SYN 0>~20, ACK ~40>60", "SYN,ACK ~20>40");
	expect_parts(e, open, "61: there 40 back 20 accept 1");
	expect_parts(e, finish, "unknown");
	expect_lost(e, CLIENT, "");
	expect_lost(e, SERVER, "");
	assert_false(e->c.back_in_time);
	assert_int_equal(e->c.cause, CAUSE_NONE);
	assert_int_equal(e->c.begin_ns, BEGIN_NS);
}

/* The other end records one SYN: the last that had left. */
static void syns_lost(void **state)
{
	struct ends *e = *state;

	flow_syn(&e->client);
	flow_at(&e->client, S);
	flow_syn_again(&e->client);
	flow_at(&e->client, 3 * S);
	flow_syn_again(&e->client);
	ends_synack_at(e, 3 * S + WAY);
	ends_establish(e, 3 * S + 2 * WAY, 3 * S + 3 * WAY);
	ends_join(e);
	expect_segments(e, "SYN 0 lost, SYN (2) 1000 lost, SYN (3) 3000>~3020, ACK ~3040>3060",
			"SYN,ACK ~3020>3040");
	expect_parts(e, open, "3060: again 3000 there 40 back 20");
	expect_lost(e, CLIENT, "syn 2");
	assert_int_equal(e->c.cause, CAUSE_SYN_LOST);
	assert_null(e->c.why);
}

/* It was sent again before the answer could come; nobody knows whether the second one came, too. */
static void syn_sent_too_early(void **state)
{
	struct ends *e = *state;

	flow_syn(&e->client);
	flow_at(&e->client, S);
	flow_syn_again(&e->client);
	ends_synack_at(e, 600 * MS);
	ends_establish(e, 1200 * MS, 1800 * MS);
	ends_join(e);
	expect_segments(e, "SYN 0>~600, SYN (2) 1000>?, ACK ~1200>1800", "SYN,ACK ~600>1200");
	expect_parts(e, open, "1800: there 1200 back 600");
	expect_lost(e, CLIENT, "");
}

static void synack_lost(void **state)
{
	struct ends *e = *state;

	flow_syn(&e->client);
	ends_synack_at(e, WAY);
	ends_synack_again_at(e, S + WAY);
	ends_establish(e, S + 2 * WAY, S + 3 * WAY);
	ends_join(e);
	expect_segments(e, "SYN 0>~20, ACK ~1040>1060", "SYN,ACK ~20 lost, SYN,ACK (2) 1020>1040");
	expect_parts(e, open, "1060: again 1000 there 40 back 20");
	expect_lost(e, CLIENT, "");
	expect_lost(e, SERVER, "synack 1");
	assert_int_equal(e->c.cause, CAUSE_SYNACK_LOST);
}

/*
 * The server answers the SYN that was sent again, and its own timer sends another one 3 ms later.  Only the one of
 * them that comes is recorded: within a rack the time says which.
 */
static void two_answers(struct ends *e, uint64_t way_ns, uint64_t came_ns)
{
	flow_syn(&e->client);
	ends_synack_at(e, way_ns);
	ends_synack_again_at(e, S + way_ns);
	ends_synack_again_at(e, S + way_ns + 3 * MS);
	ends_establish(e, came_ns, came_ns + way_ns);
	ends_join(e);
}

static void first_of_two_answers(void **state)
{
	struct ends *e = *state;

	two_answers(e, QUICK, S + 3 * MS + 2 * QUICK);
	expect_segments(e, "SYN 0>~0.1, ACK ~1003.2>1003.3",
			"SYN,ACK ~0.1 lost, SYN,ACK (2) 1000.1 lost, SYN,ACK (3) 1003.1>1003.2");
	expect_lost(e, SERVER, "synack 2");
	expect_parts(e, open, "1003.3: again 1003 there 0.2 back 0.1");
}

static void second_of_two_answers(void **state)
{
	struct ends *e = *state;

	two_answers(e, QUICK, S + 2 * QUICK);
	expect_segments(e, "SYN 0>~0.1, ACK ~1000.2>1000.3",
			"SYN,ACK ~0.1 lost, SYN,ACK (2) 1000.1>1000.2, SYN,ACK (3) 1003.1>?");
	expect_lost(e, SERVER, "synack 1");
}

/* 3 ms are less than what a long way varies by: it is taken for the first one that may be it. */
static void two_answers_on_a_long_way(void **state)
{
	struct ends *e = *state;

	two_answers(e, WAY, S + 2 * WAY + 3 * MS);
	expect_sent(e, SERVER, "SYN,ACK ~20 lost, SYN,ACK (2) 1020>1043, SYN,ACK (3) 1023>?");
}

/* The hook on a retransmission runs after the segment has come, if both ends are on one host. */
static void retransmission_seen_late(void **state)
{
	struct ends *e = *state;

	flow_syn(&e->client);
	flow_at(&e->client, S + 700 * US);
	flow_syn_again(&e->client);
	ends_synack_at(e, S);
	ends_establish(e, S + 50 * US, S + 60 * US);
	ends_join(e);
	expect_segments(e, "SYN 0 lost, SYN (2) 1000.7>~1000.7, ACK ~1000.05>1000.06",
			"SYN,ACK ~1000>1000.05");
	assert_false(e->c.back_in_time);
	/* later than 1 ms it is another one */
	ends_again(e);
	flow_syn(&e->client);
	flow_at(&e->client, S + 1100 * US);
	flow_syn_again(&e->client);
	ends_synack_at(e, S);
	ends_establish(e, S + 50 * US, S + 60 * US);
	ends_join(e);
	expect_sent(e, CLIENT, "SYN 0>~1000, SYN (2) 1001.1>?, ACK ~1000.05>1000.06");
}

/* Too short a time since it left: it is the one before. */
static void not_there_yet(void **state)
{
	struct ends *e = *state;

	flow_syn(&e->client);
	ends_synack_at(e, WAY);
	/* 9 ms before one comes, where others take 20 */
	ends_synack_again_at(e, WAY + 200 * MS);
	ends_establish(e, WAY + 209 * MS, 2 * WAY + 209 * MS);
	ends_join(e);
	expect_sent(e, SERVER, "SYN,ACK ~20>229, SYN,ACK (2) 220>?");
	/* 15 ms are a quarter less, and 1 ms is what the hook is late by */
	ends_again(e);
	flow_syn(&e->client);
	ends_synack_at(e, WAY);
	ends_synack_again_at(e, WAY + 200 * MS);
	ends_establish(e, WAY + 214 * MS, 2 * WAY + 214 * MS);
	ends_join(e);
	expect_sent(e, SERVER, "SYN,ACK ~20 lost, SYN,ACK (2) 220>234");
}

static void unsent(void **state)
{
	struct ends *e = *state;

	flow_syn(&e->client);
	e->client.r.h.steps[0] = step_unsent(e->client.r.h.steps[0]);
	e->client.r.h.unsent++;
	flow_at(&e->client, 500 * MS);
	diary_unsent(&e->client.r, e->client.now_ns, BPF_TCP_SYN_SENT, true);
	e->client.r.h.retransmits++;
	flow_at(&e->client, S);
	flow_syn_again(&e->client);
	ends_synack_at(e, S + WAY);
	ends_establish(e, S + 2 * WAY, S + 3 * WAY);
	ends_join(e);
	expect_sent(e, CLIENT, "SYN 0 unsent, SYN 500 unsent, SYN 1000>~1020, ACK ~1040>1060");
	expect_lost(e, CLIENT, "");
	expect_parts(e, open, "60: there 40 back 20");
}

/* A full queue dropped the first SYNs. */
static void dropped(void **state)
{
	struct ends *e = *state;

	flow_syn(&e->client);
	flow_at(&e->client, S);
	flow_syn_again(&e->client);
	flow_at(&e->client, 3 * S);
	flow_syn_again(&e->client);
	e->end[SERVER].n_drops = 2;
	e->end[SERVER].drop_ns[0] = BEGIN_NS + WAY;
	e->end[SERVER].drop_ns[1] = BEGIN_NS + S + WAY;
	ends_synack_at(e, 3 * S + WAY);
	ends_establish(e, 3 * S + 2 * WAY, 3 * S + 3 * WAY);
	ends_join(e);
	expect_segments(
		e,
		"SYN 0>20 dropped, SYN (2) 1000>1020 dropped, SYN (3) 3000>~3020, ACK ~3040>3060",
		"SYN,ACK ~3020>3040");
	expect_lost(e, CLIENT, "dropped 2");
	expect_parts(e, open, "3060: again 3000 there 40 back 20");
	assert_int_equal(e->c.cause, CAUSE_QUEUE_FULL);
	assert_int_equal(e->c.events[SERVER][0].step.to, BPF_TCP_LISTEN);
}

/* One was lost, one was dropped; of a third drop the time is damaged. */
static void lost_and_dropped(void **state)
{
	struct ends *e = *state;

	flow_syn(&e->client);
	flow_at(&e->client, S);
	flow_syn_again(&e->client);
	flow_at(&e->client, 3 * S);
	flow_syn_again(&e->client);
	e->end[SERVER].n_drops = 2;
	e->end[SERVER].drop_ns[0] = BEGIN_NS + S + WAY;
	e->end[SERVER].drop_ns[1] = UINT64_MAX;
	ends_synack_at(e, 3 * S + WAY);
	ends_establish(e, 3 * S + 2 * WAY, 3 * S + 3 * WAY);
	ends_join(e);
	expect_sent(e, CLIENT,
		    "SYN 0 lost, SYN (2) 1000>1020 dropped, SYN (3) 3000>~3020, ACK ~3040>3060");
	expect_lost(e, CLIENT, "syn 1 dropped 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENDS_TEST(nothing_lost),
		ENDS_TEST(syns_lost),
		ENDS_TEST(syn_sent_too_early),
		ENDS_TEST(synack_lost),
		ENDS_TEST(first_of_two_answers),
		ENDS_TEST(second_of_two_answers),
		ENDS_TEST(two_answers_on_a_long_way),
		ENDS_TEST(retransmission_seen_late),
		ENDS_TEST(not_there_yet),
		ENDS_TEST(unsent),
		ENDS_TEST(dropped),
		ENDS_TEST(lost_and_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

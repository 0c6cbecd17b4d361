// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The end of an opening: whether the last ACK came, and when accept() returned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ends.h"

/* One way of the network: a slow one, and one within a rack. */
#define WAY (20 * MS)
#define QUICK (100 * US)

/* The first ACK is lost, and the SYN,ACK that is sent again makes the client send another one. */
static void ack_lost(void **state)
{
	struct ends *e = *state;

	flow_syn(&e->client);
	ends_synack_at(e, WAY);
	ends_synack_again_at(e, S + WAY);
	ends_establish(e, 2 * WAY, S + 3 * WAY);
	ends_join(e);
	expect_segments(e, "SYN 0>~20, ACK ~40 lost, ACK ?>1060",
			"SYN,ACK ~20>40, SYN,ACK (2) 1020>?");
	expect_lost(e, CLIENT, "ack 1");
	expect_parts(e, open, "1060: again 1020 there 20 back 20");
}

/* The second SYN,ACK had not the time to go there and back: three quarters of a round trip at least. */
static void ack_of_the_first(void **state)
{
	struct ends *e = *state;

	flow_syn(&e->client);
	ends_synack_at(e, WAY);
	ends_synack_again_at(e, 81 * MS);
	/* it took longer than others do, 66 ms */
	ends_establish(e, 2 * WAY, 110 * MS);
	ends_join(e);
	expect_segments(e, "SYN 0>~20, ACK ~40>110", "SYN,ACK ~20>40, SYN,ACK (2) 81>?");
	expect_lost(e, CLIENT, "");
	expect_parts(e, open, "110: there 90 back 20");
	ends_again(e);
	flow_syn(&e->client);
	ends_synack_at(e, WAY);
	ends_synack_again_at(e, 80 * MS);
	ends_establish(e, 2 * WAY, 110 * MS);
	ends_join(e);
	expect_sent(e, CLIENT, "SYN 0>~20, ACK ~40 lost, ACK ?>110");
}

/* Much quicker than the SYN: nothing else can it be, for there was one SYN,ACK. */
static void quick_ack(void **state)
{
	struct ends *e = *state;

	flow_syn(&e->client);
	ends_synack_at(e, 5 * WAY);
	ends_establish(e, 6 * WAY, 7 * WAY);
	ends_join(e);
	expect_segments(e, "SYN 0>~100, ACK ~120>140", "SYN,ACK ~100>120");
	expect_parts(e, open, "140: there 120 back 20");
}

/* As quick as the others, within a rack: another SYN,ACK in the meantime changes nothing. */
static void prompt_ack(void **state)
{
	struct ends *e = *state;

	flow_syn(&e->client);
	ends_synack_at(e, QUICK);
	ends_synack_again_at(e, QUICK + 800 * US);
	ends_establish(e, 2 * QUICK, 2 * QUICK + 2 * MS);
	ends_join(e);
	expect_segments(e, "SYN 0>~0.1, ACK ~0.2>2.2", "SYN,ACK ~0.1>0.2, SYN,ACK (2) 0.9>?");
}

/* A SYN,ACK that was sent again before the ACK left is not what a later ACK answers. */
static void ack_after_both(void **state)
{
	struct ends *e = *state;

	flow_syn(&e->client);
	ends_synack_at(e, WAY);
	ends_synack_again_at(e, S + WAY);
	ends_establish(e, S + 2 * WAY, S + 3 * WAY + 100 * MS);
	ends_join(e);
	expect_sent(e, CLIENT, "SYN 0>~20, ACK ~1040>1160");
}

/* The peer's FIN comes before accept() takes it. */
static void accept_in_close_wait(void **state)
{
	struct ends *e = *state;
	const struct event *accept;

	ends_open(e, WAY);
	flow_at(&e->client, 100 * MS);
	flow_fin(&e->client, 0);
	flow_at(&e->server, 120 * MS);
	flow_peer_fin(&e->server);
	flow_ack_sent(&e->server);
	flow_at(&e->server, 300 * MS);
	flow_accepted(&e->server, 80, "nginx");
	flow_at(&e->server, 310 * MS);
	flow_fin(&e->server, 0);
	ends_join(e);
	/* the SYN, the SYN,ACK, the ACK, the FIN, its ACK */
	accept = &e->c.events[SERVER][5];
	assert_int_equal(accept->kind, EVENT_ACCEPT);
	assert_int_equal(accept->step.from, BPF_TCP_CLOSE_WAIT);
	assert_int_equal(accept->step.to, BPF_TCP_CLOSE_WAIT);
	expect_known(accept->step.t_ns, 300 * MS);
	expect_segments(e, "SYN 0>~20, ACK ~40>60, FIN 100>120",
			"SYN,ACK ~20>40, ACK ~120>?, FIN 310>?");
	expect_parts(e, open, "300: there 40 back 20 accept 240");
}

/* The clocks of two processors: accept() is not before the last ACK, nor is there one without it. */
static void accept_and_ack(void **state)
{
	struct ends *e = *state;

	ends_open(e, WAY);
	e->server.r.h.accept_ns -= MS + 5;
	ends_join(e);
	expect_parts(e, open, "60: there 40 back 20");
	assert_int_equal(e->c.n_events[SERVER], 4);
	e->server.r.h.flags &= ~(uint32_t)HANDSHAKE_ESTABLISHED;
	ends_join(e);
	assert_int_equal(e->c.n_events[SERVER], 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENDS_TEST(ack_lost),	   ENDS_TEST(ack_of_the_first),
		ENDS_TEST(quick_ack),	   ENDS_TEST(prompt_ack),
		ENDS_TEST(ack_after_both), ENDS_TEST(accept_in_close_wait),
		ENDS_TEST(accept_and_ack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

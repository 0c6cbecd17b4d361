// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Conversations that do not end by one FIN after the other: both close at once, by an RST, or one end does not say. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ends.h"

#define WAY (20 * MS)
#define OPENED "SYN 0>~20, ACK ~40>60, "
#define ACCEPTED "SYN,ACK ~20>40, "

/* Open and with data; what follows is told in ms. */
static void begin(struct ends *e)
{
	ends_again(e);
	ends_open(e, WAY);
	flow_data(&e->client, 100, 200);
	flow_data(&e->server, 200, 100);
	flow_at(&e->client, 100 * MS);
	flow_at(&e->server, 100 * MS);
}

/* Both close at once: nobody waited for the other, and only the whole is known. */
static void crossing(struct ends *e)
{
	begin(e);
	ends_fin_at(&e->client, 100);
	ends_fin_at(&e->server, 105);
	ends_gets_fin_at(&e->client, 125);
	ends_gets_fin_at(&e->server, 120);
	ends_last_ack_at(&e->client, 140);
	ends_last_ack_at(&e->server, 145);
}

static void both_at_once(void **state)
{
	struct ends *e = *state;

	crossing(e);
	ends_join(e);
	expect_segments(e, OPENED "FIN 100>120, ACK ~125>145",
			ACCEPTED "FIN 105>125, ACK ~120>140");
	expect_parts(e, finish, "45");
	expect_lost(e, CLIENT, "");
	/* the server's FIN leaves first, and the client is done last */
	begin(e);
	ends_fin_at(&e->server, 100);
	ends_fin_at(&e->client, 105);
	ends_gets_fin_at(&e->client, 120);
	ends_gets_fin_at(&e->server, 126);
	ends_last_ack_at(&e->server, 141);
	ends_last_ack_at(&e->client, 147);
	ends_join(e);
	expect_parts(e, finish, "47");
	/* one of them is not over: neither is the whole */
	crossing(e);
	e->client.r.c.n_steps--;
	e->client.r.c.flags &= ~(uint32_t)CLOSE_OVER;
	e->end[CLIENT].now_ns = BEGIN_NS + S;
	ends_join(e);
	expect_parts(e, finish, "unknown");
}

/* The client's FIN was behind data: nobody knows when the first one left. */
static void both_at_once_without_a_time(void **state)
{
	struct ends *e = *state;

	crossing(e);
	e->client.r.c.flags |= CLOSE_FIN_BEHIND_DATA;
	e->client.r.c.fin_sent_us = 0;
	ends_join(e);
	expect_segments(e, OPENED "FIN ?>120, ACK ~125>145", ACCEPTED "FIN 105>125, ACK ~120>140");
	expect_parts(e, finish, "unknown");
}

/* The server's FIN crosses the client's, and is lost: to the client it comes after the ACK of its own. */
static void not_of_one_mind(void **state)
{
	struct ends *e = *state;

	begin(e);
	ends_fin_at(&e->client, 100);
	ends_fin_at(&e->server, 105);
	ends_gets_fin_at(&e->server, 120);
	ends_fin_acked_at(&e->client, 140);
	ends_fin_again_at(&e->server, 370);
	ends_gets_fin_at(&e->client, 390);
	ends_last_ack_at(&e->server, 410);
	ends_join(e);
	expect_segments(e, OPENED "FIN 100>120, ACK ~390>410",
			ACCEPTED "FIN 105 lost, ACK ~120>140, FIN (2) 370>390");
	expect_parts(e, finish, "unknown");
	/* and so the client's */
	begin(e);
	ends_fin_at(&e->server, 100);
	ends_fin_at(&e->client, 105);
	ends_gets_fin_at(&e->client, 120);
	ends_fin_acked_at(&e->server, 140);
	ends_fin_again_at(&e->client, 370);
	ends_gets_fin_at(&e->server, 390);
	ends_last_ack_at(&e->client, 410);
	ends_join(e);
	expect_parts(e, finish, "unknown");
	/* of one of them nothing is known */
	crossing(e);
	e->client.r.c = (struct close_part){ 0 };
	ends_join(e);
	expect_parts(e, finish, "unknown");
	expect_sent(e, SERVER, ACCEPTED "FIN 105>?, ACK ~120>?");
}

/* Who has the FIN does not say so: its close is not there, or not over, or over before. */
static void fin_of_which_nobody_tells(void **state)
{
	struct ends *e = *state;

	begin(e);
	ends_fin_at(&e->client, 100);
	ends_join(e);
	expect_sent(e, CLIENT, OPENED "FIN 100>?");
	/* it is open, and would have got it */
	e->end[SERVER].now_ns = BEGIN_NS + S;
	ends_join(e);
	expect_sent(e, CLIENT, OPENED "FIN 100 lost");
	expect_lost(e, CLIENT, "fin 1");
	expect_parts(e, finish, "unknown");
	/* some event of it was missed */
	e->server.r.c.flags |= CLOSE_EVENTS_LOST;
	ends_join(e);
	expect_sent(e, CLIENT, OPENED "FIN 100>?");
}

static void fin_after_the_end(void **state)
{
	struct ends *e = *state;

	begin(e);
	flow_at(&e->server, 90 * MS);
	flow_died(&e->server, ETIMEDOUT, 0, 0);
	ends_fin_at(&e->client, 100);
	ends_join(e);
	expect_sent(e, CLIENT, OPENED "FIN 100>?");
	begin(e);
	ends_fin_at(&e->client, 100);
	flow_at(&e->server, 110 * MS);
	flow_died(&e->server, ETIMEDOUT, 0, 0);
	ends_join(e);
	expect_sent(e, CLIENT, OPENED "FIN 100 lost");
}

/* The client closes with unread data; an RST is sent once, and one that comes later answers something else. */
static void reset(struct ends *e, uint64_t came_ms)
{
	begin(e);
	flow_at(&e->client, 100 * MS);
	flow_died(&e->client, 0, 0, CLOSE_RST_SENT);
	flow_at(&e->server, came_ms * MS);
	flow_died(&e->server, ECONNRESET, 0, CLOSE_RST_RECEIVED);
	ends_join(e);
}

static void resets(void **state)
{
	struct ends *e = *state;

	reset(e, 120);
	expect_sent(e, CLIENT, OPENED "RST 100>120");
	reset(e, 1100);
	expect_sent(e, CLIENT, OPENED "RST 100>1100");
	expect_lost(e, CLIENT, "");
	reset(e, 1101);
	expect_sent(e, CLIENT, OPENED "RST 100 lost, RST ?>1101");
	expect_lost(e, CLIENT, "rst 1");
}

/* It did not leave the host. */
static void unsent(void **state)
{
	struct ends *e = *state;

	begin(e);
	flow_at(&e->client, 100 * MS);
	flow_died(&e->client, 0, 0, CLOSE_RST_SENT | CLOSE_RST_UNSENT);
	flow_at(&e->server, 120 * MS);
	flow_died(&e->server, ECONNRESET, 0, CLOSE_RST_RECEIVED);
	ends_join(e);
	expect_sent(e, CLIENT, OPENED "RST 100 unsent, RST ?>120");
	expect_lost(e, CLIENT, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENDS_TEST(both_at_once),
		ENDS_TEST(both_at_once_without_a_time),
		ENDS_TEST(not_of_one_mind),
		ENDS_TEST(fin_of_which_nobody_tells),
		ENDS_TEST(fin_after_the_end),
		ENDS_TEST(resets),
		ENDS_TEST(unsent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

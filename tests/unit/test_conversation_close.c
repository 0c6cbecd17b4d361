// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The closes of conversations: which FIN and ACK is which at the other end, what was lost, whose time it was. */
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

static void nothing_lost(void **state)
{
	struct ends *e = *state;

	begin(e);
	ends_close(e, WAY);
	ends_join(e);
	expect_segments(e, OPENED "FIN 100>120, ACK ~145>165",
			ACCEPTED "ACK ~120>140, FIN 125>145");
	expect_parts(e, finish, "65: there 40 back 20 server 5");
	expect_lost(e, CLIENT, "");
	expect_lost(e, SERVER, "");
	assert_int_equal(e->c.cause, CAUSE_NONE);
}

static void server_first(void **state)
{
	struct ends *e = *state;

	begin(e);
	ends_fin_at(&e->server, 100);
	ends_gets_fin_at(&e->client, 120);
	ends_fin_acked_at(&e->server, 140);
	ends_fin_at(&e->client, 127);
	ends_gets_fin_at(&e->server, 147);
	ends_last_ack_at(&e->client, 167);
	ends_join(e);
	expect_segments(e, OPENED "ACK ~120>140, FIN 127>147",
			ACCEPTED "FIN 100>120, ACK ~147>167");
	expect_parts(e, finish, "67: there 20 back 40 client 7");
}

/* The rest of a close, from when the server gets the client's FIN. */
static void close_after(struct ends *e, uint64_t came_ms)
{
	ends_gets_fin_at(&e->server, came_ms);
	ends_fin_acked_at(&e->client, came_ms + 20);
	ends_fin_at(&e->server, came_ms + 30);
	ends_gets_fin_at(&e->client, came_ms + 50);
	ends_last_ack_at(&e->server, came_ms + 70);
	ends_join(e);
}

/* A tail loss probe leaves two round trips after the FIN: of the two, that which came is the quick one. */
static void tail_loss_probe(void **state)
{
	struct ends *e = *state;

	begin(e);
	ends_fin_at(&e->client, 100);
	ends_fin_again_at(&e->client, 184);
	close_after(e, 204);
	expect_segments(e, OPENED "FIN 100 lost, FIN (2) 184>204, ACK ~254>274",
			ACCEPTED "ACK ~204>224, FIN 234>254");
	expect_lost(e, CLIENT, "fin 1");
	expect_parts(e, finish, "174: again 84 there 40 back 20 server 30");
	assert_int_equal(e->c.cause, CAUSE_FIN_LOST);
	assert_null(e->c.why);
}

/* The ACK of the FIN was late, not the FIN: nobody knows whether the probe came, too. */
static void needless_probe(void **state)
{
	struct ends *e = *state;

	begin(e);
	ends_fin_at(&e->client, 100);
	ends_fin_again_at(&e->client, 184);
	close_after(e, 162);
	/* 62 ms are three times the others and 2 ms */
	expect_sent(e, CLIENT, OPENED "FIN 100>162, FIN (2) 184>?, ACK ~212>232");
	expect_lost(e, CLIENT, "");
	begin(e);
	ends_fin_at(&e->client, 100);
	ends_fin_again_at(&e->client, 142);
	close_after(e, 162);
	expect_sent(e, CLIENT, OPENED "FIN 100>162, FIN (2) 142>?, ACK ~212>232");
	begin(e);
	ends_fin_at(&e->client, 100);
	ends_fin_again_at(&e->client, 142);
	close_after(e, 163);
	expect_sent(e, CLIENT, OPENED "FIN 100 lost, FIN (2) 142>163, ACK ~213>233");
}

/* The other end's FIN is lost; what it had sent before and after is not. */
static void second_fin_lost(void **state)
{
	struct ends *e = *state;

	begin(e);
	ends_fin_at(&e->client, 100);
	ends_gets_fin_at(&e->server, 120);
	ends_fin_acked_at(&e->client, 140);
	ends_fin_at(&e->server, 130);
	ends_fin_again_at(&e->server, 390);
	ends_gets_fin_at(&e->client, 410);
	ends_last_ack_at(&e->server, 430);
	ends_join(e);
	expect_segments(e, OPENED "FIN 100>120, ACK ~410>430",
			ACCEPTED "ACK ~120>140, FIN 130 lost, FIN (2) 390>410");
	expect_lost(e, SERVER, "fin 1");
	expect_parts(e, finish, "330: again 260 there 40 back 20 server 10");
}

/* The last ACK is lost, and the FIN that is sent again makes the client send another one. */
static void last_ack_lost(void **state)
{
	struct ends *e = *state;

	begin(e);
	ends_fin_at(&e->client, 100);
	ends_gets_fin_at(&e->server, 120);
	ends_fin_acked_at(&e->client, 140);
	ends_fin_at(&e->server, 130);
	ends_gets_fin_at(&e->client, 150);
	ends_fin_again_at(&e->server, 390);
	ends_last_ack_at(&e->server, 430);
	ends_join(e);
	expect_segments(e, OPENED "FIN 100>120, ACK ~150 lost, ACK ?>430",
			ACCEPTED "ACK ~120>140, FIN 130>150, FIN (2) 390>?");
	expect_lost(e, CLIENT, "ack 1");
	expect_lost(e, SERVER, "");
	expect_parts(e, finish, "330: again 280 there 20 back 20 server 10");
}

/* An ACK of something else is another one; one whose number is not known may be it. */
static void acks_by_number(void **state)
{
	struct ends *e = *state;

	begin(e);
	ends_close(e, WAY);
	e->client.r.c.remote_fin_seq++;
	ends_join(e);
	expect_sent(e, CLIENT, OPENED "FIN 100>120, ACK ~145>?, ACK ?>165");
	expect_lost(e, CLIENT, "");
	/* nobody can tell whose time the end of it was */
	expect_parts(e, finish, "unknown");
	e->client.r.c.flags &= ~(uint32_t)CLOSE_REMOTE_FIN;
	ends_join(e);
	expect_sent(e, CLIENT, OPENED "FIN 100>120, ACK ~145>165");
}

/* The FIN of the server carries the ACK of the client's: there is no other one. */
static void ack_in_fin(void **state)
{
	struct ends *e = *state;

	begin(e);
	ends_fin_at(&e->client, 100);
	flow_at(&e->server, 120 * MS);
	flow_peer_fin(&e->server);
	flow_at(&e->server, 120 * MS + 20 * US);
	flow_fin(&e->server, CLOSE_ACK_PENDING);
	flow_at(&e->client, 140 * MS + 20 * US);
	flow_peer_fin_ack(&e->client);
	flow_at(&e->server, 160 * MS + 20 * US);
	flow_last_ack(&e->server);
	ends_join(e);
	expect_segments(e, OPENED "FIN 100>120, ACK ~140.02>160.02",
			ACCEPTED "FIN,ACK 120.02>140.02");
	expect_parts(e, finish, "60.02: there 40 back 20 server 0.02");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENDS_TEST(nothing_lost),   ENDS_TEST(server_first),    ENDS_TEST(tail_loss_probe),
		ENDS_TEST(needless_probe), ENDS_TEST(second_fin_lost), ENDS_TEST(last_ack_lost),
		ENDS_TEST(acks_by_number), ENDS_TEST(ack_in_fin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

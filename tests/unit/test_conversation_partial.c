// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Conversations of which something is not known, did not come to be, or is not what it should be. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ends.h"

#define WAY (20 * MS)
#define OPENED "SYN 0>~20, ACK ~40>60, "

static void begin(struct ends *e, uint64_t way_ns)
{
	ends_again(e);
	ends_open(e, way_ns);
}

/* A server's request that came to nothing: its SYN,ACK was sent `again` times, 1 s apart. */
static void request(struct flow *f, unsigned int again)
{
	f->r.h.flags |= HANDSHAKE_NO_SOCKET | HANDSHAKE_ISS | HANDSHAKE_IRS;
	flow_at(f, WAY);
	flow_synack(f);
	for (unsigned int i = 0; i < again; i++) {
		flow_wait(f, S);
		flow_synack_again(f);
	}
	flow_wait(f, S);
	diary_handshake_step(&f->r, f->now_ns, BPF_TCP_NEW_SYN_RECV, BPF_TCP_CLOSE, STEP_EXPIRED);
	f->r.h.state = BPF_TCP_CLOSE;
}

/* No answer gets through; the client was there until it gave up. */
static void no_answer(void **state)
{
	struct ends *e = *state;

	flow_syn(&e->client);
	flow_at(&e->client, S);
	flow_syn_again(&e->client);
	request(&e->server, 1);
	flow_at(&e->client, 3 * S);
	flow_died(&e->client, ETIMEDOUT, 0, 0);
	e->client.r.c.n_steps = 0;
	ends_join(e);
	expect_segments(e, "SYN 0>~20, SYN (2) 1000>?", "SYN,ACK ~20 lost, SYN,ACK (2) 1020 lost");
	expect_lost(e, SERVER, "synack 2");
	assert_false(e->c.open.total_ns.known);
	assert_int_equal(e->c.cause, CAUSE_SYNACK_LOST);
	/* it gave up before the second one, and of the third nobody can tell */
	e->client.r.h.n_steps--;
	e->client.now_ns = BEGIN_NS + 1010 * MS;
	diary_handshake_step(&e->client.r, e->client.now_ns, BPF_TCP_SYN_SENT, BPF_TCP_CLOSE,
			     STEP_STATE);
	ends_join(e);
	expect_sent(e, SERVER, "SYN,ACK ~20 lost, SYN,ACK (2) 1020>?");
	/* what the client did is not known as a whole */
	e->client.r.h.retransmits++;
	ends_join(e);
	expect_sent(e, SERVER, "SYN,ACK ~20>?, SYN,ACK (2) 1020>?");
}

/* Nobody listens. */
static void refused(void **state)
{
	struct ends *e = *state;
	struct record *r = &e->server.r;

	flow_syn(&e->client);
	flow_at(&e->server, WAY);
	r->h.flags |= HANDSHAKE_NO_SOCKET | HANDSHAKE_IRS;
	diary_handshake_step(r, e->server.now_ns, BPF_TCP_CLOSE, BPF_TCP_CLOSE, STEP_SYN_RECEIVED);
	diary_handshake_step(r, e->server.now_ns, BPF_TCP_CLOSE, BPF_TCP_CLOSE, STEP_RST_SENT);
	r->h.state = BPF_TCP_CLOSE;
	flow_at(&e->client, 2 * WAY);
	flow_died(&e->client, ECONNREFUSED, 0, 0);
	e->client.r.c.n_steps = 0;
	ends_join(e);
	expect_segments(e, "SYN 0>20", "RST,ACK 20>40");
	assert_false(e->c.open.total_ns.known);
	assert_int_equal(e->c.cause, CAUSE_REFUSED);
}

/* More SYNs came than left: those for which there is none are not those of anything else. */
static void more_than_left(void **state)
{
	struct ends *e = *state;

	begin(e, WAY);
	e->end[SERVER].n_drops = 2;
	e->end[SERVER].drop_ns[0] = BEGIN_NS + 10 * MS;
	e->end[SERVER].drop_ns[1] = BEGIN_NS + 15 * MS;
	flow_at(&e->client, 100 * MS);
	flow_died(&e->client, 0, 0, CLOSE_RST_SENT);
	ends_join(e);
	expect_sent(e, CLIENT, "SYN 0>10 dropped, ACK ~40>60, RST 100>?, SYN ?>15, SYN ?>~20");
	expect_lost(e, CLIENT, "dropped 1");
	expect_lost(e, SERVER, "");
	expect_parts(e, open, "unknown");
}

/* A long way: an RST that takes more than a second is the one that was sent. */
static void reset_on_a_long_way(void **state)
{
	struct ends *e = *state;

	begin(e, 600 * MS);
	flow_at(&e->client, 2 * S);
	flow_died(&e->client, 0, 0, CLOSE_RST_SENT);
	flow_at(&e->server, 3802 * MS);
	flow_died(&e->server, ECONNRESET, 0, CLOSE_RST_RECEIVED);
	ends_join(e);
	expect_sent(e, CLIENT, "SYN 0>~600, ACK ~1200>1800, RST 2000>3802");
}

/* The quickest segment of them all says how long the way is, whichever it is. */
static void quickest(void **state)
{
	struct ends *e = *state;

	begin(e, WAY);
	flow_at(&e->client, 100 * MS);
	flow_at(&e->server, 100 * MS);
	flow_fin(&e->client, 0);
	flow_at(&e->server, 150 * MS);
	flow_peer_fin(&e->server);
	ends_join(e);
	expect_sent(e, CLIENT, OPENED "FIN 100>150");
	/* the other way round: the SYN took 50 ms, the ACK and the FIN 20 */
	ends_again(e);
	flow_syn(&e->client);
	flow_at(&e->server, 50 * MS);
	flow_synack(&e->server);
	flow_at(&e->client, 100 * MS);
	flow_established(&e->client, 0);
	flow_at(&e->server, 120 * MS);
	flow_established(&e->server, 0);
	flow_fin(&e->client, 0);
	flow_peer_fin(&e->server);
	ends_join(e);
	expect_sent(e, CLIENT, "SYN 0>~50, ACK ~100>120, FIN 100>120");
}

/* Only the FINs say how long the way is. */
static void way_of_the_fins(void **state)
{
	struct ends *e = *state;

	begin(e, WAY);
	e->server.r.h.flags |= HANDSHAKE_ACK_DEFERRED;
	flow_at(&e->client, 100 * MS);
	flow_fin(&e->client, 0);
	flow_at(&e->server, 120 * MS);
	flow_peer_fin(&e->server);
	flow_ack_sent(&e->server);
	flow_at(&e->client, 140 * MS);
	flow_fin_acked(&e->client);
	flow_at(&e->server, 130 * MS);
	flow_fin(&e->server, 0);
	flow_at(&e->server, 180 * MS);
	flow_fin_again(&e->server);
	/* 5 ms are too short for the second one */
	flow_at(&e->client, 185 * MS);
	flow_peer_fin(&e->client);
	ends_join(e);
	expect_sent(e, SERVER, "SYN,ACK ?>40, ACK ~120>140, FIN 130>185, FIN (2) 180>?");
}

/* An RST that was matched by mistake says nothing of the way. */
static void way_without_resets(void **state)
{
	struct ends *e = *state;

	begin(e, WAY);
	e->server.r.h.flags |= HANDSHAKE_ACK_DEFERRED;
	flow_at(&e->client, 100 * MS);
	flow_fin(&e->client, 0);
	flow_at(&e->client, 400 * MS);
	flow_fin_again(&e->client);
	flow_at(&e->client, S);
	flow_fin_again(&e->client);
	flow_at(&e->server, 430 * MS);
	flow_peer_fin(&e->server);
	flow_at(&e->server, 431 * MS);
	flow_died(&e->server, 0, 0, CLOSE_RST_SENT);
	flow_at(&e->client, 1400 * MS);
	flow_died(&e->client, ECONNRESET, 0, CLOSE_RST_RECEIVED);
	ends_join(e);
	expect_sent(e, CLIENT,
		    "SYN 0>?, ACK ~40>60, FIN 100 lost, FIN (2) 400>430, FIN (3) 1000>?");
}

/* When the server's ACK left is not known: nor is that it was lost. */
static void ack_without_a_time(void **state)
{
	struct ends *e = *state;

	begin(e, WAY);
	flow_at(&e->client, 100 * MS);
	flow_fin(&e->client, 0);
	flow_at(&e->server, 120 * MS);
	flow_peer_fin(&e->server);
	flow_at(&e->client, 340 * MS);
	flow_fin_again(&e->client);
	flow_at(&e->client, 400 * MS);
	flow_fin_acked(&e->client);
	flow_at(&e->server, 500 * MS);
	flow_fin(&e->server, 0);
	ends_join(e);
	expect_segments(e, OPENED "FIN 100>120, FIN (2) 340>?",
			"SYN,ACK ~20>40, ACK ?>400, FIN 500>?");
	expect_lost(e, SERVER, "");
}

/* When the FIN left is not known, as it was behind data: it came before it was sent again. */
static void fin_without_a_time(void **state)
{
	struct ends *e = *state;

	begin(e, WAY);
	flow_at(&e->client, 100 * MS);
	flow_fin(&e->client, CLOSE_FIN_BEHIND_DATA);
	flow_at(&e->client, 500 * MS);
	flow_fin_again(&e->client);
	flow_at(&e->server, 300 * MS);
	flow_peer_fin(&e->server);
	ends_join(e);
	expect_sent(e, CLIENT, OPENED "FIN ?>300, FIN (2) 500>?");
	expect_lost(e, CLIENT, "");
	assert_false(e->c.back_in_time);
	/* it came after that: then it is the second one */
	e->server.r.c.t0_ns = BEGIN_NS + 520 * MS;
	ends_join(e);
	expect_sent(e, CLIENT, OPENED "FIN ? lost, FIN (2) 500>520");
}

/* What the server's ACK acknowledges is not known. */
static void without_numbers(void **state)
{
	struct ends *e = *state;

	begin(e, WAY);
	e->server.r.h.options = 0;
	ends_join(e);
	expect_sent(e, CLIENT, "SYN 0>~20, ACK ~40>60");
	/* the client's waited for data: the next one that it sends is of the close */
	e->client.r.h.flags |= HANDSHAKE_ACK_DELAYED;
	flow_at(&e->client, 100 * MS);
	ends_close(e, WAY);
	ends_join(e);
	expect_sent(e, CLIENT, "SYN 0>~20, FIN 100>120, ACK ~145>165, ACK ?>60");
}

/* Both number their FINs the same: what an end got is not what it sent. */
static void same_numbers(void **state)
{
	struct ends *e = *state;

	begin(e, WAY);
	flow_at(&e->client, 100 * MS);
	ends_close(e, WAY);
	e->client.r.c.local_fin_seq = e->client.r.c.remote_fin_seq;
	e->server.r.c.local_fin_seq = e->server.r.c.remote_fin_seq = e->client.r.c.remote_fin_seq;
	ends_join(e);
	expect_segments(e, OPENED "FIN 100>120, ACK ~145>165",
			"SYN,ACK ~20>40, ACK ~120>140, FIN 125>145");
}

/* The server has no close: of the client's FINs nobody can tell, not even that only one was lost. */
static void fins_without_a_close(void **state)
{
	struct ends *e = *state;

	begin(e, WAY);
	flow_at(&e->server, 900 * MS);
	flow_accepted(&e->server, 80, "nginx");
	flow_at(&e->client, 100 * MS);
	flow_fin(&e->client, 0);
	flow_at(&e->client, 340 * MS);
	flow_fin_again(&e->client);
	ends_join(e);
	expect_sent(e, CLIENT, OPENED "FIN 100>?, FIN (2) 340>?");
	expect_lost(e, CLIENT, "");
	expect_parts(e, finish, "unknown");
}

/* The server's FINs never came, and the client waited no longer. */
static void half_a_close(void **state)
{
	struct ends *e = *state;

	begin(e, WAY);
	flow_at(&e->client, 100 * MS);
	flow_fin(&e->client, 0);
	flow_at(&e->server, 120 * MS);
	flow_peer_fin(&e->server);
	flow_ack_sent(&e->server);
	flow_at(&e->client, 140 * MS);
	flow_fin_acked(&e->client);
	flow_minisocket(&e->client, 60 * S);
	flow_minisocket_expired(&e->client);
	flow_at(&e->server, S);
	flow_fin(&e->server, 0);
	flow_at(&e->server, 2 * S);
	flow_fin_again(&e->server);
	ends_join(e);
	expect_sent(e, SERVER, "SYN,ACK ~20>40, ACK ~120>140, FIN 1000 lost, FIN (2) 2000 lost");
	expect_lost(e, SERVER, "fin 2");
	expect_parts(e, finish, "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENDS_TEST(no_answer),	       ENDS_TEST(refused),
		ENDS_TEST(more_than_left),     ENDS_TEST(reset_on_a_long_way),
		ENDS_TEST(quickest),	       ENDS_TEST(way_of_the_fins),
		ENDS_TEST(way_without_resets), ENDS_TEST(ack_without_a_time),
		ENDS_TEST(fin_without_a_time), ENDS_TEST(without_numbers),
		ENDS_TEST(same_numbers),       ENDS_TEST(fins_without_a_close),
		ENDS_TEST(half_a_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

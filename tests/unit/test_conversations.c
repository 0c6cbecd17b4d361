// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The packets made from the records of both ends: which, in which order, and none twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "story.h"

#define HANDSHAKE "> S, < S., > ."
#define CLOSE "> . data, < . data, > F., < ., < F., > ."

static void each_by_its_sender(void **state)
{
	struct story *s = *state;
	struct flow client, server;

	for (int first = 0; first < 2; first++) {
		story_open_both(&client, &server);
		s->text[0] = '\0';
		story_add(s, first ? &server : &client, SEGMENTS_HANDSHAKE, 1);
		assert_string_equal(s->text, "");
		story_add(s, first ? &client : &server, SEGMENTS_HANDSHAKE, 2);
		assert_string_equal(s->text, HANDSHAKE);
		story_close_both(&client, &server);
		story_add(s, first ? &server : &client, SEGMENTS_CLOSE, 3);
		story_add(s, first ? &client : &server, SEGMENTS_CLOSE, 4);
		assert_string_equal(s->text, HANDSHAKE ", " CLOSE);
	}
}

/* The trace met one end when it was open: its record has no initial sequence numbers. */
static void one_end_met_open(void **state)
{
	struct story *s = *state;
	struct flow ends[2], *known, *met;

	for (uint32_t i = 0; i < 4; i++) {
		story_open_both(&ends[0], &ends[1]);
		flow_numbers(&ends[0], 1000 + i, 5000);
		flow_numbers(&ends[1], 5000, 1000 + i);
		known = &ends[i % 2];
		met = &ends[!(i % 2)];
		s->text[0] = '\0';
		story_add(s, known, SEGMENTS_HANDSHAKE, 1);
		story_close_both(&ends[0], &ends[1]);
		met->r.h.iss = met->r.h.irs = 0;
		met->r.h.options = 0;
		story_add(s, i < 2 ? met : known, SEGMENTS_CLOSE, 2);
		story_add(s, i < 2 ? known : met, SEGMENTS_CLOSE, 3);
		assert_string_equal(s->text,
				    i % 2 ? ">! S, < S., >! ., " CLOSE : "> S, <! S., > ., " CLOSE);
	}
}

/*
 * Only the receiver has the ACK's time, and is slow: the next FIN has left by the time the ACK
 * arrives.
 */
static void an_ack_that_comes_late(void **state)
{
	struct story *s = *state;
	struct flow client, server;

	story_open_both(&client, &server);
	flow_data(&client, 100, 200);
	flow_data(&server, 200, 100);
	client.now_ns = server.now_ns = BEGIN_NS + S;
	flow_fin(&client, 0);
	flow_wait(&server, 10 * US);
	flow_peer_fin(&server);
	flow_wait(&server, 10 * US);
	flow_fin(&server, 0);
	flow_wait(&client, 50 * US);
	flow_fin_acked(&client);
	flow_wait(&client, 10 * US);
	flow_peer_fin(&client);
	flow_wait(&server, 60 * US);
	flow_last_ack(&server);
	story_add(s, &client, SEGMENTS_CLOSE, 1);
	story_add(s, &server, SEGMENTS_CLOSE, 2);
	assert_string_equal(s->text, "> . data, < . data, > F., <! ., < F., > .");
	assert_false(s->backwards);
}

static void one_end_alone(void **state)
{
	struct story *s = *state;
	struct flow client, server;

	story_open_both(&client, &server);
	story_close_both(&client, &server);
	story_add(s, &client, SEGMENTS_HANDSHAKE, S);
	story_add(s, &client, SEGMENTS_CLOSE, S + 1);
	assert_int_equal(conversations_expire(s->c, S + CONVERSATIONS_WAIT_NS - 1), 0);
	assert_string_equal(s->text, "");
	assert_int_equal(conversations_expire(s->c, S + CONVERSATIONS_WAIT_NS), 0);
	assert_string_equal(s->text, "> S, <! S., > .");
	assert_int_equal(conversations_flush(s->c), 0);
	assert_string_equal(s->text, "> S, <! S., > ., "
				     "> . data, <! . data, > F., <! ., <! F., > .");
	assert_int_equal(s->payload[0], 100);
	assert_int_equal(s->payload[1], 200);
}

/*
 * The client's record is written after it was given up in FIN_WAIT2; the server closes much
 * later.
 */
static void the_other_end_comes_late(void **state)
{
	struct story *s = *state;
	struct flow client, server;

	story_open_both(&client, &server);
	story_add(s, &client, SEGMENTS_HANDSHAKE, 1);
	assert_int_equal(conversations_flush(s->c), 0);
	assert_string_equal(s->text, "> S, <! S., > .");
	story_add(s, &server, SEGMENTS_HANDSHAKE, 60 * S);
	assert_string_equal(s->text, "> S, <! S., > .");

	s->text[0] = '\0';
	story_close_both(&client, &server);
	client.r.c.n_steps = 2;
	client.r.c.flags &= ~(uint32_t)(CLOSE_REMOTE_FIN | CLOSE_TIME_WAIT);
	client.r.c.flags |= CLOSE_EXPIRED | CLOSE_OVER;
	story_add(s, &client, SEGMENTS_CLOSE, 1);
	assert_int_equal(conversations_flush(s->c), 0);
	assert_string_equal(s->text, "> . data, <! . data, > F., <! .");
	story_add(s, &server, SEGMENTS_CLOSE, 60 * S);
	assert_string_equal(s->text, "> . data, <! . data, > F., <! ., < F., >! .");
}

/* A close of both ends does not overtake a handshake that waits. */
static void the_handshake_first(void **state)
{
	struct story *s = *state;
	struct flow client, server;

	story_open_both(&client, &server);
	story_add(s, &client, SEGMENTS_HANDSHAKE, 1);
	story_close_both(&client, &server);
	story_add(s, &client, SEGMENTS_CLOSE, 2);
	story_add(s, &server, SEGMENTS_CLOSE, 3);
	assert_string_equal(s->text, "> S, <! S., > ., " CLOSE);
}

/* Nor does a connection overtake an earlier one of the same addresses. */
static void addresses_used_again(void **state)
{
	struct story *s = *state;
	struct flow client, server;

	story_open_both(&client, &server);
	story_close_both(&client, &server);
	story_add(s, &client, SEGMENTS_CLOSE, 1);
	story_open_both(&client, &server);
	flow_numbers(&client, 71000, 95000);
	flow_numbers(&server, 95000, 71000);
	story_add(s, &server, SEGMENTS_HANDSHAKE, 2);
	assert_string_equal(s->text, "");
	story_add(s, &client, SEGMENTS_HANDSHAKE, 3);
	assert_non_null(strstr(s->text, "> F., <! ., <! F., > ., > S, < S., > ."));
}

/* At the limit the oldest record is written without its other end. */
static void too_many_wait(void **state)
{
	struct story *s = *state;
	struct flow f;

	for (unsigned int i = 0; i <= CONVERSATIONS_WAITING; i++) {
		assert_string_equal(s->text, "");
		flow_open(&f, ROLE_CLIENT);
		if (i)
			f.r.h.local_port = (uint16_t)i;
		story_add(s, &f, SEGMENTS_HANDSHAKE, 1 + i);
	}
	assert_string_equal(s->text, "> S, <! S., > .");
}

/*
 * A peer uses one port again and again, so that all that waits is between the same addresses: a walk over it for
 * each record would take minutes.
 */
static void one_port_used_again(void **state)
{
	struct story *s = *state;
	struct flow client, server;
	const uint32_t n = 400000;

	story_open_both(&client, &server);
	for (uint32_t i = 0; i < n; i++) {
		flow_numbers(&client, 2 * i + 1, 2 * i + 2);
		story_add(s, &client, SEGMENTS_HANDSHAKE, i);
	}
	assert_int_equal(s->n, 3 * (n - CONVERSATIONS_WAITING));
	/* the other end of one in the middle: those before it are written alone, it with both */
	flow_numbers(&server, 2 * (n - 4000) + 2, 2 * (n - 4000) + 1);
	story_add(s, &server, SEGMENTS_HANDSHAKE, n);
	assert_int_equal(s->n, 3 * (n - 4000 + 1));
	assert_int_equal(conversations_flush(s->c), 0);
	assert_int_equal(s->n, 3 * n);
}

static void connected_to_itself(void **state)
{
	struct story *s = *state;
	struct flow f;

	flow_begin(&f, ROLE_CLIENT);
	flow_addresses(&f, "127.0.0.1", 40000, "127.0.0.1", 40000);
	flow_syn(&f);
	diary_change(&f.r, f.now_ns, BPF_TCP_SYN_SENT, BPF_TCP_SYN_RECV, STEP_STATE);
	flow_established(&f, 0);
	flow_numbers(&f, 1000, 1000);
	story_add(s, &f, SEGMENTS_HANDSHAKE, 1);
	assert_true(s->n >= 2);
	assert_null(strchr(s->text, '!'));
	assert_null(strchr(s->text, '<'));
	assert_ptr_equal(strstr(s->text, "> S,"), s->text);
}

/* More data than sequence numbers: few markers, and never more than a window without an ACK. */
static void much_data(void **state)
{
	const uint64_t sent = 5 * GIB + 12345, received = 40 * GIB;
	struct story *s = *state;
	struct flow f;

	flow_open(&f, ROLE_CLIENT);
	flow_data(&f, (uint32_t)sent, (uint32_t)received);
	f.sent = sent;
	f.received = received;
	f.now_ns = BEGIN_NS + S;
	flow_fin(&f, 0);
	flow_wait(&f, MS);
	flow_peer_fin_ack(&f);
	f.r.c.bytes_sent = sent;
	f.r.c.bytes_received = received;
	story_add(s, &f, SEGMENTS_CLOSE, 1);
	assert_int_equal(conversations_flush(s->c), 0);
	assert_int_equal(s->payload[0], sent);
	assert_int_equal(s->payload[1], received);
	assert_true(s->n < 150);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, story_begin, story_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_by_its_sender),  TEST(an_ack_that_comes_late),
		TEST(one_end_alone),	   TEST(the_other_end_comes_late),
		TEST(the_handshake_first), TEST(addresses_used_again),
		TEST(too_many_wait),	   TEST(connected_to_itself),
		TEST(much_data),	   TEST(one_port_used_again),
		TEST(one_end_met_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

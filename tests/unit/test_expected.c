// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Of which connections both ends will come: never no where there is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "conversation/expected.h"
#include "conversation/identity.h"

/* As in expected.c */
#define SLOTS (1U << 20)

static int create(void **state)
{
	*state = expected_create();
	return *state ? 0 : -1;
}

static int destroy(void **state)
{
	expected_destroy(*state);
	return 0;
}

/* An end of 10.0.0.1:port > 10.0.0.2:443, with the numbers 1000 + i and 5000 + i. */
static struct handshake_part end_of(enum role role, uint32_t i)
{
	struct flow f;

	flow_open(&f, role);
	if (role == ROLE_CLIENT)
		flow_numbers(&f, 1000 + i, 5000 + i);
	else
		flow_numbers(&f, 5000 + i, 1000 + i);
	return f.r.h;
}

static void both_ends(void **state)
{
	struct handshake_part client = end_of(ROLE_CLIENT, 0), server = end_of(ROLE_SERVER, 0),
			      other = end_of(ROLE_CLIENT, 1);

	assert_false(expected_other(*state, &client));
	expected_note(*state, &client);
	assert_false(expected_other(*state, &client));
	/* nor do two reports of one end make both */
	expected_note(*state, &client);
	assert_false(expected_other(*state, &client));
	expected_note(*state, &other);
	expected_note(*state, &server);
	assert_true(expected_other(*state, &client));
	assert_true(expected_other(*state, &server));
	assert_false(expected_other(*state, &other));
	/* of one of them that number is not known */
	server.options = 0;
	assert_false(expected_other(*state, &server));
}

/* Across NAT the numbers are the same, the addresses are not. */
static void by_numbers(void **state)
{
	struct handshake_part client = end_of(ROLE_CLIENT, 0), server = end_of(ROLE_SERVER, 0);

	server.remote[15] = 99;
	expected_note(*state, &client);
	expected_note(*state, &server);
	assert_true(expected_other(*state, &client));
	/* of the server's end only the client's number is known: then not */
	client.options = server.options = 0;
	client.flags |= HANDSHAKE_ISS;
	assert_false(expected_other(*state, &client));
}

/* Both failed, and have the client's number only: the addresses are the same. */
static void by_addresses(void **state)
{
	struct handshake_part client = end_of(ROLE_CLIENT, 0), server = end_of(ROLE_SERVER, 0);

	client.options = server.options = 0;
	client.flags |= HANDSHAKE_ISS;
	server.flags |= HANDSHAKE_IRS;
	client.irs = server.iss = 0;
	expected_note(*state, &client);
	expected_note(*state, &server);
	assert_true(expected_other(*state, &client));
	assert_true(expected_other(*state, &server));
}

/* The numbers of one end only are not noted: they would be those of others. */
static void half_of_the_numbers(void **state)
{
	struct handshake_part client = end_of(ROLE_CLIENT, 0), server = end_of(ROLE_SERVER, 0);

	server.remote[15] = 99;
	client.options = server.options = 0;
	client.flags |= HANDSHAKE_ISS;
	server.flags |= HANDSHAKE_IRS;
	expected_note(*state, &client);
	expected_note(*state, &server);
	client.options = OPTION_KNOWN;
	assert_false(expected_other(*state, &client));
}

/* Nothing tells it from the next one of the same addresses. */
static void without_a_number(void **state)
{
	struct handshake_part client = end_of(ROLE_CLIENT, 0), server = end_of(ROLE_SERVER, 0);

	client.options = 0;
	expected_note(*state, &client);
	expected_note(*state, &server);
	assert_false(expected_other(*state, &server));
	assert_false(expected_other(*state, &client));
	client.options = OPTION_KNOWN;
	client.role = ROLE_UNKNOWN;
	expected_note(*state, &client);
	assert_false(expected_other(*state, &server));
}

static uint64_t slot_of(const struct handshake_part *h)
{
	return identity_of_addresses(h) % SLOTS;
}

/* Where several have one place nothing is known of them, so that all of them wait. */
static void one_place(void **state)
{
	struct handshake_part first = end_of(ROLE_CLIENT, 0), second = first;
	uint32_t i = 0;

	/* the first end has only its address's place */
	first.options = second.options = 0;
	first.flags |= HANDSHAKE_ISS;
	second.flags |= HANDSHAKE_ISS;
	do
		second.iss = 2000 + ++i;
	while (slot_of(&second) != slot_of(&first));
	expected_note(*state, &first);
	assert_false(expected_other(*state, &first));
	assert_false(expected_other(*state, &second));
	expected_note(*state, &second);
	assert_true(expected_other(*state, &first));
	assert_true(expected_other(*state, &second));
}

/* One that was not noted is none of those that have its place. */
static void place_of_another(void **state)
{
	struct handshake_part client = end_of(ROLE_CLIENT, 0), server = end_of(ROLE_SERVER, 0),
			      other;

	client.options = server.options = 0;
	client.flags |= HANDSHAKE_ISS;
	server.flags |= HANDSHAKE_IRS;
	other = client;
	expected_note(*state, &client);
	expected_note(*state, &server);
	do
		other.iss++;
	while (slot_of(&other) != slot_of(&client));
	assert_true(expected_other(*state, &client));
	assert_false(expected_other(*state, &other));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_ends),	   TEST(by_numbers),	   TEST(by_addresses),
		TEST(half_of_the_numbers), TEST(without_a_number), TEST(one_place),
		TEST(place_of_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

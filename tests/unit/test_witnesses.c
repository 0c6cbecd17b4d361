// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Which hosts were recorded, under which addresses, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "conversation/witnesses.h"

static int create(void **state)
{
	*state = calloc(1, sizeof(struct witnesses));
	return *state ? 0 : -1;
}

static int destroy(void **state)
{
	free(*state);
	return 0;
}

/* An end at the one address, of a connection with the other. */
static struct handshake_part between(const char *local, const char *remote)
{
	struct flow f;

	flow_begin(&f, ROLE_SERVER);
	flow_addresses(&f, local, 443, remote, 40000);
	return f.r.h;
}

static void note(struct witnesses *w, uint32_t host, const char *local, int64_t t_ns)
{
	const struct handshake_part h = between(local, "10.9.9.9");

	witnesses_note(w, host, &h, t_ns);
}

static const struct witness *find(const struct witnesses *w, uint32_t host, const char *addr)
{
	const struct handshake_part h = between(addr, "10.9.9.9");

	return witnesses_find(w, host, h.local);
}

/* Who has the address that is asked for, and is not who asks. */
static void another_host(void **state)
{
	struct witnesses *w = *state;

	assert_null(find(w, 0, "10.0.0.2"));
	note(w, 1, "10.0.0.2", 100);
	assert_null(find(w, 0, "10.0.0.1"));
	assert_null(find(w, 1, "10.0.0.2"));
	assert_non_null(find(w, 0, "10.0.0.2"));
	assert_int_equal(find(w, 0, "10.0.0.2")->host, 1);
	assert_int_equal(find(w, 0, "10.0.0.2")->first_ns, 100);
	assert_int_equal(find(w, 0, "10.0.0.2")->last_ns, 100);
	/* two hosts with one address, as of a service that moved: the first that is another one */
	note(w, 2, "10.0.0.2", 200);
	assert_int_equal(find(w, 1, "10.0.0.2")->host, 2);
	assert_int_equal(find(w, 2, "10.0.0.2")->host, 1);
	assert_int_equal(w->n, 2);
}

/* It was recorded from the first of its times to the last, whatever they are of. */
static void recorded_from_to(void **state)
{
	struct witnesses *w = *state;

	note(w, 1, "10.0.0.2", 100);
	note(w, 2, "10.0.0.4", 1);
	note(w, 1, "10.0.0.3", 300);
	note(w, 1, "10.0.0.2", 50);
	note(w, 2, "10.0.0.4", 1000);
	assert_int_equal(w->n, 3);
	assert_int_equal(find(w, 0, "10.0.0.2")->first_ns, 50);
	assert_int_equal(find(w, 0, "10.0.0.2")->last_ns, 300);
	assert_int_equal(find(w, 0, "10.0.0.4")->first_ns, 1);
	assert_int_equal(find(w, 0, "10.0.0.4")->last_ns, 1000);
}

/* Every host has 127.0.0.1; but its time counts. */
static void loopback(void **state)
{
	struct witnesses *w = *state;
	const struct handshake_part self = between("127.0.0.1", "127.0.0.1");

	witnesses_note(w, 1, &self, 10);
	assert_int_equal(w->n, 0);
	note(w, 1, "10.0.0.2", 100);
	witnesses_note(w, 1, &self, 200);
	assert_int_equal(w->n, 1);
	assert_null(witnesses_find(w, 0, self.local));
	assert_int_equal(find(w, 0, "10.0.0.2")->last_ns, 200);
}

/* So many addresses and no more; the times of those that are known still count. */
static void many(void **state)
{
	struct witnesses *w = *state;
	struct handshake_part h = between("10.0.0.2", "10.9.9.9");

	for (unsigned int i = 0; i <= WITNESSES_MAX; i++) {
		h.local[13] = (uint8_t)(i >> 8);
		h.local[14] = (uint8_t)i;
		witnesses_note(w, 1, &h, i);
	}
	assert_int_equal(w->n, WITNESSES_MAX);
	assert_null(witnesses_find(w, 0, h.local));
	h.local[13] = h.local[14] = 0;
	assert_int_equal(witnesses_find(w, 0, h.local)->last_ns, WITNESSES_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_host),
		TEST(recorded_from_to),
		TEST(loopback),
		TEST(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* In which order open chapters are reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "chapter/open_place.h"

#define PLACES_MAX 16

/* Sorts them from several beginnings: they are given in the order that they are to be in. */
static void expect_order(const struct open_place *places, size_t n)
{
	struct open_place mixed[PLACES_MAX];

	assert_true(n <= PLACES_MAX);
	for (size_t by = 1; by <= n; by++) {
		for (size_t i = 0; i < n; i++)
			mixed[i] = places[by % 2 ? (i + by) % n : (2 * n - i - by) % n];
		qsort(mixed, n, sizeof(*mixed), open_place_compare);
		assert_memory_equal(mixed, places, n * sizeof(*mixed));
	}
}

static void states(void **state)
{
	static const uint8_t in_order[] = {
		0,
		BPF_TCP_SYN_SENT,
		BPF_TCP_NEW_SYN_RECV,
		BPF_TCP_SYN_RECV,
		BPF_TCP_ESTABLISHED,
		BPF_TCP_FIN_WAIT1,
		BPF_TCP_FIN_WAIT2,
		BPF_TCP_CLOSING,
		BPF_TCP_CLOSE_WAIT,
		BPF_TCP_LAST_ACK,
		BPF_TCP_TIME_WAIT,
		/* a damaged record, or a newer kernel's */
		200,
	};
	struct open_place places[sizeof(in_order)];

	(void)state;
	memset(places, 0, sizeof(places));
	for (size_t i = 0; i < sizeof(in_order); i++) {
		places[i].state = in_order[i];
		/* the state decides, whatever the age */
		places[i].since_ns = BEGIN_NS - i * S;
	}
	expect_order(places, sizeof(in_order));
}

static void ages(void **state)
{
	static const struct {
		uint64_t since_ns, conn;
	} in_order[] = {
		{ 0, 7 },	   { 0, 9 }, { 1, 8 }, { 5 * S, 3 }, { 5 * S, UINT64_MAX },
		{ UINT64_MAX, 1 },
	};
	struct open_place places[6];

	(void)state;
	memset(places, 0, sizeof(places));
	for (size_t i = 0; i < 6; i++) {
		places[i].state = BPF_TCP_CLOSE_WAIT;
		places[i].since_ns = in_order[i].since_ns;
		places[i].conn = in_order[i].conn;
	}
	expect_order(places, 6);
}

/* The age is that of state_us. */
static void expect_age(const struct flow *f, uint8_t state, uint64_t since_ns)
{
	const struct open_place p = open_place(&f->r);
	struct chapter ch;

	assert_int_equal(p.state, state);
	assert_int_equal(p.conn, f->r.h.conn);
	assert_int_equal(p.since_ns, since_ns);
	if (f->r.h.flags & HANDSHAKE_ESTABLISHED)
		chapter_close(&ch, &f->r, f->now_ns);
	else
		chapter_handshake(&ch, &f->r.h, f->now_ns);
	assert_int_equal(ch.state, state);
	assert_int_equal(ch.state_ns.known, since_ns != 0);
	if (since_ns)
		assert_int_equal(ch.state_ns.value, f->now_ns - since_ns);
}

static void records(void **state)
{
	uint64_t since_ns;
	struct flow f;

	(void)state;
	flow_begin(&f, ROLE_CLIENT);
	flow_syn(&f);
	flow_wait(&f, S);
	/* sent again, it is no younger */
	flow_syn_again(&f);
	flow_wait(&f, S);
	expect_age(&f, BPF_TCP_SYN_SENT, BEGIN_NS);
	f.r.h.flags |= HANDSHAKE_EVENTS_LOST;
	expect_age(&f, BPF_TCP_SYN_SENT, 0);

	flow_until_fin_wait2(&f);
	since_ns = f.now_ns;
	flow_wait(&f, 7 * S);
	expect_age(&f, BPF_TCP_FIN_WAIT2, since_ns);

	/* stuck while it is established */
	flow_open(&f, ROLE_CLIENT);
	since_ns = f.now_ns;
	flow_wait(&f, S);
	expect_age(&f, BPF_TCP_ESTABLISHED, since_ns);

	/* it was there before the trace */
	flow_begin(&f, ROLE_UNKNOWN);
	f.r.h.state = BPF_TCP_CLOSE_WAIT;
	f.r.h.flags = HANDSHAKE_BEFORE_TRACE | HANDSHAKE_ESTABLISHED | HANDSHAKE_POSTED;
	expect_age(&f, BPF_TCP_CLOSE_WAIT, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states),
		cmocka_unit_test(ages),
		cmocka_unit_test(records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

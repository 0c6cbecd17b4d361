// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* How far the clocks of two hosts are apart, by the handshakes that both recorded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "conversation/clocks.h"
#include "conversation/end.h"

/* An established end; the numbers come of the client's port. */
static struct end end_of(enum role role, uint16_t port)
{
	struct end end = { 0 };
	struct flow f;

	flow_open(&f, role);
	flow_numbers(&f, role == ROLE_CLIENT ? port : port + 7U,
		     role == ROLE_CLIENT ? port + 7U : port);
	end.record = f.r;
	return end;
}

static void give(struct clocks *c, enum item_type type, const void *data, size_t len)
{
	assert_int_equal(clocks_item(c, &(struct item){ type, data, len }), 0);
}

static void be_host(struct clocks *c, uint8_t number, int64_t offset_ns)
{
	struct item_host host = { .boot = { number }, .name = "host" };

	give(c, ITEM_HOST, &host, sizeof(host));
	give(c, ITEM_CLOCK, &offset_ns, sizeof(offset_ns));
}

/* A handshake at the server; what the client has of it is `there` ns earlier and `back` later. */
static void shake(struct clocks *c, enum role role, uint16_t port, uint64_t there_ns,
		  uint64_t back_ns)
{
	struct end end = end_of(role, port);
	struct handshake_part *h = &end.record.h;
	uint64_t synack_ns = BEGIN_NS + port * MS;

	h->n_steps = 0;
	h->state = role == ROLE_CLIENT ? BPF_TCP_CLOSE : BPF_TCP_SYN_RECV;
	h->flags &= ~HANDSHAKE_ESTABLISHED;
	if (role == ROLE_CLIENT)
		diary_change(&end.record, synack_ns - there_ns, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT,
			     STEP_STATE);
	h->sent_ns = role == ROLE_CLIENT ? 0 : synack_ns;
	diary_change(&end.record, synack_ns + back_ns + (role == ROLE_CLIENT ? 0 : there_ns),
		     h->state, BPF_TCP_ESTABLISHED, STEP_STATE);
	give(c, ITEM_HANDSHAKE, h, sizeof(*h));
}

/* The client's clock is 1 s behind: the bounds are those of the quickest handshakes. */
static void offsets(void **state)
{
	struct clocks *c = clocks_create();
	struct clock_offset o;

	(void)state;
	assert_non_null(c);
	be_host(c, 1, 5 * (int64_t)S);
	assert_int_equal(clocks_host(c), 0);
	shake(c, ROLE_CLIENT, 40000, 30 * MS, 50 * MS);
	shake(c, ROLE_CLIENT, 40001, 40 * MS, 20 * MS);
	be_host(c, 2, 6 * (int64_t)S);
	assert_int_equal(clocks_host(c), 1);
	o = clocks_offset(c, 0, 1);
	assert_true(o.unknown);
	shake(c, ROLE_SERVER, 40000, 30 * MS, 50 * MS);
	shake(c, ROLE_SERVER, 40001, 40 * MS, 20 * MS);
	/* between 1 s - 20 ms and 1 s + 30 ms */
	o = clocks_offset(c, 0, 1);
	assert_false(o.unknown || o.unsteady);
	assert_int_equal(o.ns, S + 5 * MS);
	assert_int_equal(o.uncertainty_ns, 25 * MS);
	o = clocks_offset(c, 1, 0);
	assert_int_equal(o.ns, -(int64_t)(S + 5 * MS));
	o = clocks_offset(c, 1, 1);
	assert_int_equal(o.ns | o.uncertainty_ns, 0);
	/* the second one was set back */
	be_host(c, 1, 5 * (int64_t)S);
	assert_int_equal(clocks_host(c), 0);
	shake(c, ROLE_CLIENT, 40002, 1 * MS, 1 * MS);
	be_host(c, 2, 3 * (int64_t)S);
	shake(c, ROLE_SERVER, 40002, 1 * MS, 1 * MS);
	o = clocks_offset(c, 0, 1);
	assert_true(o.unsteady);
	clocks_set_offset(c, 7);
	o = clocks_offset(c, 1, 0);
	assert_int_equal(o.ns, -7);
	assert_false(o.unsteady);
	clocks_destroy(c);
}

/* A damaged recording: sums of its times fit no number. */
static void damaged(void **state)
{
	const int64_t offsets_ns[] = { INT64_MAX, INT64_MIN, INT64_MAX / 4, -INT64_MAX / 4 };
	struct clocks *c = clocks_create();

	(void)state;
	assert_non_null(c);
	for (unsigned int i = 0; i < 4; i++) {
		be_host(c, (uint8_t)i, offsets_ns[i]);
		for (unsigned int role = ROLE_CLIENT; role <= ROLE_SERVER; role++) {
			struct end end = end_of(role, (uint16_t)(40000 + role));

			end.record.h.t0_ns = UINT64_MAX - i;
			end.record.h.sent_ns = i % 2 ? UINT64_MAX : 1;
			give(c, ITEM_HANDSHAKE, &end.record.h, sizeof(end.record.h));
			end.record.h.t0_ns = INT64_MAX / 8;
			give(c, ITEM_HANDSHAKE, &end.record.h, sizeof(end.record.h));
		}
	}
	clocks_offset(c, 0, 3);
	clocks_destroy(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

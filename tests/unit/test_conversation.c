// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Conversations of damaged records: whatever is in them, each event has one line, and every format prints it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "conversation/conversation.h"
#include "render/render.h"

#define ROUNDS 4000

static uint64_t rng = 0x9e3779b97f4a7c15;

static uint64_t next(void)
{
	uint64_t z = rng += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* A connection that was closed, of which some bytes are anything. */
static struct end damaged(enum role role)
{
	struct end end = { .has_close = next() % 8 != 0, .now_ns = next() % 4 ? 0 : next() };
	uint8_t *bytes = (uint8_t *)&end.record;
	struct flow f;

	flow_open(&f, role);
	flow_fin(&f, 0);
	flow_fin_again(&f);
	flow_peer_fin_ack(&f);
	end.record = f.r;
	for (uint64_t n = next() % 64; n; n--)
		bytes[next() % sizeof(end.record)] = (uint8_t)next();
	if (next() % 4 == 0)
		for (unsigned int i = 0; i < HANDSHAKE_STEPS; i++)
			end.record.h.steps[i] = next();
	if (next() % 4 == 0)
		for (unsigned int i = 0; i < CLOSE_STEPS; i++)
			end.record.c.steps[i] = next();
	end.record.h.role = (uint8_t)role;
	end.n_drops = (uint8_t)(next() % 8);
	for (unsigned int i = 0; i < END_DROPS; i++)
		end.drop_ns[i] = next() % 2 ? next() : BEGIN_NS + i * S;
	end.clock_offset_ns = next() % 2 ? (int64_t)next() : 0;
	end.host = (uint32_t)(next() % 2);
	return end;
}

/* Each event of each end has one line, in the order of its end. */
static void check_rows(const struct conversation *c)
{
	static struct conversation_row rows[CONVERSATION_ROWS_MAX];
	size_t n = conversation_rows(c, rows);
	int seen[SIDES] = { 0, 0 };

	assert_true(n <= CONVERSATION_ROWS_MAX);
	for (size_t i = 0; i < n; i++)
		for (unsigned int side = 0; side < SIDES; side++)
			if (rows[i].at[side] >= 0)
				assert_int_equal(rows[i].at[side], seen[side]++);
	for (unsigned int side = 0; side < SIDES; side++)
		assert_int_equal(seen[side], c->n_events[side]);
}

/* A segment that arrived is the one that left. */
static void check_segments(const struct conversation *c)
{
	for (unsigned int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < c->n_events[side]; i++) {
			int other = c->events[side][i].other;

			if (other < 0)
				continue;
			assert_true((size_t)other < c->n_events[!side]);
			assert_int_equal(c->events[!side][other].other, i);
		}
}

static void any_bytes(void **state)
{
	static const char *const formats[] = { "ladder", "timeline", "json" };
	static struct conversation c;
	const struct slow_limits slow = SLOW_LIMITS_DEFAULT;
	struct clocks *clocks = clocks_create();
	struct render_context rc = { .out = fopen("/dev/null", "we") };

	(void)state;
	assert_non_null(clocks);
	assert_non_null(rc.out);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct end client = damaged(ROLE_CLIENT), server = damaged(ROLE_SERVER);
		const struct conversation_context with = { round % 2, clocks, &slow };

		conversation_set(&c, &client, &server, &with);
		check_rows(&c);
		check_segments(&c);
		rc.utf8 = round % 3;
		rc.verbose = round % 5;
		rc.colour = round % 7;
		for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
			renderer_find(formats[i])->conversation(&rc, &c);
	}
	fclose(rc.out);
	clocks_destroy(clocks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

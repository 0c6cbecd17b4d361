// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the rows of the metrics count is what the chapters say. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "any_record.h"
#include "cases.h"
#include "metrics/rows.h"
#include "shared/row.h"

#define ROUNDS 200000

#define NONE(ns)
#define BOUND(ns) (ns),

static void buckets(void **state)
{
	static const uint64_t bounds[] = { ROW_BOUNDS(BOUND, BOUND, BOUND) };

	(void)state;
	assert_int_equal(sizeof(bounds) / sizeof(bounds[0]), ROW_BUCKETS - 1);
	for (uint32_t i = 0; i < ROW_BUCKETS - 1; i++) {
		assert_int_equal(row_bucket(bounds[i] - 1), i);
		assert_int_equal(row_bucket(bounds[i]), i);
		assert_int_equal(row_bucket(bounds[i] + 1), i + 1);
	}
	assert_int_equal(row_bucket(0), 0);
	assert_int_equal(row_bucket(~0ULL), ROW_BUCKETS - 1);
}

/* What Prometheus takes the buckets of its schema 1 for, in the whole ns that are not above it. */
static void native_bounds(void **state)
{
	static const uint64_t bounds[] = { ROW_BOUNDS(NONE, BOUND, BOUND) };

	(void)state;
	for (int i = 0; i < (int)(sizeof(bounds) / sizeof(bounds[0])); i++)
		assert_int_equal(bounds[i],
				 (uint64_t)floorl(exp2l((NATIVE_FIRST + i) / 2.0L) * 1e9L));
}

static void classic_bounds(void **state)
{
	static const uint64_t bounds[] = { ROW_BOUNDS(BOUND, NONE, BOUND) };
	static const double s[] = { .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05,
				    .1,	   .25,	   .5,	  1,	3,     7,    15,  31 };

	(void)state;
	assert_int_equal(sizeof(bounds) / sizeof(bounds[0]), sizeof(s) / sizeof(s[0]));
	for (size_t i = 0; i < sizeof(s) / sizeof(s[0]); i++)
		assert_int_equal(bounds[i], (uint64_t)llround(s[i] * 1e9));
}

static uint64_t value(struct maybe ns)
{
	return ns.known && ns.value > 0 ? (uint64_t)ns.value : 0;
}

/* Of one record: the sum is its value. */
static void same_close(const struct record *r)
{
	struct row_counts row = { 0 };
	struct chapter ch;

	chapter_close(&ch, r, 0);
	row_add_close(&row, verdict_ending(r));
	assert_int_equal(row.endings[ch.close.ending], 1);
	if (ch.close.first_closer == CLOSER_REMOTE && step_to(r->c.steps[0]) == BPF_TCP_CLOSE_WAIT)
		assert_int_equal(row_close_wait_ns(r), value(ch.close.app_close_ns));
}

static void any(void **state)
{
	struct chapter ch;
	struct record r;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct row_counts row = { 0 };

		any_record(&r);
		chapter_handshake(&ch, &r.h, 0);
		row_add_handshake(&row, &r.h, verdict_outcome(&r.h));
		assert_int_equal(row.outcomes[ch.handshake.outcome], 1);
		if (diary_established(&r))
			assert_int_equal(row_handshake_ns(&r.h), value(ch.handshake.handshake_ns));
		assert_int_equal(row.syn_retransmits + row.synack_retransmits,
				 r.h.role ? r.h.retransmits : 0);
		if (diary_established(&r))
			same_close(&r);
	}
}

static void close_wait(void **state)
{
	struct flow f;

	(void)state;
	flow_until_last_ack(&f, 7 * MS, 0);
	flow_last_ack(&f);
	assert_int_equal(row_close_wait_ns(&f.r), 7 * MS);
	same_close(&f.r);
	/* we closed first */
	flow_until_fin_wait2(&f);
	flow_peer_fin(&f);
	assert_int_equal(row_close_wait_ns(&f.r), 0);
	/* the ACK of the peer's FIN has a step of its own */
	flow_open_with_data(&f, ROLE_SERVER);
	flow_peer_fin(&f);
	flow_ack_sent(&f);
	flow_wait(&f, 3 * MS);
	flow_fin(&f, 0);
	flow_last_ack(&f);
	assert_int_equal(row_close_wait_ns(&f.r), 3 * MS);
	same_close(&f.r);
	/* reset meanwhile: nobody closed it */
	flow_open_with_data(&f, ROLE_SERVER);
	flow_peer_fin(&f);
	flow_wait(&f, 3 * MS);
	flow_died(&f, 32 /* EPIPE */, 0, CLOSE_RST_RECEIVED);
	assert_int_equal(row_close_wait_ns(&f.r), 0);
}

static void accepted(void **state)
{
	struct flow f;

	(void)state;
	flow_begin(&f, ROLE_SERVER);
	flow_established(&f, 100);
	assert_int_equal(row_accept_ns(&f.r.h), 0);
	flow_wait(&f, 5 * MS);
	flow_accepted(&f, 7, "server");
	assert_int_equal(row_accept_ns(&f.r.h), 5 * MS);
}

static struct row_labels labels(enum role role, uint16_t port, const char *workload)
{
	struct row_labels l = { .role = role, .port = port };

	strncpy(l.workload, workload, WORKLOAD_NAME_MAX - 1);
	return l;
}

/* Of what finds no room, the others' row counts, and stays where it is. */
static void full(void **state)
{
	struct metrics_rows *rows = metrics_rows_create(2);
	struct row_labels l = labels(ROLE_SERVER, 80, "");
	struct metrics_row *web = metrics_rows_find(rows, &l), *row;

	(void)state;
	l = labels(ROLE_CLIENT, 443, "");
	assert_ptr_not_equal(metrics_rows_find(rows, &l), web);
	l = labels(ROLE_SERVER, 22, "");
	row = metrics_rows_find(rows, &l);
	assert_int_equal(row->labels.port, ROW_OTHER);
	assert_int_equal(row->labels.role, ROLE_SERVER);
	assert_int_equal(metrics_rows_full(rows), 1);
	l = labels(ROLE_SERVER, 80, "");
	assert_ptr_equal(metrics_rows_find(rows, &l), web);
	assert_true(metrics_rows_has(rows, ROLE_SERVER, 80));
	assert_false(metrics_rows_has(rows, ROLE_SERVER, 22));
	for (size_t i = 1; i < metrics_rows_number(rows); i++)
		assert_true(metrics_rows_at(rows, i - 1)->labels.role <=
			    metrics_rows_at(rows, i)->labels.role);
	metrics_rows_destroy(rows);
	metrics_rows_destroy(NULL);
}

/* What the kernel has counted is taken once, whatever the row is called by then. */
static void taken(void **state)
{
	struct metrics_rows *rows = metrics_rows_create(8);
	struct row_key key = { .cgroup = 7, .role = ROLE_SERVER, .port = 80 };
	struct row_labels unknown = labels(ROLE_SERVER, 80, ""),
			  web = labels(ROLE_SERVER, 80, "web.service");
	struct kernel_row now = { .counted.outcomes = { [OUTCOME_ESTABLISHED] = 3 } };

	(void)state;
	assert_false(metrics_rows_take(rows, &key, &unknown, &now, S));
	now.counted.outcomes[OUTCOME_ESTABLISHED] = 5;
	assert_false(metrics_rows_take(rows, &key, &web, &now, 2 * S));
	assert_int_equal(metrics_rows_find(rows, &unknown)->counts.outcomes[OUTCOME_ESTABLISHED],
			 3);
	assert_int_equal(metrics_rows_find(rows, &web)->counts.outcomes[OUTCOME_ESTABLISHED], 2);
	/* nothing new for ten minutes: it may go, and what it counts then is new */
	assert_false(metrics_rows_take(rows, &key, &web, &now, 600 * S));
	assert_true(metrics_rows_take(rows, &key, &web, &now, 603 * S));
	now.counted.outcomes[OUTCOME_ESTABLISHED] = 1;
	assert_false(metrics_rows_take(rows, &key, &web, &now, 604 * S));
	assert_int_equal(metrics_rows_find(rows, &web)->counts.outcomes[OUTCOME_ESTABLISHED], 3);
	/* a row without a cgroup stays */
	key.cgroup = 0;
	assert_false(metrics_rows_take(rows, &key, &unknown, &now, 700 * S));
	assert_false(metrics_rows_take(rows, &key, &unknown, &now, 7000 * S));
	metrics_rows_destroy(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets),	  cmocka_unit_test(native_bounds),
		cmocka_unit_test(classic_bounds), cmocka_unit_test(any),
		cmocka_unit_test(close_wait),	  cmocka_unit_test(accepted),
		cmocka_unit_test(full),		  cmocka_unit_test(taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

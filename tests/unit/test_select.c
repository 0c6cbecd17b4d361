// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Which items --open, --state, --older, --min-accept, --since and --until select. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cases.h"
#include "chapter/select.h"
#include "chapter/verdict_filter.h"

/* local midnight of 2026-11-29, in UTC */
#define MIDNIGHT_S 1795910400LL

struct got {
	unsigned int handshakes, closes, both, open, others;
};

static int get(void *ctx, const struct item *item)
{
	struct got *g = ctx;

	if (item->type == ITEM_HANDSHAKE)
		g->handshakes++;
	else if (item->type == ITEM_CLOSE && chapter_handshake_posted(item->data))
		g->closes++;
	else if (item->type == ITEM_CLOSE)
		g->both++;
	else if (item->type == ITEM_OPEN)
		g->open++;
	else
		g->others++;
	return 0;
}

static struct got select_one(const struct options *o, const struct item *item)
{
	struct got g = { 0 };
	struct selection s = { .options = o, .sink = get, .ctx = &g };

	assert_int_equal(select_item(&s, item), 0);
	select_end(&s);
	return g;
}

static struct got filter_one(const struct options *o, const struct item *item)
{
	const int64_t offset_ns = MIDNIGHT_S * (int64_t)S - (int64_t)BEGIN_NS;
	struct verdict_filter f = { .options = o };
	struct got g = { 0 };

	verdict_filter(&f, &(struct item){ ITEM_CLOCK, &offset_ns, sizeof(offset_ns) });
	item = verdict_filter(&f, item);
	if (item)
		get(&g, item);
	return g;
}

/* The peer has closed, 20 s ago, and the server has not. */
static struct item_open in_close_wait(struct flow *f)
{
	flow_open(f, ROLE_SERVER);
	flow_peer_fin(f);
	flow_wait(f, 20 * S);
	return (struct item_open){ .now_ns = f->now_ns, .record = f->r };
}

static void only_open(void **state)
{
	const struct options all = { 0 }, open = { .open = true };
	struct flow f;
	struct item_open left = in_close_wait(&f);
	const struct item item = { ITEM_OPEN, &left, sizeof(left) };
	const struct item over = { ITEM_CLOSE, &f.r, sizeof(f.r) };
	const struct item handshake = { ITEM_HANDSHAKE, &f.r.h, sizeof(f.r.h) };

	(void)state;
	assert_int_equal(select_one(&open, &item).open, 1);
	assert_int_equal(select_one(&all, &over).both + select_one(&all, &over).closes, 1);
	assert_int_equal(select_one(&open, &over).both + select_one(&open, &over).closes, 0);
	assert_int_equal(select_one(&all, &handshake).handshakes, 1);
	assert_int_equal(select_one(&open, &handshake).handshakes, 0);
}

static void state_and_age(void **state)
{
	struct options o = { .open = true, .states.included = 1U << BPF_TCP_CLOSE_WAIT };
	struct flow f;
	struct item_open left = in_close_wait(&f);
	const struct item item = { ITEM_OPEN, &left, sizeof(left) };

	(void)state;
	assert_int_equal(select_one(&o, &item).open, 1);
	o.older_ns = 20 * S;
	assert_int_equal(select_one(&o, &item).open, 1);
	o.older_ns = 20 * S + 1;
	assert_int_equal(select_one(&o, &item).open, 0);
	/* it was so before the trace: for how long is not known */
	left.record.c.n_steps = 0;
	left.record.h.n_steps = 0;
	assert_int_equal(select_one(&o, &item).open, 1);
	o.states.included = 1U << BPF_TCP_FIN_WAIT2;
	assert_int_equal(select_one(&o, &item).open, 0);
	o.states = (struct bits){ .excluded = 1U << BPF_TCP_FIN_WAIT2 };
	assert_int_equal(select_one(&o, &item).open, 1);
	o.states.excluded = 1U << BPF_TCP_CLOSE_WAIT;
	assert_int_equal(select_one(&o, &item).open, 0);
}

static void wait_for_accept(void **state)
{
	struct options o = { .min_accept_ns = 30 * US };
	struct flow f;
	struct item item = { ITEM_HANDSHAKE, &f.r.h, sizeof(f.r.h) };

	(void)state;
	flow_open(&f, ROLE_SERVER);
	assert_int_equal(filter_one(&o, &item).handshakes, 1);
	flow_fin(&f, 0);
	/* of the close, only the handshake within is selected */
	item = (struct item){ ITEM_CLOSE, &f.r, sizeof(f.r) };
	f.r.h.flags &= ~HANDSHAKE_POSTED;
	assert_int_equal(filter_one(&o, &item).handshakes, 1);
	f.r.h.flags |= HANDSHAKE_POSTED;
	assert_int_equal(filter_one(&o, &item).closes, 0);
	/* it was told before accept() returned: the close says how long that took */
	f.r.h.accept_fate = ACCEPT_LATE;
	assert_int_equal(filter_one(&o, &item).closes, 1);
	o.min_accept_ns++;
	assert_int_equal(filter_one(&o, &item).closes, 0);
	item = (struct item){ ITEM_HANDSHAKE, &f.r.h, sizeof(f.r.h) };
	assert_int_equal(filter_one(&o, &item).handshakes, 0);
	/* a client does not wait */
	flow_open(&f, ROLE_CLIENT);
	assert_int_equal(filter_one(&o, &item).handshakes, 0);
}

static struct options window(bool of_day, int64_t since_ns, int64_t until_ns)
{
	return (struct options){
		.since = { since_ns != INT64_MIN, of_day, since_ns },
		.until = { until_ns != INT64_MAX, of_day, until_ns },
	};
}

/* The handshake begins at midnight, the close an hour later. */
static void the_window(void **state)
{
	const int64_t hour = 3600 * (int64_t)S, midnight = MIDNIGHT_S * (int64_t)S;
	struct options o = window(true, INT64_MIN, hour / 2);
	struct flow f;
	const struct item item = { ITEM_CLOSE, &f.r, sizeof(f.r) };

	(void)state;
	flow_open(&f, ROLE_CLIENT);
	f.now_ns = BEGIN_NS + (uint64_t)hour;
	flow_fin(&f, 0);
	f.r.h.flags &= ~HANDSHAKE_POSTED;
	assert_int_equal(filter_one(&o, &item).handshakes, 1);
	o = window(true, hour / 2, INT64_MAX);
	assert_int_equal(filter_one(&o, &item).closes, 1);
	o = window(true, 0, 2 * hour);
	assert_int_equal(filter_one(&o, &item).both, 1);
	o = window(false, midnight + 1, midnight + hour);
	assert_int_equal(filter_one(&o, &item).both + filter_one(&o, &item).closes, 0);
	o = window(false, midnight + hour, INT64_MAX);
	assert_int_equal(filter_one(&o, &item).closes, 1);
}

/* -c: a handshake that is passed over may come with the close, but not with that of another trace. */
static void two_traces(void **state)
{
	const struct item_counts counts = { 0 };
	struct options o = { 0 };
	struct got g = { 0 };
	struct selection s = { .options = &o, .sink = get, .ctx = &g };
	struct flow f;
	const struct item handshake = { ITEM_HANDSHAKE, &f.r.h, sizeof(f.r.h) };
	const struct item close = { ITEM_CLOSE, &f.r, sizeof(f.r) };
	const struct item ends = { ITEM_COUNTS, &counts, sizeof(counts) };
	const struct item cut_off = { .type = ITEM_CUT_OFF };

	(void)state;
	flow_open(&f, ROLE_SERVER);
	assert_int_equal(comm_patterns_add(&o.comms, "other", false), 0);
	assert_int_equal(select_item(&s, &handshake), 0);
	flow_fin(&f, 0);
	f.r.h.flags |= HANDSHAKE_POSTED;
	owner_set(&f.r.h.acceptor, 7, "other");
	assert_int_equal(select_item(&s, &close), 0);
	assert_int_equal(g.both, 1);

	for (unsigned int i = 0; i < 2; i++) {
		owner_set(&f.r.h.acceptor, 7, "nginx");
		assert_int_equal(select_item(&s, &handshake), 0);
		assert_int_equal(select_item(&s, i ? &cut_off : &ends), 0);
		owner_set(&f.r.h.acceptor, 7, "other");
		assert_int_equal(select_item(&s, &close), 0);
		assert_int_equal(g.both, 1);
		assert_int_equal(g.closes, i + 1);
	}
	select_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_open),	   cmocka_unit_test(state_and_age),
		cmocka_unit_test(wait_for_accept), cmocka_unit_test(the_window),
		cmocka_unit_test(two_traces),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

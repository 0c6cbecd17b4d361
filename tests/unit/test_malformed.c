// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Random and damaged items through the reporter and every renderer.  It is AddressSanitizer and
 * UBSan that find the errors; the seeds are fixed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "golden_cases.h"
#include "chapter/select.h"
#include "stage.h"
#include "kernel/sweep.h"

#define ROUNDS 3000
#define ITEM_MAX (sizeof(struct item_open) + 64)

/* xorshift64, so that all machines have the same numbers */
static uint64_t rng;

static uint64_t next(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

static void fill(uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(next() >> 24);
}

/* A reporter with -v and -s that writes to /dev/null. */
struct bench {
	struct stage stage;
	struct selection selection;
	FILE *out;
};

static void bench_open(struct bench *b, const struct renderer *renderer)
{
	memset(b, 0, sizeof(*b));
	b->out = fopen("/dev/null", "we");
	b->stage.options.verbose = next() & 1;
	b->stage.options.time_style = (enum time_style)(next() % 3);
	b->selection = (struct selection){
		.options = &b->stage.options,
		.sink = reporter_item,
		.ctx = &b->stage.reporter,
	};
	stage_open(&b->stage, renderer->name, b->out, next() & 1);
}

static void bench_close(struct bench *b)
{
	FILE *table = fopen("/dev/null", "we");

	select_end(&b->selection);
	assert_int_equal(reporter_end(&b->stage.reporter), 0);
	assert_non_null(table);
	summary_print(table, b->stage.reporter.summary, false);
	fclose(table);
	stage_close(&b->stage);
	fclose(b->out);
}

static const size_t sizes[] = {
	[ITEM_CLOCK] = sizeof(int64_t),
	[ITEM_HANDSHAKE] = sizeof(struct handshake_part),
	[ITEM_CLOSE] = sizeof(struct record),
	[ITEM_OPEN] = sizeof(struct item_open),
	[ITEM_TRANSITION] = sizeof(struct transition),
	[ITEM_CGROUP] = sizeof(uint64_t) + 20,
	[ITEM_HOST] = sizeof(struct item_host),
	[ITEM_COUNTS] = sizeof(struct item_counts),
	[ITEM_SNAPSHOT] = 0,
	[ITEM_LISTENER] = sizeof(struct item_listener),
	[ITEM_COUNTED] = sizeof(struct item_counted),
};
#define TYPES (sizeof(sizes) / sizeof(sizes[0]))

/* Mostly the right size, so that the bytes are read; else a byte more or less, or any. */
static size_t some_size(size_t right)
{
	switch (next() % 8) {
	case 0:
		return 0;
	case 1:
		return right ? right - 1 : 0;
	case 2:
		return right + 1;
	case 3:
		return next() % ITEM_MAX;
	default:
		return right;
	}
}

/* In a buffer of exactly len bytes, so that AddressSanitizer sees a read past the end. */
static void give(struct bench *b, unsigned int type, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	assert_int_equal(select_item(&b->selection, &(struct item){ type, copy, len }), 0);
	assert_int_equal(reporter_item(&b->stage.reporter, &(struct item){ type, copy, len }), 0);
	free(copy);
}

static void random_bytes(void **state)
{
	uint8_t bytes[ITEM_MAX];
	struct bench b;

	(void)state;
	for (size_t i = 0; renderers[i]->name; i++) {
		rng = 0x9e3779b97f4a7c15 + i;
		bench_open(&b, renderers[i]);
		for (unsigned int round = 0; round < ROUNDS; round++) {
			unsigned int type = (unsigned int)(next() % (TYPES + 2));

			fill(bytes, sizeof(bytes));
			give(&b, type, bytes, some_size(type < TYPES ? sizes[type] : 100));
		}
		bench_close(&b);
	}
}

/* An item, and a copy of it with a few bytes changed. */
static void damaged_item(struct bench *b, const struct item *item)
{
	uint8_t bytes[ITEM_MAX] = { 0 };

	if (item->len > sizeof(bytes))
		return;
	if (item->len)
		memcpy(bytes, item->data, item->len);
	for (uint64_t n = next() % 6; n && item->len; n--)
		bytes[next() % item->len] = next() & 1 ? 0xff : (uint8_t)next();
	give(b, item->type, bytes, some_size(item->len));
}

static int damage(void *ctx, const struct item *item)
{
	for (unsigned int i = 0; i < 30; i++)
		damaged_item(ctx, item);
	return 0;
}

static void damaged_records(void **state)
{
	struct poster t = { .sink = damage };
	struct bench b;

	(void)state;
	for (size_t i = 0; renderers[i]->name; i++) {
		rng = 0xbf58476d1ce4e5b9 + i;
		bench_open(&b, renderers[i]);
		t.ctx = &b;
		post_begin(&t);
		for (const struct golden_case *c = golden_cases; c->name; c++)
			c->post(&t);
		bench_close(&b);
	}
}

/* Random steps in a valid record: each of a close's 14 may have an answer. */
static void random_steps(void **state)
{
	static const uint64_t kinds = STEP_EXPIRED + 1;
	struct bench b;
	struct flow f;

	(void)state;
	for (size_t i = 0; renderers[i]->name; i++) {
		rng = 0x94d049bb133111eb + i;
		bench_open(&b, renderers[i]);
		for (unsigned int round = 0; round < ROUNDS; round++) {
			flow_open(&f, round & 1 ? ROLE_SERVER : ROLE_CLIENT);
			for (unsigned int s = 0; s < HANDSHAKE_STEPS; s++)
				f.r.h.steps[s] = step_pack(next(), next() % 16, next() % 16,
							   next() % kinds);
			for (unsigned int s = 0; s < CLOSE_STEPS; s++)
				f.r.c.steps[s] = step_pack(next(), next() % 16, next() % 16,
							   next() % kinds);
			/* the kinds that are most often answered */
			if (round % 5 == 0)
				for (unsigned int s = 0; s < CLOSE_STEPS; s++)
					f.r.c.steps[s] = step_pack(s, 5, 6, round & 2);
			f.r.h.n_steps = (uint8_t)(next() % (HANDSHAKE_STEPS + 3));
			f.r.c.n_steps = (uint8_t)(next() % (CLOSE_STEPS + 3));
			f.r.c.t0_ns = BEGIN_NS;
			f.r.c.flags = (uint32_t)next();
			f.r.h.flags = (uint32_t)next();
			give(&b, ITEM_CLOSE, (const uint8_t *)&f.r, sizeof(f.r));
		}
		bench_close(&b);
	}
}

/* No number of steps gives a negative time; the diary counts up to 255. */
static void no_negative_times(void **state)
{
	struct chapter ch;
	struct flow f;

	(void)state;
	for (unsigned int n = 0; n < 256; n++) {
		flow_open(&f, n & 1 ? ROLE_SERVER : ROLE_CLIENT);
		flow_fin(&f, 0);
		flow_fin_acked(&f);
		flow_peer_fin(&f);
		f.r.h.n_steps = (uint8_t)n;
		f.r.c.n_steps = (uint8_t)n;
		flow_handshake_chapter(&f, &ch);
		assert_true(!ch.handshake.handshake_ns.known ||
			    ch.handshake.handshake_ns.value >= 0);
		flow_close_chapter(&f, &ch);
		assert_true(!ch.close.close_ns.known || ch.close.close_ns.value >= 0);
		assert_true(!ch.close.lifetime_ns.known || ch.close.lifetime_ns.value >= 0);
	}
}

/* Contradictory times and impossible counts become unknown. */
static void nonsense_is_not_known(void **state)
{
	struct chapter ch;
	struct flow f;

	(void)state;
	flow_open(&f, ROLE_SERVER);
	f.r.h.accept_ns = UINT64_MAX;
	flow_handshake_chapter(&f, &ch);
	expect_unknown(ch.handshake.accept_ns);
	/* more steps than a record holds: the time of the end is not known */
	f.r.h.accept_ns = f.now_ns;
	f.r.h.n_steps = HANDSHAKE_STEPS + 1;
	flow_handshake_chapter(&f, &ch);
	expect_unknown(ch.handshake.accept_ns);

	flow_open(&f, ROLE_CLIENT);
	flow_fin(&f, 0);
	flow_peer_fin_ack(&f);
	f.r.c.bytes_sent = 1ULL << 63;
	f.r.c.bytes_received = UINT64_MAX;
	f.r.c.t0_ns = UINT64_MAX - STEP_T_MAX;
	flow_close_chapter(&f, &ch);
	expect_unknown(ch.close.bytes_sent);
	expect_unknown(ch.close.bytes_received);
	expect_unknown(ch.close.lifetime_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_bytes),		 cmocka_unit_test(damaged_records),
		cmocka_unit_test(random_steps),		 cmocka_unit_test(no_negative_times),
		cmocka_unit_test(nonsense_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

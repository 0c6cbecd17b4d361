// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Which connections a report keeps of more than it can hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "render/report.h"

#define CONNS 20000

static struct chapter handshake(uint64_t conn, enum outcome outcome, int64_t ns)
{
	return (struct chapter){
		.type = CHAPTER_HANDSHAKE,
		.conn = conn,
		.open = outcome == OUTCOME_UNKNOWN,
		.handshake = { .outcome = outcome, .handshake_ns = known(ns) },
	};
}

static struct chapter closing(uint64_t conn, enum ending ending, int64_t ns)
{
	return (struct chapter){
		.type = CHAPTER_CLOSE,
		.conn = conn,
		.open = ending == ENDING_UNKNOWN,
		.close = { .ending = ending, .close_ns = known(ns) },
	};
}

/* Offers a connection.  Its text is its number, and whether it has both chapters. */
static bool give(struct report *r, const struct chapter *hs, const struct chapter *cl)
{
	char text[64];

	snprintf(text, sizeof(text), "%u %s", (unsigned int)(cl ? cl : hs)->conn,
		 hs && cl ? "both" : "one");
	if (!report_wants(r, hs, cl))
		return false;
	report_keep(r, hs, cl, strdup(text));
	return true;
}

struct kept_list {
	size_t n, both;
	unsigned int first, last; /* in the order of report_each() */
	bool has[CONNS];
};

static void note(void *ctx, const char *text)
{
	struct kept_list *k = ctx;
	unsigned int conn = (unsigned int)strtoul(text, NULL, 10);

	assert_true(conn < CONNS && !k->has[conn]);
	k->has[conn] = true;
	k->first = k->n++ ? k->first : conn;
	k->last = conn;
	k->both += strstr(text, "both") != NULL;
}

static struct kept_list kept(const struct report *r)
{
	struct kept_list k = { 0 };

	assert_int_equal(report_each(r, note, &k), 0);
	assert_int_equal(k.n, report_kept(r));
	return k;
}

static size_t count(const struct kept_list *k, size_t from, size_t to)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++)
		n += k->has[i];
	return n;
}

/* In neither ascending nor descending order. */
static uint64_t shuffled(uint64_t i)
{
	return i * 7919 % CONNS;
}

static void slowest_to_open_and_to_close(void **state)
{
	struct report *r = report_create();
	struct kept_list k;

	(void)state;
	for (uint64_t i = 0; i < CONNS; i++) {
		uint64_t conn = shuffled(i);
		struct chapter hs = handshake(conn, OUTCOME_ESTABLISHED, (int64_t)(conn * US));
		struct chapter cl = closing(conn, ENDING_GRACEFUL, (int64_t)((CONNS - conn) * US));

		give(r, &hs, NULL);
		give(r, &hs, &cl);
	}
	k = kept(r);
	assert_int_equal(k.n, 2 * REPORT_SLOWEST);
	assert_int_equal(k.both, k.n);
	assert_int_equal(count(&k, 0, REPORT_SLOWEST), REPORT_SLOWEST);
	assert_int_equal(count(&k, CONNS - REPORT_SLOWEST, CONNS), REPORT_SLOWEST);
	report_destroy(r);
}

/* A connection that is slow to open and to close is in both lists, and comes once. */
static void slow_both_ways(void **state)
{
	struct report *r = report_create();
	struct kept_list k;

	(void)state;
	for (uint64_t i = 0; i < CONNS; i++) {
		uint64_t conn = shuffled(i);
		struct chapter hs = handshake(conn, OUTCOME_ESTABLISHED, (int64_t)(conn * US));
		struct chapter cl = closing(conn, ENDING_GRACEFUL, (int64_t)(conn * US));

		give(r, &hs, &cl);
	}
	k = kept(r);
	assert_int_equal(k.n, REPORT_SLOWEST);
	assert_int_equal(count(&k, CONNS - REPORT_SLOWEST, CONNS), REPORT_SLOWEST);
	report_destroy(r);
}

/* A flood of one kind of failure replaces neither another kind nor slow connections. */
static void last_of_each_kind(void **state)
{
	struct report *r = report_create();
	struct chapter hs = handshake(0, OUTCOME_ESTABLISHED, 5), cl;
	struct kept_list k;

	(void)state;
	assert_true(give(r, &hs, NULL));
	hs = handshake(1, OUTCOME_TIMED_OUT, 127 * (int64_t)S);
	assert_true(give(r, &hs, NULL));
	hs = handshake(2, OUTCOME_ESTABLISHED, 5);
	cl = closing(2, ENDING_RESET_SENT, 0);
	assert_true(give(r, &hs, &cl));
	for (uint64_t i = 3; i < CONNS; i++) {
		hs = handshake(i, OUTCOME_REFUSED, 20);
		assert_true(give(r, &hs, NULL));
	}
	k = kept(r);
	assert_int_equal(k.n, 3 + REPORT_OF_A_KIND);
	assert_int_equal(count(&k, 0, 3), 3);
	assert_int_equal(count(&k, CONNS - REPORT_OF_A_KIND, CONNS), REPORT_OF_A_KIND);
	assert_int_equal(k.first, 0);
	assert_int_equal(k.last, CONNS - 1);
	report_destroy(r);
}

/* Reported as open at each SIGUSR1, and as closed at last. */
static void open_until_it_ends(void **state)
{
	struct report *r = report_create();
	struct chapter hs = handshake(7, OUTCOME_UNKNOWN, 0), cl = closing(7, ENDING_UNKNOWN, 0);
	struct kept_list k;

	(void)state;
	assert_true(give(r, &hs, NULL));
	assert_true(give(r, &hs, NULL));
	hs = handshake(7, OUTCOME_ESTABLISHED, 30);
	assert_true(give(r, &hs, &cl));
	k = kept(r);
	assert_int_equal(k.n, 1);
	cl = closing(7, ENDING_GRACEFUL, 40);
	assert_true(give(r, &hs, &cl));
	k = kept(r);
	assert_int_equal(k.n, 1);
	assert_int_equal(k.both, 1);
	report_destroy(r);
}

/* An open one is dropped when it ends like thousands of others. */
static void open_then_of_no_interest(void **state)
{
	struct report *r = report_create();
	struct chapter cl = closing(0, ENDING_UNKNOWN, 0);
	struct kept_list k;

	(void)state;
	assert_true(give(r, NULL, &cl));
	for (uint64_t i = 1; i <= REPORT_SLOWEST; i++) {
		cl = closing(i, ENDING_GRACEFUL, 1000);
		assert_true(give(r, NULL, &cl));
	}
	cl = closing(0, ENDING_GRACEFUL, 10);
	assert_false(give(r, NULL, &cl));
	k = kept(r);
	assert_int_equal(k.n, REPORT_SLOWEST);
	assert_false(k.has[0]);
	report_destroy(r);
}

/* However long the texts are, they take no more memory than they may; what does not fit is counted. */
static void long_texts(void **state)
{
	const size_t len = 1 << 20, n = REPORT_BYTES / len + 5;
	struct report *r = report_create();
	bool no_memory = true;
	struct kept_list k;
	struct chapter hs;

	(void)state;
	for (uint64_t i = 0; i < n; i++) {
		char *text = malloc(len);

		assert_non_null(text);
		memset(text, ' ', len - 1);
		text[len - 1] = '\0';
		snprintf(text, 16, "%u", (unsigned int)i);
		text[strlen(text)] = ' ';
		hs = handshake(i, OUTCOME_ESTABLISHED, (int64_t)(i * US));
		assert_true(report_wants(r, &hs, NULL));
		report_keep(r, &hs, NULL, text);
	}
	k = kept(r);
	assert_true(k.n * len <= REPORT_BYTES);
	assert_int_equal(report_left_out(r, &no_memory), n - k.n);
	assert_false(no_memory);
	hs = handshake(n, OUTCOME_ESTABLISHED, 1);
	report_keep(r, &hs, NULL, NULL);
	assert_int_equal(report_left_out(r, &no_memory), n - k.n + 1);
	assert_true(no_memory);
	/* room again */
	hs = handshake(0, OUTCOME_ESTABLISHED, 1);
	assert_true(report_wants(r, &hs, NULL));
	report_keep(r, &hs, NULL, strdup("0"));
	assert_int_equal(report_kept(r), k.n);
	report_destroy(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slowest_to_open_and_to_close),
		cmocka_unit_test(slow_both_ways),
		cmocka_unit_test(last_of_each_kind),
		cmocka_unit_test(open_until_it_ends),
		cmocka_unit_test(open_then_of_no_interest),
		cmocka_unit_test(long_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

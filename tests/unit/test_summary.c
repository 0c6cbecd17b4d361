// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render/summary.h"

static struct chapter handshake(enum role role, uint16_t port, enum outcome outcome, int64_t ns)
{
	struct chapter ch = {
		.type = CHAPTER_HANDSHAKE,
		.role = role,
		.local_port = known(role == ROLE_SERVER ? port : 40000),
		.remote_port = known(role == ROLE_SERVER ? 40000 : port),
		.handshake = { .outcome = outcome, .handshake_ns = { ns >= 0, ns } },
	};

	return ch;
}

static struct chapter closing(enum role role, uint16_t port, enum ending ending, int64_t ns)
{
	struct chapter ch = handshake(role, port, 0, 0);

	ch.type = CHAPTER_CLOSE;
	ch.close = (struct close){ .ending = ending, .close_ns = { ns >= 0, ns } };
	return ch;
}

static char *printed(const struct summary *s)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	summary_print(out, s, false);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void expect_connections(const struct summary *s, uint64_t connections, uint64_t open)
{
	struct totals t = { .events_lost = 3, .table_full = 4 };

	summary_totals(s, &t);
	assert_int_equal(t.connections, connections);
	assert_int_equal(t.open, open);
	/* these are counted elsewhere */
	assert_int_equal(t.events_lost, 3);
	assert_int_equal(t.table_full, 4);
}

static void counts(void **state)
{
	struct summary *s = summary_create();
	struct totals t = { 0 };
	struct chapter ch;

	(void)state;
	assert_non_null(s);
	ch = handshake(ROLE_CLIENT, 443, OUTCOME_ESTABLISHED, 1000000);
	summary_add(s, &ch);
	ch = closing(ROLE_CLIENT, 443, ENDING_GRACEFUL, 2000000);
	summary_add(s, &ch);
	ch = handshake(ROLE_CLIENT, 443, OUTCOME_REFUSED, 41000);
	summary_add(s, &ch);
	ch = closing(ROLE_UNKNOWN, 443, ENDING_RESET_SENT, -1);
	ch.missing = MISSING_BEFORE_TRACE;
	summary_add(s, &ch);
	/* a connection with a handshake chapter and an incomplete close */
	ch = closing(ROLE_SERVER, 80, ENDING_GRACEFUL, -1);
	ch.missing = MISSING_EVENTS_LOST;
	summary_add(s, &ch);
	summary_totals(s, &t);
	assert_int_equal(t.connections, 3);
	assert_int_equal(t.handshakes, 2);
	assert_int_equal(t.closes, 3);
	assert_int_equal(t.outcomes[OUTCOME_ESTABLISHED], 1);
	assert_int_equal(t.outcomes[OUTCOME_REFUSED], 1);
	assert_int_equal(t.endings[ENDING_GRACEFUL], 2);
	assert_int_equal(t.endings[ENDING_RESET_SENT], 1);
	summary_destroy(s);
	summary_destroy(NULL);
}

static void open_ones(void **state)
{
	struct summary *s = summary_create();
	struct totals t = { 0 };
	struct chapter ch;

	(void)state;
	assert_non_null(s);
	for (int round = 0; round < 2; round++) {
		summary_open_begin(s);
		ch = handshake(ROLE_CLIENT, 443, OUTCOME_UNKNOWN, -1);
		ch.open = true;
		summary_add(s, &ch);
		ch = closing(ROLE_UNKNOWN, 443, ENDING_UNKNOWN, -1);
		ch.open = true;
		ch.missing = MISSING_BEFORE_TRACE;
		summary_add(s, &ch);
		expect_connections(s, 2, 2);
	}
	/* one of them ends, the other is reported once more */
	ch = handshake(ROLE_CLIENT, 443, OUTCOME_TIMED_OUT, 127000000000);
	summary_add(s, &ch);
	summary_open_begin(s);
	ch = closing(ROLE_UNKNOWN, 443, ENDING_UNKNOWN, -1);
	ch.open = true;
	ch.missing = MISSING_BEFORE_TRACE;
	summary_add(s, &ch);
	expect_connections(s, 2, 1);
	summary_totals(s, &t);
	assert_int_equal(t.handshakes, 1);
	assert_int_equal(t.closes, 0);
	assert_int_equal(t.outcomes[OUTCOME_UNKNOWN], 0);
	summary_destroy(s);
}

static void table(void **state)
{
	struct summary *s = summary_create();
	struct chapter ch;
	char *text;

	(void)state;
	assert_non_null(s);
	for (int i = 1; i <= 100; i++) {
		ch = handshake(ROLE_CLIENT, 443, OUTCOME_ESTABLISHED, i * 1000000);
		summary_add(s, &ch);
	}
	ch = handshake(ROLE_CLIENT, 443, OUTCOME_REFUSED, 9000000000);
	summary_add(s, &ch);
	ch = closing(ROLE_SERVER, 8080, ENDING_GRACEFUL, 12345678);
	summary_add(s, &ch);
	ch = closing(ROLE_UNKNOWN, 22, ENDING_TIMED_OUT, 5000);
	ch.missing = MISSING_BEFORE_TRACE;
	summary_add(s, &ch);
	summary_set_established(s, known(17));
	text = printed(s);
	assert_string_equal(
		text,
		"connections                    102\n"
		"handshakes                     101\n"
		"  established                  100\n"
		"  refused                        1\n"
		"closes                           2\n"
		"  graceful                       1\n"
		"  timed_out                      1\n"
		"open                             0\n"
		"established                     17\n"
		"\n"
		"role   port  what        count      p50-ms      p90-ms      p99-ms      max-ms\n"
		"client 443   connect       100      49.807      89.129      99.615     100.000\n"
		"client 443   failed          1\n"
		"-      -     close           1       0.005       0.005       0.005       0.005\n"
		"server 8080  close           1      12.346      12.346      12.346      12.346\n");
	free(text);
	summary_destroy(s);
}

static void nothing(void **state)
{
	struct summary *s = summary_create();
	char *text;

	(void)state;
	assert_non_null(s);
	text = printed(s);
	assert_null(strstr(text, "role"));
	assert_non_null(strstr(text, "connections                      0\n"));
	free(text);
	summary_destroy(s);
}

/* More ports than rows: the rest share one, and nothing is lost. */
static void many_ports(void **state)
{
	struct summary *s = summary_create();
	size_t rows = 0, other = 0;
	struct totals t = { 0 };
	char *text;

	(void)state;
	assert_non_null(s);
	for (unsigned int port = 0; port < 65536; port++) {
		struct chapter ch = handshake(port % 2 ? ROLE_CLIENT : ROLE_SERVER, (uint16_t)port,
					      OUTCOME_ESTABLISHED, 1000000);

		summary_add(s, &ch);
	}
	summary_totals(s, &t);
	assert_int_equal(t.connections, 65536);
	text = printed(s);
	for (const char *p = text; (p = strstr(p, " connect ")); p++)
		rows++;
	assert_int_equal(rows, SUMMARY_ROWS + 1);
	assert_int_equal(sscanf(strstr(text, "other"), "other connect %zu", &other), 1);
	assert_int_equal(other, 65536 - SUMMARY_ROWS);
	free(text);
	summary_destroy(s);
}

/* Numbers outside every table, as a damaged recording may have them. */
static void nonsense(void **state)
{
	struct summary *s = summary_create();
	struct chapter ch = handshake((enum role)77, 1, (enum outcome)99, INT64_MAX);
	struct totals t = { 0 };

	(void)state;
	assert_non_null(s);
	summary_add(s, &ch);
	ch = closing((enum role) - 1, 1, (enum ending) - 1, 0);
	ch.close.close_ns = known(INT64_MIN);
	summary_add(s, &ch);
	summary_totals(s, &t);
	assert_int_equal(t.handshakes, 1);
	assert_int_equal(t.closes, 1);
	free(printed(s));
	summary_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),  cmocka_unit_test(open_ones),	 cmocka_unit_test(table),
		cmocka_unit_test(nothing), cmocka_unit_test(many_ports), cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What --by prints. */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grouped.h"
#include "render/summary_by.h"

static void leak(void **state)
{
	const struct by by = { .n = 1, .keys = { BY_COMM } };
	struct summary *s = grouped_create(&by);

	(void)state;
	grouped_add(s, grouped_client("curl", OUTCOME_ESTABLISHED, 20 * MS), 70);
	grouped_add(s, grouped_client("curl", OUTCOME_REFUSED, 1 * MS), 2);
	grouped_add(s, grouped_server("nginx", ENDING_GRACEFUL, CLOSER_LOCAL), 71);
	grouped_add(s, grouped_server("nginx", ENDING_RESET_SENT, CLOSER_REMOTE), 1);
	summary_open_begin(s);
	for (unsigned int i = 1; i <= 50; i++)
		grouped_add(s, grouped_left("python3", BPF_TCP_CLOSE_WAIT, 41 * MIN + i), 1);
	grouped_add(s, grouped_left("nginx", BPF_TCP_FIN_WAIT2, 3 * MS), 100);
	grouped_expect(
		s, "python3   50 open in CLOSE_WAIT, oldest 41 min\n"
		   "nginx    100 open in FIN_WAIT2, oldest 3.00 ms\n"
		   "(CLOSE_WAIT: the peer has closed, the program has not)\n"
		   "(FIN_WAIT2: the program has closed, the peer has not)\n"
		   "\n"
		   "                                               p99 of\n"
		   "comm     count  failed  abrupt  open   oldest  connect    close  CLOSE_WAIT\n"
		   "curl        72       2       0     0        -  20.0 ms        -           -\n"
		   "nginx        0       0       1   100  3.00 ms        -  2.00 ms      250 ms\n"
		   "python3      0       0       0    50   41 min        -        -           -\n"
		   "\n"
		   "curl   failed: 2 refused; connect 20.0 ms\n"
		   "nginx  closes: 71 graceful, 1 reset_sent; closed first: 71 local, 1 remote;\n"
		   "       close 2.00 ms; CLOSE_WAIT 250 ms\n"
		   "\n");
	summary_destroy(s);
}

/* An age that is not known is longer than the trace. */
static void older(void **state)
{
	const struct by by = { .n = 1, .keys = { BY_PID } };
	struct summary *s = grouped_create(&by);

	(void)state;
	grouped_add(s, grouped_left("python3", BPF_TCP_CLOSE_WAIT, -1), 30);
	grouped_add(s, grouped_left("python3", BPF_TCP_CLOSE_WAIT, 90 * S), 20);
	grouped_add(s, grouped_left("python3", BPF_TCP_LAST_ACK, -1), 2);
	grouped_expect(s, "python3[4711]  50 open in CLOSE_WAIT, oldest over 1 min 30 s\n"
			  "python3[4711]   2 open in LAST_ACK, oldest before the trace\n"
			  "(CLOSE_WAIT: the peer has closed, the program has not)\n"
			  "(LAST_ACK: both have closed, the peer has not acknowledged it)\n"
			  "\n"
			  "pid            count  open           oldest\n"
			  "python3[4711]     32    52  over 1 min 30 s\n"
			  "\n");
	summary_destroy(s);
}

/* Each report of what is open replaces the one before. */
static void again(void **state)
{
	const struct by by = { .n = 1, .keys = { BY_COMM } };
	struct summary *s = grouped_create(&by);

	(void)state;
	grouped_add(s, grouped_client("curl", OUTCOME_ESTABLISHED, 20 * MS), 1);
	for (int i = 0; i < 3; i++) {
		summary_open_begin(s);
		grouped_add(s, grouped_left("python3", BPF_TCP_CLOSE_WAIT, -1), 2);
	}
	grouped_expect(s, "python3  2 open in CLOSE_WAIT, oldest before the trace\n"
			  "(CLOSE_WAIT: the peer has closed, the program has not)\n"
			  "\n"
			  "                                    p99 of\n"
			  "comm     count  open        oldest  connect\n"
			  "python3      2     2  before trace        -\n"
			  "curl         1     0             -  20.0 ms\n"
			  "\n"
			  "curl  connect 20.0 ms\n"
			  "\n");
	summary_open_begin(s);
	grouped_expect(s, "             p99 of\n"
			  "comm  count  connect\n"
			  "curl      1  20.0 ms\n"
			  "\n"
			  "curl  connect 20.0 ms\n"
			  "\n");
	summary_reset(s);
	grouped_expect(s, "");
	summary_destroy(s);
}

/* What the last report of one trace has is open beside what the next trace has. */
static void several_traces(void **state)
{
	const struct by by = { .n = 1, .keys = { BY_COMM } };
	struct summary *s = grouped_create(&by);
	struct totals totals = { 0 };

	(void)state;
	for (int trace = 0; trace < 3; trace++) {
		summary_open_begin(s);
		grouped_add(s, grouped_left("python3", BPF_TCP_CLOSE_WAIT, 2 * MIN), 9);
		summary_open_begin(s);
		grouped_add(s,
			    grouped_left(trace == 1 ? "ruby" : "python3", BPF_TCP_CLOSE_WAIT, MIN),
			    2);
		summary_set_established(s, known(trace));
		summary_next_trace(s);
	}
	summary_open_begin(s);
	grouped_expect(s, "python3  4 open in CLOSE_WAIT, oldest 1 min\n"
			  "ruby     2 open in CLOSE_WAIT, oldest 1 min\n"
			  "(CLOSE_WAIT: the peer has closed, the program has not)\n"
			  "\n"
			  "comm     open  oldest\n"
			  "python3     4   1 min\n"
			  "ruby        2   1 min\n"
			  "\n");
	summary_totals(s, &totals);
	assert_int_equal(totals.open, 6);
	assert_int_equal(totals.established.value, 3);
	summary_destroy(s);
}

static void unaccepted(void **state)
{
	const struct by by = { .n = 1, .keys = { BY_LISTENER } };
	struct summary *s = grouped_create(&by);
	struct chapter ch = grouped_left("nginx", BPF_TCP_CLOSE_WAIT, 2 * S);

	(void)state;
	ch.accepted = TRISTATE_NO;
	/* its peer has closed meanwhile */
	ch.close.queued_ns = known(31 * S);
	memcpy(ch.local, grouped_address, sizeof(grouped_address));
	grouped_add(s, ch, 3);
	grouped_expect(s, "192.0.2.7:80  3 open in the accept queue, oldest 31.0 s\n"
			  "(accept queue: the program has not called accept() for it)\n"
			  "\n"
			  "listener      open  oldest\n"
			  "192.0.2.7:80     3  31.0 s\n"
			  "\n");
	summary_destroy(s);
}

/* The rest of the rows is one; what it had is not lost. */
static void limit(void **state)
{
	const struct by by = { .n = 2, .keys = { BY_ROLE, BY_PORT }, .limit = 2 };
	struct summary *s = grouped_create(&by);

	(void)state;
	for (unsigned int port = 1; port <= 12; port++) {
		struct chapter ch = grouped_client("curl", OUTCOME_ESTABLISHED, port * MS);

		ch.remote_port = known(port);
		grouped_add(s, ch, port == 9 ? 100 : 10);
	}
	grouped_expect(s, "                        p99 of\n"
			  "role       port  count  connect\n"
			  "client     9       100  9.00 ms\n"
			  "client     1        10  1.00 ms\n"
			  "10 others          100  11.9 ms\n"
			  "\n"
			  "client     9  connect 9.00 ms\n"
			  "client     1  connect 1.00 ms\n"
			  "10 others     connect 5.96 ms median, 11.9 ms p99, 12.0 ms max\n"
			  "\n");
	summary_destroy(s);
}

/* More rows than there is room for. */
static void overflow(void **state)
{
	const struct by by = { .n = 1, .keys = { BY_COMM }, .limit = 1 };
	struct summary *s = grouped_create(&by);
	char comm[16];

	(void)state;
	for (unsigned int i = 0; i < SUMMARY_BY_ROWS + 10; i++) {
		snprintf(comm, sizeof(comm), "worker-%u", i);
		grouped_add(s, grouped_client(comm, OUTCOME_ESTABLISHED, MS), i ? 1 : 2);
	}
	grouped_expect(s, "                 p99 of\n"
			  "comm      count  connect\n"
			  "worker-0      2  1.00 ms\n"
			  "others     4105  1.00 ms\n"
			  "\n"
			  "worker-0  connect 1.00 ms\n"
			  "others    connect 1.00 ms\n"
			  "\n"
			  "10 chapters found no row of the 4096, and are in others\n"
			  "\n");
	summary_destroy(s);
}

/* A server with something in every column, as the width allows: the culprit of each row stays readable. */
static void add_busy(struct summary *s, const char *comm, enum cause cause)
{
	struct chapter hs = grouped_client(comm, OUTCOME_ESTABLISHED, 20 * MS);
	struct chapter cl = grouped_server(comm, ENDING_RESET_SENT, CLOSER_REMOTE);
	struct chapter left = grouped_left(comm, BPF_TCP_CLOSE_WAIT, 41 * MIN);

	hs.role = ROLE_SERVER;
	hs.handshake.accept_ns = known(1500 * MS);
	hs.cause = CAUSE_ACCEPT_WAIT;
	cl.cause = left.cause = cause;
	grouped_add(s, hs, 1);
	grouped_add(s, grouped_client(comm, OUTCOME_TIMED_OUT, 0), 1);
	grouped_add(s, cl, 3);
	grouped_add(s, left, 2);
}

static void widths(void **state)
{
	const struct by by = { .n = 1, .keys = { BY_COMM } };
	struct summary *s = grouped_create(&by);

	(void)state;
	add_busy(s, "a-long-name-15b", CAUSE_UNREAD_DATA);
	grouped_expect_table(
		s,
		"comm             count  failed  abrupt  open      worst p99  main cause\n"
		"a-long-name-15b      2       1       3     2  accept 1.50 s  unread_data 5\n"
		"\n"
		"a-long-name-15b  failed: 1 timed_out; closes: 3 reset_sent;\n"
		"                 closed first: 3 remote; causes: 1 accept_wait, 5 unread_data;\n"
		"                 connect 20.0 ms; accept 1.50 s; close 2.00 ms;\n"
		"                 CLOSE_WAIT 250 ms\n");
	summary_set_width(s, 120);
	grouped_expect_table(
		s,
		"                                                      p99 of\n"
		"comm             count  failed  abrupt  open  oldest  connect  accept    close  "
		"CLOSE_WAIT  main cause\n"
		"a-long-name-15b      2       1       3     2  41 min  20.0 ms  1.50 s  2.00 ms  "
		"    250 ms  unread_data 5\n"
		"\n"
		"a-long-name-15b  failed: 1 timed_out; closes: 3 reset_sent; closed first: 3 remote; "
		"causes: 1 accept_wait,\n"
		"                 5 unread_data; connect 20.0 ms; accept 1.50 s; close 2.00 ms; "
		"CLOSE_WAIT 250 ms\n");
	summary_destroy(s);
}

/* The row is of the cause: it is not said again. */
static void by_cause(void **state)
{
	const struct by by = { .n = 1, .keys = { BY_CAUSE } };
	struct summary *s = grouped_create(&by);
	struct chapter ch = grouped_client("curl", OUTCOME_REFUSED, 0);

	(void)state;
	ch.cause = CAUSE_REFUSED;
	grouped_add(s, ch, 7);
	grouped_expect(s, "cause    count  failed\n"
			  "refused      7       7\n"
			  "\n");
	summary_destroy(s);
}

/* More rows than have details. */
static void details(void **state)
{
	const struct by by = { .n = 1, .keys = { BY_COMM } };
	struct summary *s = grouped_create(&by);

	(void)state;
	for (char name[] = "a"; *name <= 'g'; (*name)++)
		grouped_add(s, grouped_client(name, OUTCOME_REFUSED, 0), 1);
	grouped_expect_table(s, "comm  count  failed\n"
				"a         1       1\n"
				"b         1       1\n"
				"c         1       1\n"
				"d         1       1\n"
				"e         1       1\n"
				"f         1       1\n"
				"g         1       1\n"
				"\n"
				"a  failed: 1 refused\n"
				"b  failed: 1 refused\n"
				"c  failed: 1 refused\n"
				"d  failed: 1 refused\n"
				"e  failed: 1 refused\n");
	summary_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leak),	   cmocka_unit_test(older),
		cmocka_unit_test(again),   cmocka_unit_test(unaccepted),
		cmocka_unit_test(limit),   cmocka_unit_test(overflow),
		cmocka_unit_test(widths),  cmocka_unit_test(by_cause),
		cmocka_unit_test(details), cmocka_unit_test(several_traces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

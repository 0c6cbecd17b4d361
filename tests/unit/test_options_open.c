// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* States, ages, one connection, and moments. */
#include "options_run.h"

#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS 1000000000LL

static void test_states(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "--state", "CLOSE_WAIT,fin-wait-1", "--older", "2min");
	assert_run(&r);
	assert_true(r.o.open);
	assert_int_equal(r.o.states.included, 1 << BPF_TCP_CLOSE_WAIT | 1 << BPF_TCP_FIN_WAIT1);
	assert_int_equal(r.o.older_ns, 120 * NS);
	run_free(&r);
	RUN(&r, "--state", "estab", "--state=SYN-RECV");
	assert_run(&r);
	assert_int_equal(r.o.states.included, 1 << BPF_TCP_ESTABLISHED | 1 << BPF_TCP_SYN_RECV |
						      1 << BPF_TCP_NEW_SYN_RECV);
	run_free(&r);
	RUN(&r, "--state", "!FIN_WAIT2,!syn-recv");
	assert_run(&r);
	assert_true(r.o.open && bits_have(&r.o.states, BPF_TCP_CLOSE_WAIT) &&
		    bits_have(&r.o.states, BPF_TCP_ESTABLISHED));
	assert_false(bits_have(&r.o.states, BPF_TCP_FIN_WAIT2) ||
		     bits_have(&r.o.states, BPF_TCP_SYN_RECV) ||
		     bits_have(&r.o.states, BPF_TCP_NEW_SYN_RECV));
	run_free(&r);
	RUN(&r, "--open");
	assert_run(&r);
	assert_true(r.o.open && !bits_given(&r.o.states));
	run_free(&r);

	BAD("--state LISTEN: not a state that is open (accepted: ESTABLISHED, SYN_SENT, ",
	    "CLOSE_WAIT", "--state", "LISTEN");
	BAD("--state CLOSE_WAIT,OPEN: not a state that is open: OPEN", "", "--state",
	    "CLOSE_WAIT,OPEN");
	BAD("--state '': empty list", "", "--state", "");
	BAD("--older 0: too small", "seconds above 0", "--older", "0");
}

static void check_conn(const char *text, const char *first, unsigned int first_port,
		       const char *second, unsigned int second_port)
{
	struct prefix p = { .bits = 128 };
	struct run r;

	RUN(&r, "--conn", text);
	assert_run(&r);
	assert_int_equal(r.o.n_conns, 1);
	memcpy(p.addr, r.o.conns[0][0].addr, 16);
	assert_prefix(&p, first, 128);
	memcpy(p.addr, r.o.conns[0][1].addr, 16);
	assert_prefix(&p, second, 128);
	assert_int_equal(r.o.conns[0][0].port, first_port);
	assert_int_equal(r.o.conns[0][1].port, second_port);
	run_free(&r);
}

static void test_conn(void **state)
{
	static const char *const bad[] = {
		"10.0.0.1:1",	  "10.0.0.1-10.0.0.2:1",   "10.0.0.1:1-",
		"-10.0.0.1:1",	  "10.0.0.1:0-10.0.0.2:1", "::1:1-::1:2",
		"[::1:1-[::1]:2", "[::1]x:1-[::1]:2",	   "localhost:1-10.0.0.1:2",
		"a:1-b:2-c:3",
	};
	const char *const many[] = { "--conn", "10.0.0.1:1-10.0.0.2:2" };
	const char *words[2 * (CONNS_MAX + 1) + 1];
	struct run r;

	(void)state;
	check_conn("10.0.0.1:4711-10.0.0.2:443", "::ffff:10.0.0.1", 4711, "::ffff:10.0.0.2", 443);
	check_conn("[::1]:1-[2001:db8::2]:65535", "::1", 1, "2001:db8::2", 65535);
	/* as the timeline prints it */
	check_conn("[fe80::1%eth0]:1 > [fe80::2]:2", "fe80::1", 1, "fe80::2", 2);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		BAD("--conn ", "ADDR:PORT-ADDR:PORT", "--conn", bad[i]);
	BAD("--conn 10.0.0.1:1-[::1]:2: one end is IPv4, the other IPv6: no connection has both",
	    "", "--conn", "10.0.0.1:1-[::1]:2");
	/* as many as there is room for, and one more */
	for (size_t i = 0; i < 2 * CONNS_MAX; i++)
		words[i] = many[i % 2];
	words[2 * CONNS_MAX] = NULL;
	run_words(&r, words);
	assert_run(&r);
	assert_int_equal(r.o.n_conns, CONNS_MAX);
	run_free(&r);
	words[2 * CONNS_MAX] = many[0];
	words[2 * CONNS_MAX + 1] = many[1];
	words[2 * CONNS_MAX + 2] = NULL;
	check_bad("--conn 10.0.0.1:1-10.0.0.2:2: too many", "up to 8 ADDR", words);
}

static void check_moment(const char *text, bool of_day, int64_t ns)
{
	struct run r;

	RUN(&r, "-r", "x", "--since", text);
	assert_run(&r);
	assert_true(r.o.since.given && !r.o.until.given);
	assert_int_equal(r.o.since.of_day, of_day);
	assert_int_equal(r.o.since.ns, ns);
	run_free(&r);
}

static void test_moments(void **state)
{
	static const char *const bad[] = {
		"",
		"noon",
		"24:00",
		"12:60",
		"12",
		"12:30:61",
		"12:30x",
		"2026-11-29",
		"2026-13-01T00:00",
		"2262-01-01T00:00",
		"2026-11-29T12:30+1",
		"2026-11-29T12:30:00+24:00",
		"-1:30",
	};
	int64_t noon = 1795953600;

	(void)state;
	check_moment("12:30", true, (12 * 3600 + 30 * 60) * NS);
	check_moment("1:02:03.25", true, (3600 + 2 * 60 + 3) * NS + NS / 4);
	check_moment("2026-11-29T12:00:00Z", false, noon * NS);
	check_moment("2026-11-29t12:00:00.5z", false, noon * NS + NS / 2);
	check_moment("2026-11-29T13:30:00+01:30", false, noon * NS);
	check_moment("2026-11-29 06:00-06:00", false, noon * NS);
	setenv("TZ", "XXX-2", 1);
	tzset();
	check_moment("2026-11-29 14:00", false, noon * NS);
	unsetenv("TZ");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		BAD("--until ", "HH:MM", "-r", "x", "--until", bad[i]);
	BAD("--since: not before --until (accepted", "", "-r", "x", "--since", "2026-11-29T12:00Z",
	    "--until", "2026-11-29T12:00:00Z");
	BAD("--since: not before --until, and both are of one day: give the dates, too (accepted",
	    "", "-r", "x", "--since", "23:00", "--until", "1:00");
	BAD("--since: requires --read", "", "--since", "12:30");
	BAD("--until: requires --read", "", "--until", "12:30");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_conn),
		cmocka_unit_test(test_moments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

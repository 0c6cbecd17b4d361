// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* --by, --sort and --limit: every valid form, and every invalid one with its message. */
#include "options_run.h"

static void test_by(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-s", "--by", "process,peer/24/56,port", "--sort", "open", "--limit", "5");
	assert_run(&r);
	assert_int_equal(r.o.by.n, 3);
	assert_int_equal(r.o.by.keys[0], BY_COMM);
	assert_int_equal(r.o.by.keys[1], BY_PEER);
	assert_int_equal(r.o.by.keys[2], BY_PORT);
	assert_int_equal(r.o.by.ipv4_bits, 24);
	assert_int_equal(r.o.by.ipv6_bits, 56);
	assert_int_equal(r.o.by.sort, BY_SORT_OPEN);
	assert_int_equal(r.o.by.limit, 5);
	assert_false(by_is_tallied(&r.o.by));
	run_free(&r);

	/* one length is of IPv4, none is of whole addresses */
	RUN(&r, "-s", "--by=peer/0");
	assert_run(&r);
	assert_int_equal(r.o.by.ipv4_bits, 0);
	assert_int_equal(r.o.by.ipv6_bits, 64);
	run_free(&r);
	RUN(&r, "-s", "--by", "peer,netns");
	assert_run(&r);
	assert_int_equal(r.o.by.ipv4_bits, 32);
	assert_int_equal(r.o.by.ipv6_bits, 128);
	run_free(&r);

	RUN(&r, "-s", "--by", "port,role");
	assert_run(&r);
	assert_true(by_is_tallied(&r.o.by));
	run_free(&r);
}

static void test_bad_by(void **state)
{
	(void)state;
	BAD("--by user: unknown key (accepted: up to three of comm, pid, peer[/LEN[/LEN6]], ",
	    "netns", "-s", "--by", "user");
	BAD("--by comm,x: unknown key: x", "", "-s", "--by", "comm,x");
	BAD("--by '': empty list", "", "-s", "--by", "");
	BAD("--by comm,: empty element", "", "-s", "--by", "comm,");
	BAD("--by comm,process: given twice: process", "", "-s", "--by", "comm,process");
	BAD("--by pid,peer,port,role: more than three keys: role", "", "-s", "--by",
	    "pid,peer,port,role");
	BAD("--by port/24: only a peer has a prefix length", "", "-s", "--by", "port/24");
	BAD("--by peer/33: not a prefix length of 0 to 32", "", "-s", "--by", "peer/33");
	BAD("--by peer/: not a prefix length of 0 to 32", "", "-s", "--by", "peer/");
	BAD("--by peer/24/129: not a prefix length of 0 to 128", "", "-s", "--by", "peer/24/129");
	BAD("--by peer/24/64/: not a prefix length of 0 to 128", "", "-s", "--by", "peer/24/64/");
	BAD("--by comm: given twice", "", "-s", "--by", "pid", "--by", "comm");
	BAD("--sort best: unknown column (accepted: count, failed, open, ", "close_wait", "-s",
	    "--by", "pid", "--sort", "best");
	BAD("--limit 0: too small (accepted: 1 to 1000000)", "", "-s", "--by", "pid", "--limit",
	    "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by),
		cmocka_unit_test(test_bad_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

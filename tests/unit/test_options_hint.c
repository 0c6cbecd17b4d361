// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Common slips: the message names what may have been meant. */
#include "options_run.h"

#include <string.h>

#include "chapter/chapter.h"
#include "cli/hosts.h"
#include "cli/nearest.h"
#include "cli/options_filter.h"

static void test_unknown_options(void **state)
{
	(void)state;
	BAD("--json: unknown option: did you mean -o json? (accepted: see --help)", "", "--json");
	BAD("--jsno: unknown option: did you mean -o json?", "", "--jsno");
	BAD("--csv=x: unknown option: did you mean -o csv?", "", "--csv=x");
	BAD("-j: unknown option: did you mean -o json?", "", "-j");
	BAD("-j: unknown option: did you mean -o json?", "", "-vj");
	BAD("-j: unknown option: did you mean -o json?", "", "-json");
	BAD("--interface: unknown option: did you mean --local", "--netns", "--interface", "eth0");
	BAD("--dport: unknown option: did you mean --remote-port?", "", "--dport", "443");
	BAD("--hots: unknown option: did you mean --host?", "", "--hots", "10.0.0.1");
	BAD("--locl-port: unknown option: did you mean --local-port?", "", "--locl-port", "443");
	BAD("--min_connect=5: unknown option: did you mean --min-connect?", "", "--min_connect=5");
	BAD("--SUMMARY: unknown option: did you mean --summary?", "", "--SUMMARY");
	BAD("-p ort: not a process ID: did you mean --port?", "", "-port", "80");
	BAD("-n etns: not a decimal number: did you mean --netns?", "", "-netns", "x");
	/* nothing is near */
	BAD("--bogus: unknown option (accepted: see --help)", "", "--bogus");
	BAD("-x: unknown option (accepted", "", "-x");
	BAD("--: no command", "", "--");
	BAD("---: unknown option (accepted", "", "---");
	BAD("--=1: ambiguous option (accepted", "", "--=1");
}

static void test_distance(void **state)
{
	(void)state;
	assert_int_equal(nearest_distance("host", "host"), 0);
	assert_int_equal(nearest_distance("hots", "host"), 1);
	assert_int_equal(nearest_distance("", "port"), 4);
	assert_int_equal(nearest_distance("prot", "Port"), 1);
	assert_int_equal(nearest_distance("ports", "port"), 1);
	assert_int_equal(nearest_distance("kitten", "sitting"), 3);
	assert_true(nearest_distance("0123456789012345678901234567890123456789", "") == SIZE_MAX);
}

static void test_words(void **state)
{
	(void)state;
	BAD("4711: not an option: did you mean -p 4711?", "-- COMMAND", "4711");
	BAD("10.0.0.1: not an option: did you mean --host 10.0.0.1?", "", "10.0.0.1");
	BAD("json: not an option: did you mean -o json?", "", "json");
	BAD("curl: not an option (accepted: -- COMMAND", "", "curl", "10.0.0.1");
}

static void filter(const char *options, const char *const *words)
{
	struct filter_hint hint;

	assert_true(filter_hint(&hint, (char *const *)words));
	assert_string_equal(hint.options, options);
}
#define FILTER(options, ...) filter(options, (const char *const[]){ __VA_ARGS__, NULL })

static void test_filters(void **state)
{
	struct filter_hint hint;

	(void)state;
	BAD("host 1.2.3.4 and port 80: not a tcpdump filter: options select connections: did you "
	    "mean --host 1.2.3.4 --port 80? (accepted: --host, --port; ",
	    "", "host", "1.2.3.4", "and", "port", "80");
	BAD("tcp port 80: not a tcpdump filter", "mean --port 80?", "-v", "tcp port 80");
	BAD("udp port 53: not a tcpdump filter: options select connections (accepted", "", "udp",
	    "port", "53");
	FILTER("--host 10.0.0.0/8", "net", "10.0.0.0/8");
	FILTER("--port 80,443", "port", "80", "or", "443");
	FILTER("--port 80,443", "tcp and (port 80 or port 443)");
	FILTER("--port 8000-8010 --host '!10.0.0.1'", "portrange", "8000-8010", "and", "not", "src",
	       "host", "10.0.0.1");
	FILTER("-6 --host ::1", "ip6", "host", "::1");
	FILTER("", "host", "10.0.0.1", "or", "port", "80");
	assert_false(filter_hint(&hint, (char *const[]){ "ip", "netns", "exec", NULL }));
	assert_false(filter_hint(&hint, (char *const[]){ "curl", NULL }));
}

static void test_long_filter(void **state)
{
	char word[600];
	struct filter_hint hint;

	(void)state;
	memset(word, '1', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_true(filter_hint(&hint, (char *const[]){ "host", word, "port", word, NULL }));
	assert_string_equal(hint.options, "");
	assert_int_equal(strlen(hint.text), sizeof(hint.text) - 1);
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(hosts_service("https"), 443);
	assert_int_equal(hosts_service("SSH"), 22);
	assert_int_equal(hosts_service("80"), 0);
	assert_int_equal(hosts_service(""), 0);
	BAD("--port https: not a port: did you mean 443? (accepted: PORT", "", "--port", "https");
	BAD("-L 22,https: not a port: https: did you mean 443?", "", "-L", "22,https");
	BAD("-D no-such-service: not a port range (accepted", "", "-D", "no-such-service");
	BAD("-p nginx: not a process ID: did you mean -c nginx?", "", "-p", "nginx");
	BAD("--host no-such-host: not an address (accepted", "getent ahosts NAME", "--host",
	    "no-such-host");
	BAD("-d 10.0.0.1:80: not an address: did you mean 10.0.0.1, and --port 80?", "", "-d",
	    "10.0.0.1:80");
	BAD("-d [::1]:80: not an address: did you mean ::1, and --port 80?", "", "-d", "[::1]:80");
	BAD("-d [::1]: not an address: did you mean ::1?", "", "-d", "[::1]");
	BAD("-d fe80::1%lo: not an address: did you mean fe80::1?", "", "-d", "fe80::1%lo");
	BAD("-d [: not an address (accepted", "", "-d", "[");
}

static void test_choices(void **state)
{
	(void)state;
	BAD("--cause syn-lost: unknown cause: did you mean syn_lost? (accepted: syn_lost,", "",
	    "--cause", "syn-lost");
	BAD("--cause refused,timeout: unknown cause: timeout: did you mean filtered or "
	    "retransmit_timeout?",
	    "", "--cause", "refused,timeout");
	BAD("--cause bogus: unknown cause (accepted", "", "--cause", "bogus");
	BAD("--state SYN_RCVD: not a state that is open: did you mean SYN_RECV?", "", "--state",
	    "SYN_RCVD");
	BAD("--state finwait: not a state that is open: did you mean FIN_WAIT1,FIN_WAIT2?", "",
	    "--state", "finwait");
	BAD("--state TIME_WAIT: not a state that is open (accepted", "", "--state", "TIME_WAIT");
	BAD("--by comm,adr: unknown key: adr: did you mean peer?", "", "-s", "--by", "comm,adr");
	BAD("--by pier/24: unknown key: did you mean peer?", "", "-s", "--by", "pier/24");
	BAD("--by proces: unknown key: did you mean comm?", "", "-s", "--by", "proces");
	BAD("--sort p95: unknown column: did you mean p99?", "", "-s", "--by", "pid", "--sort",
	    "p95");
	BAD("-o jsno: unknown format: did you mean json?", "", "-o", "jsno");
	BAD("--role clinet: unknown role: did you mean client?", "", "--role", "clinet");
	BAD("--hook accept=fexti: unknown feature or hook (accepted", "", "--hook", "accept=fexti");
}

/* The word is known: what is wrong is something else. */
static void test_known_choices(void **state)
{
	struct run r;

	(void)state;
	BAD("--by comm,comm: given twice: comm (accepted", "", "-s", "--by", "comm,comm");
	BAD("--by peer/99: not a prefix length of 0 to 32 (accepted", "", "-s", "--by", "peer/99");
	BAD("--cause refused,: empty element (accepted", "", "--cause", "refused,");
	RUN(&r, "-s", "--by", "COMM", "--sort", "P99", "--cause", "Refused");
	assert_run(&r);
	assert_int_equal(r.o.by.sort, BY_SORT_CONNECT);
	assert_true(r.o.causes.included == 1ULL << CAUSE_REFUSED);
	run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown_options), cmocka_unit_test(test_distance),
		cmocka_unit_test(test_words),		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_long_filter),	cmocka_unit_test(test_names),
		cmocka_unit_test(test_choices),		cmocka_unit_test(test_known_choices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

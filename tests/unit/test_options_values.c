// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Numbers, ports and prefixes: every valid form, and every invalid one with its message. */
#include "options_run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void test_numbers(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "--min-connect", "0.5", "--min-close", "1500", "-n", "7", "-u", ".25", "-s", "-i",
	    "2.", "--ring", "1024", "--max-connections", "100");
	assert_run(&r);
	assert_int_equal(r.o.min_connect_ns, 500000);
	assert_int_equal(r.o.min_close_ns, 1500000000);
	assert_int_equal(r.o.count, 7);
	assert_true(r.o.duration_s == 0.25);
	assert_true(r.o.interval_s == 2.0);
	assert_int_equal(r.o.ring_mib, 1024);
	assert_int_equal(r.o.max_connections, 100);
	run_free(&r);

	/* the smallest number, with digits beyond it, and the largest */
	RUN(&r, "--min-connect", "0.0000019", "--min-close", "31536000000", "-n", "4294967295");
	assert_run(&r);
	assert_int_equal(r.o.min_connect_ns, 1);
	assert_int_equal(r.o.min_close_ns, 31536000000ULL * 1000000);
	assert_int_equal(r.o.count, 4294967295);
	run_free(&r);
}

static void test_units(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "--min-connect", "100ms", "--min-close", "2min", "-u", "5s", "-s", "-i", "1h");
	assert_run(&r);
	assert_int_equal(r.o.min_connect_ns, 100000000);
	assert_int_equal(r.o.min_close_ns, 120000000000);
	assert_true(r.o.duration_s == 5.0);
	assert_true(r.o.interval_s == 3600.0);
	run_free(&r);

	RUN(&r, "--min-connect", "0.5s", "--min-close", "250us", "-u", "1.5d", "-s", "-i", "3sec");
	assert_run(&r);
	assert_int_equal(r.o.min_connect_ns, 500000000);
	assert_int_equal(r.o.min_close_ns, 250000);
	assert_true(r.o.duration_s == 129600.0);
	assert_true(r.o.interval_s == 3.0);
	run_free(&r);

	BAD("-u 5m: m could mean minutes: give min or ms", "seconds above 0", "-u", "5m");
	BAD("-u s: not a decimal number", "", "-u", "s");
	BAD("-u 5 s: not a decimal number", "", "-u", "5 s");
	BAD("-u 0ms: too small", "", "-u", "0ms");
	BAD("-u 366d: too large", "", "-u", "366d");
	BAD("--min-close 1h30min: not a decimal number", "", "--min-close", "1h30min");
}

static void test_bad_numbers(void **state)
{
	static const char *const not_numbers[] = {
		"-1",
		"nan",
		"inf",
		"-inf",
		"1e400",
		"1e3",
		"0x10",
		"010",
		"+1",
		" 1",
		"1 ",
		"",
		".",
		"1.2.3",
		"1,5",
		"99999999999999999999999999",
		"31536000001000",
		"0",
		"0.0",
		"0.00000000001",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(not_numbers) / sizeof(not_numbers[0]); i++) {
		BAD("--min-connect ", "milliseconds above 0", "--min-connect", not_numbers[i]);
		BAD("--min-close ", "milliseconds above 0", "--min-close", not_numbers[i]);
		BAD("-u ", "seconds above 0", "-u", not_numbers[i]);
		BAD("-i ", "seconds above 0", "-s", "-i", not_numbers[i]);
		BAD("-n ", "1 to 4294967295", "-n", not_numbers[i]);
		BAD("--max-connections ", "1 to 16777216", "--max-connections", not_numbers[i]);
		BAD("--ring ", "power of two", "--ring", not_numbers[i]);
	}
	BAD("-n 0: too small", "", "-n", "0");
	BAD("--count 4294967296: too large", "", "--count", "4294967296");
	BAD("-n 1.5: not a decimal number", "", "-n", "1.5");
	BAD("--min-connect 31536000001: too large", "", "--min-connect", "31536000001");
	BAD("--max-connections 16777217: too large", "", "--max-connections", "16777217");
	BAD("--ring 3: not a power of two", "", "--ring", "3");
	BAD("--ring 2048: too large", "", "--ring", "2048");
}

static void test_ports(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-L", "80,443", "--local-port=8000-8010", "-D", "1,65535", "--port", "22,100-199");
	assert_run(&r);
	assert_true(r.o.local_ports.given && r.o.remote_ports.given && r.o.any_ports.given);
	assert_true(has_port(&r.o.local_ports, 80) && has_port(&r.o.local_ports, 443));
	assert_true(has_port(&r.o.local_ports, 8000) && has_port(&r.o.local_ports, 8010));
	assert_int_equal(count_ports(&r.o.local_ports), 13);
	assert_true(has_port(&r.o.remote_ports, 1) && has_port(&r.o.remote_ports, 65535));
	assert_int_equal(count_ports(&r.o.remote_ports), 2);
	assert_int_equal(count_ports(&r.o.any_ports), 101);
	run_free(&r);

	RUN(&r, "--remote-port", "5-5,1-65535");
	assert_run(&r);
	assert_int_equal(count_ports(&r.o.remote_ports), 65535);
	run_free(&r);
}

static void test_bad_ports(void **state)
{
	(void)state;
	BAD("--local-port 65536: not a port (accepted: PORT[,PORT|LOW-HIGH...], 1 to 65535)", "",
	    "--local-port", "65536");
	BAD("-L 0: not a port", "", "-L", "0");
	BAD("-L 80x: not a port", "", "-L", "80x");
	BAD("-L 0x50: not a port", "", "-L", "0x50");
	BAD("-L 080: not a port", "", "-L080");
	BAD("-L '': empty list", "", "-L", "");
	BAD("--port 80,,81: empty element", "", "--port", "80,,81");
	BAD("--port ,80: empty element", "", "--port", ",80");
	BAD("--port 80,: empty element", "", "--port", "80,");
	BAD("--port ,: empty element", "", "--port", ",");
	BAD("--port 80, 81: not a port:  81", "", "--port", "80, 81");
	BAD("-D 90-80: range in reverse order", "", "-D", "90-80");
	BAD("-D 1,90-80: range in reverse order: 90-80", "", "-D", "1,90-80");
	BAD("-D 80-: not a port range", "", "-D", "80-");
	BAD("-D -80: not a port range", "", "-D", "-80");
	BAD("-D 80-90-100: not a port range", "", "-D", "80-90-100");
	BAD("-D 0-10: not a port range", "", "-D", "0-10");
	BAD("-D 10-65536: not a port range", "", "-D", "10-65536");
	BAD("-L 18446744073709551696: not a port", "", "-L", "18446744073709551696");
	BAD("-L 0000", "element too long", "-L",
	    "0000000000000000000000000000000000000000000000000000000000000000000000080");
}

static void test_prefixes(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-l", "10.1.2.3,10.1.2.3/8", "--local", "::ffff:1.2.3.4/120", "-d",
	    "2001:db8::1,2001:db8:ffff::/33", "--host", "0.0.0.0/0,::/0,::ffff:1.2.3.4,1.2.3.4/32");
	assert_run(&r);
	assert_int_equal(r.o.local.included.n, 3);
	assert_prefix(&r.o.local.included.items[0], "::ffff:10.1.2.3", 128);
	assert_prefix(&r.o.local.included.items[1], "::ffff:10.0.0.0", 104);
	assert_prefix(&r.o.local.included.items[2], "::ffff:1.2.3.0", 120);
	assert_int_equal(r.o.remote.included.n, 2);
	assert_prefix(&r.o.remote.included.items[0], "2001:db8::1", 128);
	assert_prefix(&r.o.remote.included.items[1], "2001:db8:8000::", 33);
	assert_int_equal(r.o.host.included.n, 4);
	assert_prefix(&r.o.host.included.items[0], "::ffff:0.0.0.0", 96);
	assert_prefix(&r.o.host.included.items[1], "::", 0);
	assert_prefix(&r.o.host.included.items[2], "::ffff:1.2.3.4", 128);
	assert_prefix(&r.o.host.included.items[3], "::ffff:1.2.3.4", 128);
	run_free(&r);
}

static void test_bad_prefixes(void **state)
{
	static const char *const bad[] = {
		"1.2.3",   "1.2.3.4.5", "1.2.3.256",  "01.2.3.4", "0x1.2.3.4",	"localhost", ":::",
		"1::2::3", "[::1]",	"fe80::1%lo", "/8",	  "1.2.3.4:80", " 1.2.3.4",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		BAD("--host ", "not an address", "--host", bad[i]);
	BAD("-l 10.0.0.0/33: not a prefix length of 0 to 32", "", "-l", "10.0.0.0/33");
	BAD("-l ::/129: not a prefix length of 0 to 128", "", "-l", "::/129");
	BAD("-l ::1/: not a prefix length", "", "-l", "::1/");
	BAD("-l ::1/-1: not a prefix length", "", "-l", "::1/-1");
	BAD("-l ::1/064: not a prefix length", "", "-l", "::1/064");
	BAD("-l ::1/8/8: not a prefix length", "", "-l", "::1/8/8");
	BAD("-d ::1,,::2: empty element", "", "-d", "::1,,::2");
	BAD("-d ::1,x: not an address: x", "", "-d", "::1,x");
	BAD("-d '': empty list", "", "-d", "");
}

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

#define LIST_ENTRIES 1100

static char *repeat(const char *(*entry)(char buf[64], int i))
{
	size_t len;
	char *list, buf[64];
	FILE *f = open_memstream(&list, &len);

	assert_non_null(f);
	for (int i = 0; i < LIST_ENTRIES; i++)
		fprintf(f, "%s%s", i ? "," : "", entry(buf, i));
	fclose(f);
	return list;
}

static void test_exclusions(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-D", "!22,!100-199", "-L", "1-100,!22", "--port", "!22", "-d", "!10.0.0.0/8,::1",
	    "--host", "!10.0.0.1");
	assert_run(&r);
	assert_true(port_set_has(&r.o.remote_ports, 21) && port_set_has(&r.o.remote_ports, 0));
	assert_false(port_set_has(&r.o.remote_ports, 22) || port_set_has(&r.o.remote_ports, 150));
	assert_true(port_set_has(&r.o.local_ports, 21) && !port_set_has(&r.o.local_ports, 22));
	assert_false(port_set_has(&r.o.local_ports, 101) || port_set_has(&r.o.local_ports, 0));
	assert_true(port_set_has_either(&r.o.any_ports, 80, 81));
	assert_false(port_set_has_either(&r.o.any_ports, 22, 80));
	assert_int_equal(r.o.remote.included.n, 1);
	assert_prefix(&r.o.remote.excluded.items[0], "::ffff:10.0.0.0", 104);
	assert_prefix(&r.o.host.excluded.items[0], "::ffff:10.0.0.1", 128);
	run_free(&r);

	BAD("-D !: not a port", "", "-D", "!");
	BAD("-D 1,!x: not a port: !x", "", "-D", "1,!x");
	BAD("-D !https: not a port: did you mean 443?", "", "-D", "!https");
	BAD("-d !: not an address", "", "-d", "!");
	BAD("-p !0: not a process ID", "", "-p", "!0");
	BAD("--pid 4194305: no such process", "", "-p", "!4194305");
}

static const char *own_pid(char buf[64], int i)
{
	(void)i;
	snprintf(buf, 64, "%d", getpid());
	return buf;
}

static const char *port_entry(char buf[64], int i)
{
	snprintf(buf, 64, "%d", 2 * i + 1);
	return buf;
}

static const char *prefix_entry(char buf[64], int i)
{
	snprintf(buf, 64, "2001:db8:%x::/%d", i, 48 + i % 80);
	return buf;
}

static void test_long_lists(void **state)
{
	char *pids = repeat(own_pid), *ports = repeat(port_entry), *prefixes = repeat(prefix_entry);
	size_t bad_size = strlen(ports) + sizeof(",80x");
	char *bad = malloc(bad_size);
	struct run r;

	(void)state;
	assert_non_null(bad);
	RUN(&r, "-p", pids, "-L", ports, "--host", prefixes, "--pid", pids, "--host", "::1");
	assert_run(&r);
	assert_int_equal(r.o.pids.included.n, 2 * LIST_ENTRIES);
	for (size_t i = 0; i < r.o.pids.included.n; i++)
		assert_int_equal(r.o.pids.included.items[i], getpid());
	assert_int_equal(count_ports(&r.o.local_ports), LIST_ENTRIES);
	assert_int_equal(r.o.host.included.n, LIST_ENTRIES + 1);
	assert_prefix(&r.o.host.included.items[1099], "2001:db8:44b::", 48 + 1099 % 80);
	assert_prefix(&r.o.host.included.items[LIST_ENTRIES], "::1", 128);
	run_free(&r);

	/* the message has the beginning of the list, and the element */
	snprintf(bad, bad_size, "%s,80x", ports);
	RUN(&r, "-L", bad);
	assert_bad(&r, "-L 1,3,5,", "...: not a port: 80x (");
	assert_true(strlen(r.err) < 300);
	run_free(&r);
	free(bad);
	free(pids);
	free(ports);
	free(prefixes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),	   cmocka_unit_test(test_bad_numbers),
		cmocka_unit_test(test_units),	   cmocka_unit_test(test_exclusions),
		cmocka_unit_test(test_ports),	   cmocka_unit_test(test_bad_ports),
		cmocka_unit_test(test_prefixes),   cmocka_unit_test(test_bad_prefixes),
		cmocka_unit_test(test_long_lists), cmocka_unit_test(test_by),
		cmocka_unit_test(test_bad_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

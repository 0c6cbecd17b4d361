// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Lists of ports, prefixes and process IDs: every valid form, and every invalid one with its message. */
#include "options_run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
		cmocka_unit_test(test_exclusions),   cmocka_unit_test(test_ports),
		cmocka_unit_test(test_bad_ports),    cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_bad_prefixes), cmocka_unit_test(test_long_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

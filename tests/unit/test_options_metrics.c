// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* --metrics and --metrics-tls: where they serve, what they imply, and what is refused. */
#include "options_run.h"

#include <arpa/inet.h>
#include <string.h>

#include "render/render.h"

static void assert_tcp(const char *arg, const char *address, unsigned int port)
{
	uint8_t expected[16];
	struct run r;

	assert_int_equal(inet_pton(AF_INET6, address, expected), 1);
	RUN(&r, "--metrics", arg);
	assert_run(&r);
	assert_int_equal(r.o.metrics.kind, LISTEN_TCP);
	assert_memory_equal(r.o.metrics.at.addr, expected, sizeof(expected));
	assert_int_equal(r.o.metrics.at.port, port);
	run_free(&r);
}

static void test_addresses(void **state)
{
	struct run r;

	(void)state;
	assert_tcp(":9967", "::ffff:127.0.0.1", 9967);
	assert_tcp("localhost:1", "::ffff:127.0.0.1", 1);
	assert_tcp("0.0.0.0:65535", "::ffff:0.0.0.0", 65535);
	assert_tcp("10.0.0.5:9967", "::ffff:10.0.0.5", 9967);
	assert_tcp("[::1]:9967", "::1", 9967);
	assert_tcp("[::]:9967", "::", 9967);
	assert_tcp("[2001:db8::5]:9967", "2001:db8::5", 9967);

	RUN(&r, "--metrics", "unix:/run/a b,c");
	assert_run(&r);
	assert_int_equal(r.o.metrics.kind, LISTEN_UNIX);
	assert_string_equal(r.o.metrics.path, "/run/a b,c");
	run_free(&r);

	RUN(&r, "--metrics", "fd");
	assert_run(&r);
	assert_int_equal(r.o.metrics.kind, LISTEN_INHERITED);
	run_free(&r);
}

/* What is refused, and what is offered instead. */
static void test_mistakes(void **state)
{
	static const char *const bad[] = { "",	      ":",	":0",	   ":65536",
					   ":080",    "fd:3",	"FD",	   "::1",
					   "[::1]",   "[::1:1", "a:b",	   "1.2.3:80",
					   "1.2.3.4", ":9967 ", ":9967/x", "http://x/" };
	char path[200];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		BAD("--metrics ", "not an address and a port", "--metrics", bad[i]);
	BAD("--metrics 9967", "did you mean :9967?", "--metrics", "9967");
	BAD("--metrics *:9967", "did you mean 0.0.0.0:9967?", "--metrics", "*:9967");
	BAD("--metrics ::1:9967", "did you mean [::1]:9967?", "--metrics", "::1:9967");
	BAD("--metrics /run/x", "did you mean unix:/run/x?", "--metrics", "/run/x");
	BAD("--metrics unix:: no path", "unix:PATH", "--metrics", "unix:");
	memset(path, 'x', sizeof(path));
	memcpy(path, "unix:/", 6);
	path[5 + 107] = '\0';
	{
		struct run r;

		RUN(&r, "--metrics", path);
		assert_run(&r);
		run_free(&r);
	}
	path[5 + 107] = 'x';
	path[5 + 108] = '\0';
	BAD("--metrics unix:", "at most 107 bytes", "--metrics", path);
	BAD("--metrics :2: given twice", "", "--metrics", ":1", "--metrics", ":2");
	BAD("--metrics: conflicts with --read", "", "--metrics", ":1", "-r", "x");
}

static void test_tls(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "--metrics", ":1", "--metrics-tls", "a.pem,b.pem");
	assert_run(&r);
	assert_string_equal(r.o.metrics_tls.certificate, "a.pem");
	assert_string_equal(r.o.metrics_tls.key, "b.pem");
	assert_null(r.o.metrics_tls.client_ca);
	run_free(&r);

	RUN(&r, "--metrics", ":1", "--metrics-tls", "a,b,c");
	assert_run(&r);
	assert_string_equal(r.o.metrics_tls.client_ca, "c");
	run_free(&r);

	BAD("--metrics-tls a: the file of the key is missing", "CERT,KEY", "--metrics", ":1",
	    "--metrics-tls", "a");
	BAD("--metrics-tls a,b,c,d: more than three files", "", "--metrics", ":1", "--metrics-tls",
	    "a,b,c,d");
	BAD("--metrics-tls a,: empty element", "", "--metrics", ":1", "--metrics-tls", "a,");
	BAD("--metrics-tls a,b,: empty element", "", "--metrics", ":1", "--metrics-tls", "a,b,");
	BAD("--metrics-tls: requires --metrics", "--metrics :PORT", "--metrics-tls", "a,b");
}

/* A daemon prints nothing, unless it is asked to. */
static void test_output(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "--metrics", ":1");
	assert_run(&r);
	assert_string_equal(r.o.renderer->name, "none");
	assert_true(r.o.silent);
	run_free(&r);

	RUN(&r, "-o", "states", "--metrics", ":1");
	assert_run(&r);
	assert_string_equal(r.o.renderer->name, "states");
	assert_true(r.o.transitions && !r.o.silent);
	run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The command line as a whole: flags, choices, commands, conflicts, and what is no option. */
#include "options_run.h"
#include "render/render.h"

#include <string.h>
#include <unistd.h>

static void test_defaults(void **state)
{
	struct run r;

	(void)state;
	run_words(&r, (const char *const[]){ NULL });
	assert_run(&r);
	assert_string_equal(r.o.renderer->name, "timeline");
	assert_int_equal(r.o.ring_mib, 4);
	assert_int_equal(r.o.max_connections, 0);
	assert_int_equal(r.o.attach, ATTACH_AUTO);
	assert_int_equal(r.o.hooks[FEATURE_ACCEPT], HOOK_ANY);
	assert_int_equal(r.o.time_style, TIME_DEFAULT);
	assert_null(r.o.command);
	assert_false(pid_list_given(&r.o.pids) || prefix_list_given(&r.o.local) ||
		     prefix_list_given(&r.o.remote) || prefix_list_given(&r.o.host));
	assert_false(r.o.local_ports.given || r.o.remote_ports.given || r.o.any_ports.given);
	run_free(&r);
	options_free(NULL);
}

static void test_no_argv(void **state)
{
	struct run r = { .argc = 0 };

	(void)state;
	run_argv(&r);
	assert_run(&r);
	run_free(&r);
}

static void test_flags(void **state)
{
	char own[32];
	struct run r;

	(void)state;
	snprintf(own, sizeof(own), "%d", getpid());
	RUN(&r, "-vqsf", "--failed", "--no-accept", "-t", "-p", own);
	assert_run(&r);
	assert_true(r.o.verbose && r.o.quiet && r.o.summary && r.o.follow && r.o.failed &&
		    r.o.no_accept);
	assert_int_equal(r.o.time_style, TIME_RELATIVE);
	run_free(&r);

	RUN(&r, "-t", "-T", "-4", "-4", "--role", "server", "--attach=kprobe", "-ojson");
	assert_run(&r);
	assert_int_equal(r.o.time_style, TIME_WALL);
	assert_int_equal(r.o.family, 4);
	assert_int_equal(r.o.role, ROLE_SERVER);
	assert_int_equal(r.o.attach, ATTACH_KPROBE);
	assert_string_equal(r.o.renderer->name, "json");
	run_free(&r);

	RUN(&r, "-6", "--role=client", "--attach", "fentry", "-o", "none", "-o", "csv", "--follow",
	    "--pid", own);
	assert_run(&r);
	assert_int_equal(r.o.family, 6);
	assert_int_equal(r.o.role, ROLE_CLIENT);
	assert_int_equal(r.o.attach, ATTACH_FENTRY);
	assert_string_equal(r.o.renderer->name, "csv");
	run_free(&r);
}

static void test_every_format(void **state)
{
	static const char *const names[] = { "timeline", "ladder", "line", "states", "json",
					     "csv",	 "html",   "top",  "none" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct run r;

		RUN(&r, "--output", names[i]);
		assert_run(&r);
		assert_string_equal(r.o.renderer->name, names[i]);
		run_free(&r);
	}
	for (size_t i = 0; i < 2; i++) {
		struct run r;

		RUN(&r, "-o", i ? "JSON" : "Csv");
		assert_run(&r);
		assert_string_equal(r.o.renderer->name, i ? "json" : "csv");
		run_free(&r);
	}
}

static void test_command(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-o", "json", "--", "curl", "-s", "--", "-p");
	assert_run(&r);
	assert_non_null(r.o.command);
	assert_string_equal(r.o.command[0], "curl");
	assert_string_equal(r.o.command[1], "-s");
	assert_string_equal(r.o.command[2], "--");
	assert_string_equal(r.o.command[3], "-p");
	assert_null(r.o.command[4]);
	assert_true(r.o.follow);
	run_free(&r);

	BAD("--: no command follows", "-- COMMAND", "--");
	BAD("--: no command follows", "", "-v", "--");
	BAD("curl: not an option", "-- COMMAND", "curl");
	BAD("curl: not an option", "-- COMMAND", "-v", "curl", "-s", "--", "x");
	BAD("-: not an option", "", "-");
	/* here "--" is a name, and no end of the options */
	BAD("x: not an option", "", "-c", "--", "x");
}

static void test_conflicts(void **state)
{
	(void)state;
	BAD("-6: conflicts with -4", "", "-4", "-6");
	BAD("-4: conflicts with -6", "", "-64");
	BAD("--interval: requires --summary", "", "--interval", "1");
	BAD("--by: requires --summary (accepted: --summary --by KEY)", "", "--by", "comm");
	BAD("--sort: requires --by", "--summary --by KEY", "-s", "--sort", "count");
	BAD("--limit: requires --by", "", "-s", "--limit", "3");
	BAD("-o top: conflicts with --output-file", "", "-o", "top", "--output-file", "x");
	BAD("-o top: conflicts with --interval", "", "-o", "top", "-s", "-i", "1");
	BAD("-o top: a COMMAND would print", "", "-o", "top", "--", "true");
	BAD("--hook state: conflicts with --attach", "", "--attach=kprobe", "--hook=state=raw_tp");
	BAD("--follow: requires --pid", "--pid PID --follow", "-f");
	BAD("--follow: a recording does not say whose child", "", "-f", "-r", "x", "-p", "1");
	BAD("-w b: given twice", "", "-w", "a", "-w", "b");
	BAD("--output-file b: given twice", "", "--output-file", "a", "--output-file", "b");
	BAD("--role server: given twice", "", "--role", "client", "--role", "server");
}

static void test_bad_words(void **state)
{
	(void)state;
	BAD("-o xml: unknown format (accepted: timeline, ", "json", "-o", "xml");
	BAD("--output '': unknown format", "", "--output=");
	BAD("--role both: unknown role (accepted: client, server)", "", "--role", "both");
	BAD("--attach raw: unknown hook (accepted: auto, tracepoint, fentry, kprobe)", "",
	    "--attach", "raw");
	BAD("--hook accept=magic: unknown feature or hook (accepted: state=tp_btf, ",
	    "accept=fexit", "--hook", "accept=magic");
	BAD("-x: unknown option", "--help", "-x");
	BAD("-x: unknown option", "--help", "-vqx");
	BAD("--bogus: unknown option", "", "--bogus");
	BAD("--bogus=1: unknown option", "", "--bogus=1");
	BAD("--out: ambiguous option: did you mean --output or --output-file?", "", "--out",
	    "json");
	BAD("--summary: takes no argument", "", "--summary=1");
	BAD("-o: requires an argument (accepted: timeline, ", "", "-o");
	BAD("--local-port: requires an argument (accepted: PORT", "", "--local-port");
	/* bytes that would break the line or act on a terminal */
	BAD("--a\\x0ab\\x1b[2J: unknown option", "", "--a\nb\033[2J");
	BAD("-\\xc3: unknown option", "", "-\xc3\xa9");
	BAD("--a\\x9b\\xc2\\x9b\\xe2\\x80\\xae\xc3\xa9: unknown", "",
	    "--a\x9b\xc2\x9b\xe2\x80\xae\xc3\xa9");
	BAD("-c a\\x09", "first 15 bytes", "-c", "a\t23456789012345678");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),  cmocka_unit_test(test_no_argv),
		cmocka_unit_test(test_flags),	  cmocka_unit_test(test_every_format),
		cmocka_unit_test(test_command),	  cmocka_unit_test(test_conflicts),
		cmocka_unit_test(test_bad_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

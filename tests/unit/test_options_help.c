// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What --help and --version print. */
#include "options_run.h"

#include <string.h>

static void assert_lines(const char *text, size_t width)
{
	for (; *text; text += strcspn(text, "\n") + 1)
		assert_true(strcspn(text, "\n") <= width);
}

static void test_help(void **state)
{
	static const char *const parts[] = {
		"tcpstates-trace [OPTION...] [-- COMMAND [ARG...]]",
		"-p, --pid",
		"-f, --follow",
		"-c, --comm",
		"-L, --local-port",
		"-D, --remote-port",
		"-l, --local",
		"-d, --remote",
		"--host",
		"--port",
		"-4",
		"-6",
		"--role",
		"--netns",
		"--cgroup",
		"--min-connect",
		"--min-close",
		"--failed",
		"--cause",
		"--open",
		"--state",
		"--older",
		"--conn",
		"--container",
		"--min-accept",
		"--since",
		"--until",
		"-o, --output",
		"-t ",
		"-T ",
		"-w, --write",
		"-r, --read",
		"--output-file",
		"-s, --summary",
		"--max-connections",
		"--no-accept",
		"--attach",
		"--btf",
		"--features",
		"--hook",
		"--ring",
		"--by",
		"--sort",
		"--limit",
		"-i, --interval",
		"--metrics",
		"--metrics-tls",
		"-n, --count",
		"-u, --duration",
		"-v, ",
		"-q, ",
		"-V, ",
		"-h, --help",
		"Examples:",
		"Exit status:",
		"timeline",
		"default 4",
	};
	static const char *const ways[] = { "-h", "--help", "-vh" };

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct run r;

		RUN(&r, ways[i], "--bogus");
		assert_int_equal(r.result, OPTIONS_DONE);
		assert_string_equal(r.err, "");
		for (size_t j = 0; j < sizeof(parts) / sizeof(parts[0]); j++)
			if (!strstr(r.out, parts[j]))
				fail_msg("--help lacks '%s'", parts[j]);
		assert_lines(r.out, 80);
		run_free(&r);
	}
}

static void test_version(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-V");
	assert_int_equal(r.result, OPTIONS_DONE);
	assert_string_equal(r.out, "tcpstates-trace " TCPSTATES_TRACE_VERSION "\n");
	assert_string_equal(r.err, "");
	run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

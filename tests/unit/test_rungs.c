// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The ladders: names, lines of --features, and why a kernel is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "refusal.h"
#include "rungs.h"

static void test_parse(void **state)
{
	static const struct {
		const char *arg;
		enum fact fact;
		enum rung rung;
	} good[] = {
		{ "state=tp_btf", FACT_STATE, RUNG_TP_BTF },
		{ "state=kprobe", FACT_STATE, RUNG_KPROBE },
		{ "accept=none", FACT_ACCEPT, RUNG_NONE },
		{ "timewait=fexit", FACT_TIMEWAIT, RUNG_FEXIT },
		{ "scan=iter_5.8", FACT_SCAN, RUNG_ITER_5_8 },
		{ "mptcp=field", FACT_MPTCP, RUNG_FIELD },
	};
	static const char *const bad[] = {
		"",
		"=",
		"state",
		"state=",
		"state=none",
		"accept=kprobe",
		"accept=unknown",
		"accept=fexi",
		"accept=fexit ",
		"accep=fexit",
		"accepts=fexit",
		"all=none",
	};
	enum fact fact;
	enum rung rung;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(rungs_parse(good[i].arg, &fact, &rung));
		assert_int_equal(fact, good[i].fact);
		assert_int_equal(rung, good[i].rung);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(rungs_parse(bad[i], &fact, &rung));
}

/* Whatever is offered as a word is taken as one, and every ladder is whole. */
static void test_words(void **state)
{
	char words[4096] = "", *word, *rest;
	FILE *f = fmemopen(words, sizeof(words), "w");
	size_t n = rungs_put_words(" ", f), taken = 0;
	enum fact fact;
	enum rung rung;

	(void)state;
	fclose(f);
	for (word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		assert_true(rungs_parse(word, &fact, &rung));
		taken++;
	}
	assert_int_equal(taken, n);
	for (fact = 0; fact < FACTS; fact++) {
		assert_non_null(ladders[fact].lost);
		assert_int_not_equal(ladders[fact].ways[0].rung, RUNG_ANY);
		for (const struct way *w = ladders[fact].ways; w->rung != RUNG_ANY; w++)
			assert_non_null(w->hook);
	}
	assert_string_equal(rung_name(RUNGS), "unknown");
}

static void assert_line(const struct finding *finding, enum fact fact, const char *expected)
{
	struct findings found = { 0 };
	char line[RUNGS_LINE], cut[8];

	found.of[fact] = *finding;
	rungs_line(&found, fact, line, sizeof(line));
	assert_string_equal(line, expected);
	rungs_line(&found, fact, cut, sizeof(cut));
	assert_int_equal(strlen(cut), sizeof(cut) - 1);
}

static void test_lines(void **state)
{
	(void)state;
	assert_line(&(struct finding){ .rung = RUNG_FEXIT }, FACT_ACCEPT,
		    "accept: fexit inet_csk_accept");
	assert_line(&(struct finding){ .rung = RUNG_SYSCALL, .errs = { -EPERM } }, FACT_ACCEPT,
		    "accept: syscall sys_exit_accept, sys_exit_accept4");
	assert_line(
		&(struct finding){ .rung = RUNG_NONE, .errs = { -EPERM, -ENOENT } }, FACT_SYNCOOKIE,
		"syncookie: none; null: syncookie; why: fexit tcp_get_cookie_sock: Operation not "
		"permitted, kretprobe tcp_get_cookie_sock: No such file or directory");
	assert_line(&(struct finding){ .rung = RUNG_NONE, .forgone = true }, FACT_ACCEPT,
		    "accept: none; null: accept_us; why: not wanted");
	assert_line(&(struct finding){ .rung = RUNG_ANY, .errs = { -EPERM } }, FACT_SYNACK,
		    "synack: unknown; why: raw_tp tcp_retransmit_synack: Operation not permitted");
}

static void test_refusal(void **state)
{
	static const struct {
		struct refusal r;
		const char *advice;
	} cases[] = {
		{ { .err = -EPERM }, "as root" },
		{ { .err = -EPERM, .ring_err = -EPERM, .no_types = true }, "as root" },
		{ { .err = -EINVAL, .ring_err = -EINVAL }, "no BPF ring buffer: Linux 5.8" },
		{ { .err = -ENOENT, .ring_err = -EINVAL, .no_types = true }, "Linux 5.8" },
		{ { .err = -ENOENT, .no_types = true }, "--btf FILE, for example one from BTFHub" },
		{ { .err = -ENOMEM }, "a smaller --max-connections or --ring" },
		{ { .err = -EINVAL }, "-v shows more, --features" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_non_null(strstr(refusal_advice(&cases[i].r), cases[i].advice));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

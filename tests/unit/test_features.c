// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The features: names, lines of --features, and why a kernel is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/refusal.h"
#include "base/features.h"

static void test_parse(void **state)
{
	static const struct {
		const char *arg;
		enum feature feature;
		enum hook_kind kind;
	} good[] = {
		{ "state=tp_btf", FEATURE_STATE, HOOK_TP_BTF },
		{ "state=kprobe", FEATURE_STATE, HOOK_KPROBE },
		{ "accept=none", FEATURE_ACCEPT, HOOK_NONE },
		{ "timewait=fexit", FEATURE_TIMEWAIT, HOOK_FEXIT },
		{ "scan=iter_5.8", FEATURE_SCAN, HOOK_ITER_5_8 },
		{ "mptcp=field", FEATURE_MPTCP, HOOK_FIELD },
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
	enum feature feature;
	enum hook_kind kind;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(features_parse(good[i].arg, &feature, &kind));
		assert_int_equal(feature, good[i].feature);
		assert_int_equal(kind, good[i].kind);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(features_parse(bad[i], &feature, &kind));
}

/* features_parse() accepts all words that are printed, and each feature has its texts. */
static void test_words(void **state)
{
	char words[4096] = "", *word, *rest;
	FILE *f = fmemopen(words, sizeof(words), "w");
	size_t n = features_put_words(" ", f), taken = 0;
	enum feature feature;
	enum hook_kind kind;

	(void)state;
	fclose(f);
	for (word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		assert_true(features_parse(word, &feature, &kind));
		taken++;
	}
	assert_int_equal(taken, n);
	for (feature = 0; feature < FEATURES; feature++) {
		assert_non_null(features[feature].null_fields);
		assert_int_not_equal(features[feature].hooks[0].kind, HOOK_ANY);
		for (const struct hook *w = features[feature].hooks; w->kind != HOOK_ANY; w++)
			assert_non_null(w->hook);
	}
	assert_string_equal(hook_name(HOOK_KINDS), "unknown");
}

static void assert_line(const struct finding *finding, enum feature feature, const char *expected)
{
	struct findings found = { 0 };
	char line[FEATURES_LINE], cut[8];

	found.of[feature] = *finding;
	features_line(&found, feature, line, sizeof(line));
	assert_string_equal(line, expected);
	features_line(&found, feature, cut, sizeof(cut));
	assert_int_equal(strlen(cut), sizeof(cut) - 1);
}

static void test_lines(void **state)
{
	(void)state;
	assert_line(&(struct finding){ .kind = HOOK_FEXIT }, FEATURE_ACCEPT,
		    "accept: fexit inet_csk_accept");
	assert_line(&(struct finding){ .kind = HOOK_SYSCALL, .errs = { -EPERM } }, FEATURE_ACCEPT,
		    "accept: syscall sys_exit_accept, sys_exit_accept4");
	assert_line(
		&(struct finding){ .kind = HOOK_NONE, .errs = { -EPERM, -ENOENT } },
		FEATURE_SYNCOOKIE,
		"syncookie: none; null: syncookie (of a listener that has sent cookies lately); why: fexit tcp_get_cookie_sock: Operation not permitted, kretprobe tcp_get_cookie_sock: No such file or directory");
	assert_line(&(struct finding){ .kind = HOOK_NONE, .not_wanted = true }, FEATURE_ACCEPT,
		    "accept: none; null: accept_us; why: not needed or turned off");
	assert_line(&(struct finding){ .kind = HOOK_ANY, .errs = { -EPERM } }, FEATURE_SYNACK,
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
		{ { .err = -EINVAL }, "-v shows details, --features" },
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

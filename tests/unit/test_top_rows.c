// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The rows of the live view: their places, their number, and what is in them. */
#include <linux/bpf.h>
#include <string.h>

#include "top_scene.h"

static void two(struct scene *s, unsigned int a, unsigned int b)
{
	const struct top_now now = { s->now_ns, known(0), 0 };

	s->now_ns += S;
	s->conn = 0;
	top_open_begin(s->t);
	scene_add_open(s, "aaa", 1, BPF_TCP_CLOSE_WAIT, S, a);
	scene_add_open(s, "bbb", 2, BPF_TCP_CLOSE_WAIT, S, b);
	top_refresh(s->t, &now);
}

static void keep_places(void **state)
{
	struct scene *s = *state;

	two(s, 100, 95);
	scene_expect_in(s, "\n>aaa[1] ");
	two(s, 100, 105);
	scene_expect_in(s, "\n>aaa[1] ");
	two(s, 100, 108);
	scene_expect_in(s, "\n>aaa[1] ");
	two(s, 100, 130);
	scene_expect_in(s, "\n>bbb[2] ");
	two(s, 128, 130);
	scene_expect_in(s, "\n>bbb[2] ");
	/* what is selected is followed */
	assert_true(top_key(s->t, TOP_DOWN));
	scene_expect_in(s, "\n>aaa[1] ");
	two(s, 200, 100);
	scene_expect_in(s, "\n>aaa[1] ");
	two(s, 100, 200);
	scene_expect_in(s, "\n>aaa[1] ");
	/* to sort puts all in order */
	two(s, 100, 105);
	scene_press(s, "sow");
	scene_press(s, "so");
	scene_expect_in(s, "\n>bbb[2] ");
}

static void hostile(void **state)
{
	static const char *const names[] = { "\033[2Jx",
					     "a\nb",
					     "\xff\xfe\x80",
					     "\xc2\x9b"
					     "31m",
					     "\xe2\x80\xae"
					     "txt",
					     "a\rb\tc" };
	struct scene *s = *state;

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		scene_add_open(s, names[i], 10 + i, BPF_TCP_CLOSE_WAIT, S, 2);
	top_refresh(s->t, &(struct top_now){ BEGIN + S, known(0), 0 });
	top_say(s->t, "a \033]0;b\007 c");
	for (unsigned int level = 0; level < 3; level++) {
		for (const char *at = scene_draw(s, 80, 24); *at; at++)
			assert_true((*at >= ' ' && *at < 0x7f) || *at == '\n' || (*at & 0x80));
		assert_null(strstr(s->screen, "\xc2\x9b"));
		assert_null(strstr(s->screen, "\xe2\x80\xae"));
		scene_press(s, level ? "/\x1b\n" : "\n");
	}
}

/* Some may not be in the tables: how many is not known, which is not 0. */
static void unknown_established(void **state)
{
	struct scene *s = *state;

	top_refresh(s->t, &(struct top_now){ BEGIN + S, { 0 }, 0 });
	assert_non_null(strstr(scene_draw(s, 80, 24), "open:  - ESTABLISHED"));
	top_refresh(s->t, &(struct top_now){ BEGIN + 2 * S, known(0), 0 });
	assert_non_null(strstr(scene_draw(s, 80, 24), "open:  0 ESTABLISHED"));
}

/* Processes that come and go leave room for those that have something open. */
static void bounded(void **state)
{
	struct scene *s = *state;

	for (unsigned int i = 0; i < 10000; i++) {
		scene_add(s, grouped_client("short", OUTCOME_ESTABLISHED, MS), 5000 + i);
		if (i % 1000 == 0)
			scene_tick(s, 3000);
	}
	scene_tick(s, 3000);
	scene_expect_in(s, "\n>python3[4711] ");
	scene_expect_in(s, "3000 CLOSE_WAIT");
	scene_press(s, "G");
	scene_expect_in(s, "\n>others ");
	scene_press(s, "\n");
	scene_expect_in(s, "the others are too many");
	scene_press(s, "g\n");
	scene_expect_in(s, "\n>CLOSE_WAIT ");
	scene_expect_in(s, "connections of python3[4711], 256 of 3000 open ");
}

static void listener_queue(void **state)
{
	struct listener_report l = {
		.family = 4,
		.local = { [10] = 0xff, [11] = 0xff },
		.local_port = known(80),
		.queue = known(129),
		.backlog = known(128),
		.dropped = known(16),
	};
	struct scene *s = *state;

	top_add_listener(s->t, &l);
	top_add_listener(s->t, &l);
	scene_live(s);
	scene_press(s, "\t\tsu");
	scene_expect_in(s, "129/128");
	scene_press(s, "sd");
	scene_expect_in(s, " 32 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(keep_places), SCENE(hostile),	   SCENE(unknown_established),
		SCENE(bounded),	    SCENE(listener_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

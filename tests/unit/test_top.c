// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The live view: keys are pressed, and its screens are compared with the files of tests/golden/top.  To write them anew:
 *
 *	GOLDEN_UPDATE=1 build/unit/test_top
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "top_scene.h"

#define FOLDER "tests/golden/top/"

static void expect_screen(struct scene *s, size_t width, size_t height, const char *name)
{
	const char *screen = scene_draw(s, width, height);
	char path[200], expected[sizeof(s->screen)];
	FILE *f;

	snprintf(path, sizeof(path), FOLDER "%s.%zux%zu", name, width, height);
	f = fopen(path, getenv("GOLDEN_UPDATE") ? "we" : "re");
	if (!f)
		fail_msg("%s cannot be opened", path);
	if (getenv("GOLDEN_UPDATE")) {
		fputs(screen, f);
	} else {
		expected[fread(expected, 1, sizeof(expected) - 1, f)] = '\0';
		assert_string_equal(screen, expected);
	}
	fclose(f);
}

static void expect_all(struct scene *s, const char *name)
{
	expect_screen(s, 80, 24, name);
	expect_screen(s, 40, 20, name);
	expect_screen(s, 120, 40, name);
}

static void screens(void **state)
{
	struct scene *s = *state;

	scene_live(s);
	expect_all(s, "processes");
	scene_press(s, "\t");
	expect_all(s, "peers");
	scene_press(s, "\t");
	expect_all(s, "listeners");
	scene_press(s, "\ts");
	expect_all(s, "sorting");
	scene_press(s, "w");
	expect_all(s, "sorted");
	scene_press(s, "?");
	expect_all(s, "help");
	scene_press(s, "q/ng");
	expect_all(s, "filter");
	scene_press(s, "\n");
	expect_screen(s, 80, 24, "filtered");
}

/* What the manual promises: the process that leaks, in three keys. */
static void three_keys(void **state)
{
	struct scene *s = *state;

	scene_live(s);
	scene_press(s, "sw");
	scene_expect_in(s, "\n>python3[4711] ");
	scene_press(s, "\n");
	expect_all(s, "connections");
	scene_press(s, "\n");
	expect_all(s, "ladder");
	s->rc.utf8 = true;
	scene_tick(s, 50);
	expect_screen(s, 80, 24, "ladder-utf8");
	scene_press(s, "\x1b");
	scene_expect_in(s, "\n>CLOSE_WAIT ");
	scene_press(s, "\x1b");
	scene_expect_in(s, "\n>python3[4711] ");
	assert_false(top_key(s->t, 'q'));
}

static void others(void **state)
{
	struct scene *s = *state;

	scene_expect_in(s, "no connection yet");
	assert_true(top_key(s->t, TOP_ENTER));
	assert_true(top_key(s->t, TOP_END));
	assert_true(top_key(s->t, TOP_PAGE_UP));
	scene_live(s);
	scene_press(s, "sf");
	scene_expect_in(s, "\n>backup[200] ");
	scene_press(s, "\n");
	scene_expect_in(s, "\n>refused ");
	scene_press(s, "/nothing");
	scene_expect_in(s, "nothing like that");
	scene_press(s, "\x7f\x7f\x7f\x7f\x7f\x7f\x7f:443\n");
	scene_expect_in(s, "\":443\" connections of backup");
	scene_expect_in(s, "\n>refused ");
	scene_press(s, "\x1b");
	scene_expect_not_in(s, "\":443\"");
	scene_press(s, "\x1b/close_wait\n");
	scene_expect_in(s, "\n>python3[4711] ");
	scene_expect_not_in(s, "nginx");
}

static void freezes(void **state)
{
	struct scene *s = *state;
	char before[sizeof(s->screen)];

	scene_live(s);
	scene_press(s, " ");
	scene_expect_in(s, "FROZEN");
	assert_true(top_is_frozen(s->t));
	strcpy(before, s->screen);
	scene_live(s);
	assert_string_equal(scene_draw(s, 80, 24), before);
	scene_press(s, " ");
	scene_tick(s, 60);
	scene_expect_in(s, "60 CLOSE_WAIT");
	scene_expect_not_in(s, "FROZEN");
}

/* However small or large, and whatever is pressed. */
static void any_size(void **state)
{
	static const int keys[] = { TOP_DOWN, TOP_END,	 TOP_PAGE_UP, TOP_ENTER, TOP_RIGHT,
				    TOP_UP,   TOP_ENTER, TOP_DOWN,    TOP_LEFT,	 TOP_ESCAPE,
				    TOP_HOME, TOP_TAB,	 's',	      'u',	 '/',
				    'x',      TOP_ENTER, TOP_ESCAPE,  '?',	 ' ' };
	struct scene *s = *state;

	scene_live(s);
	for (unsigned int i = 0; i < 4000; i++) {
		size_t width = 1 + (size_t)rand() % 300, height = 1 + (size_t)rand() % 130;

		top_key(s->t, keys[(size_t)rand() % (sizeof(keys) / sizeof(keys[0]))]);
		s->page.width = width;
		s->page.height = height;
		top_draw(s->t, &s->page);
		if (i % 100 == 0)
			scene_tick(s, (unsigned int)rand() % 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(screens), SCENE(three_keys), SCENE(others), SCENE(freezes), SCENE(any_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The live view: keys are pressed, and its screens are compared with the files of tests/golden/top.  To write them anew:
 *
 *	GOLDEN_UPDATE=1 build/unit/test_top
 */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grouped.h"
#include "render/top/top.h"

#define FOLDER "tests/golden/top/"
#define BEGIN (1000 * S)
#define OFFSET (1700000000LL * S)

struct scene {
	struct render_context rc;
	struct top *t;
	struct top_page page;
	uint64_t conn, now_ns;
	char screen[TOP_HEIGHT_MAX * sizeof(struct top_line)];
};

static int begin(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->rc.clock_offset_ns = OFFSET;
	s->t = top_create(&s->rc);
	assert_non_null(s->t);
	s->now_ns = BEGIN;
	*state = s;
	return 0;
}

static int end(void **state)
{
	struct scene *s = *state;

	top_destroy(s->t);
	free(s);
	return 0;
}

static void add(struct scene *s, struct chapter ch, int64_t pid)
{
	ch.conn = ++s->conn;
	ch.owner.pid = known(pid);
	ch.t_ns = known((int64_t)s->now_ns);
	memcpy(ch.local, grouped_address, sizeof(ch.local));
	ch.local[15] = 1;
	if (ch.role == ROLE_CLIENT)
		ch.local_port = known(40000 + ch.conn % 20000);
	else
		ch.remote_port = known(40000 + ch.conn % 20000);
	if (ch.type == CHAPTER_HANDSHAKE && ch.handshake.outcome != OUTCOME_ESTABLISHED)
		ch.cause = CAUSE_REFUSED;
	top_add(s->t, NULL, &ch);
}

static void add_open(struct scene *s, const char *comm, int64_t pid, uint8_t state, int64_t ns,
		     unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		add(s, grouped_left(comm, state, ns), pid);
}

/* Numbers of what is open stay the same. */
static void tick(struct scene *s, unsigned int leaked)
{
	const struct top_now now = { s->now_ns, known(1234), 0 };
	uint64_t conn = s->conn;

	s->conn = 100000;
	top_open_begin(s->t);
	add_open(s, "python3", 4711, BPF_TCP_CLOSE_WAIT, (int64_t)(s->now_ns - BEGIN) + 41 * MIN,
		 leaked);
	add_open(s, "nginx", 80, BPF_TCP_FIN_WAIT2, 3 * MS, 12);
	add_open(s, "sshd", 22, BPF_TCP_LAST_ACK, -1, 1);
	s->conn = conn;
	top_refresh(s->t, &now);
}

/* Ten seconds of a host: a leak, a busy server and a client, and something that fails. */
static void live(struct scene *s)
{
	for (unsigned int second = 0; second < 12; second++) {
		for (unsigned int i = 0; i < 20; i++)
			add(s, grouped_client("curl", OUTCOME_ESTABLISHED, (i + 1) * MS), 300);
		for (unsigned int i = 0; i < 100; i++)
			add(s, grouped_server("nginx", ENDING_GRACEFUL, CLOSER_LOCAL), 80);
		add(s, grouped_client("backup", OUTCOME_REFUSED, MS), 200);
		tick(s, 50);
		s->now_ns += S;
	}
}

static void press(struct scene *s, const char *keys)
{
	for (; *keys; keys++)
		assert_true(top_key(s->t, *keys));
}

static const char *draw(struct scene *s, size_t width, size_t height)
{
	char *to = s->screen;

	s->page.width = width;
	s->page.height = height;
	top_draw(s->t, &s->page);
	for (size_t i = 0; i < height; i++)
		to += sprintf(to, "%s\n", s->page.lines[i].text);
	grouped_fits(s->screen, width);
	return s->screen;
}

static void expect_screen(struct scene *s, size_t width, size_t height, const char *name)
{
	const char *screen = draw(s, width, height);
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

static void expect_in(struct scene *s, const char *text)
{
	if (!strstr(draw(s, 80, 24), text))
		fail_msg("%s is not in\n%s", text, s->screen);
}

static void expect_not_in(struct scene *s, const char *text)
{
	if (strstr(draw(s, 80, 24), text))
		fail_msg("%s is in\n%s", text, s->screen);
}

static void screens(void **state)
{
	struct scene *s = *state;

	live(s);
	expect_all(s, "processes");
	press(s, "\t");
	expect_all(s, "peers");
	press(s, "\t");
	expect_all(s, "listeners");
	press(s, "\ts");
	expect_all(s, "sorting");
	press(s, "w");
	expect_all(s, "sorted");
	press(s, "?");
	expect_all(s, "help");
	press(s, "q/ng");
	expect_all(s, "filter");
	press(s, "\n");
	expect_screen(s, 80, 24, "filtered");
}

/* What the manual promises: the process that leaks, in three keys. */
static void three_keys(void **state)
{
	struct scene *s = *state;

	live(s);
	press(s, "sw");
	expect_in(s, "\n>python3[4711] ");
	press(s, "\n");
	expect_all(s, "connections");
	press(s, "\n");
	expect_all(s, "ladder");
	s->rc.utf8 = true;
	tick(s, 50);
	expect_screen(s, 80, 24, "ladder-utf8");
	press(s, "\x1b");
	expect_in(s, "\n>CLOSE_WAIT ");
	press(s, "\x1b");
	expect_in(s, "\n>python3[4711] ");
	assert_false(top_key(s->t, 'q'));
}

static void others(void **state)
{
	struct scene *s = *state;

	expect_in(s, "no connection yet");
	assert_true(top_key(s->t, TOP_ENTER));
	assert_true(top_key(s->t, TOP_END));
	assert_true(top_key(s->t, TOP_PAGE_UP));
	live(s);
	press(s, "sf");
	expect_in(s, "\n>backup[200] ");
	press(s, "\n");
	expect_in(s, "\n>refused ");
	press(s, "/nothing");
	expect_in(s, "nothing like that");
	press(s, "\x7f\x7f\x7f\x7f\x7f\x7f\x7f:443\n");
	expect_in(s, "\":443\" connections of backup");
	expect_in(s, "\n>refused ");
	press(s, "\x1b");
	expect_not_in(s, "\":443\"");
	press(s, "\x1b/close_wait\n");
	expect_in(s, "\n>python3[4711] ");
	expect_not_in(s, "nginx");
}

static void freezes(void **state)
{
	struct scene *s = *state;
	char before[sizeof(s->screen)];

	live(s);
	press(s, " ");
	expect_in(s, "FROZEN");
	assert_true(top_is_frozen(s->t));
	strcpy(before, s->screen);
	live(s);
	assert_string_equal(draw(s, 80, 24), before);
	press(s, " ");
	tick(s, 60);
	expect_in(s, "60 CLOSE_WAIT");
	expect_not_in(s, "FROZEN");
}

static void two(struct scene *s, unsigned int a, unsigned int b)
{
	const struct top_now now = { s->now_ns, known(0), 0 };

	s->now_ns += S;
	s->conn = 0;
	top_open_begin(s->t);
	add_open(s, "aaa", 1, BPF_TCP_CLOSE_WAIT, S, a);
	add_open(s, "bbb", 2, BPF_TCP_CLOSE_WAIT, S, b);
	top_refresh(s->t, &now);
}

static void keep_places(void **state)
{
	struct scene *s = *state;

	two(s, 100, 95);
	expect_in(s, "\n>aaa[1] ");
	two(s, 100, 105);
	expect_in(s, "\n>aaa[1] ");
	two(s, 100, 108);
	expect_in(s, "\n>aaa[1] ");
	two(s, 100, 130);
	expect_in(s, "\n>bbb[2] ");
	two(s, 128, 130);
	expect_in(s, "\n>bbb[2] ");
	/* what is selected is followed */
	assert_true(top_key(s->t, TOP_DOWN));
	expect_in(s, "\n>aaa[1] ");
	two(s, 200, 100);
	expect_in(s, "\n>aaa[1] ");
	two(s, 100, 200);
	expect_in(s, "\n>aaa[1] ");
	/* to sort puts all in order */
	two(s, 100, 105);
	press(s, "sow");
	press(s, "so");
	expect_in(s, "\n>bbb[2] ");
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
		add_open(s, names[i], 10 + i, BPF_TCP_CLOSE_WAIT, S, 2);
	top_refresh(s->t, &(struct top_now){ BEGIN + S, known(0), 0 });
	top_say(s->t, "a \033]0;b\007 c");
	for (unsigned int level = 0; level < 3; level++) {
		for (const char *at = draw(s, 80, 24); *at; at++)
			assert_true((*at >= ' ' && *at < 0x7f) || *at == '\n' || (*at & 0x80));
		assert_null(strstr(s->screen, "\xc2\x9b"));
		assert_null(strstr(s->screen, "\xe2\x80\xae"));
		press(s, level ? "/\x1b\n" : "\n");
	}
}

/* Some may not be in the tables: how many is not known, which is not 0. */
static void unknown_established(void **state)
{
	struct scene *s = *state;

	top_refresh(s->t, &(struct top_now){ BEGIN + S, { 0 }, 0 });
	assert_non_null(strstr(draw(s, 80, 24), "open:  - ESTABLISHED"));
	top_refresh(s->t, &(struct top_now){ BEGIN + 2 * S, known(0), 0 });
	assert_non_null(strstr(draw(s, 80, 24), "open:  0 ESTABLISHED"));
}

/* However small or large, and whatever is pressed. */
static void any_size(void **state)
{
	static const int keys[] = { TOP_DOWN, TOP_END,	 TOP_PAGE_UP, TOP_ENTER, TOP_RIGHT,
				    TOP_UP,   TOP_ENTER, TOP_DOWN,    TOP_LEFT,	 TOP_ESCAPE,
				    TOP_HOME, TOP_TAB,	 's',	      'u',	 '/',
				    'x',      TOP_ENTER, TOP_ESCAPE,  '?',	 ' ' };
	struct scene *s = *state;

	live(s);
	for (unsigned int i = 0; i < 4000; i++) {
		size_t width = 1 + (size_t)rand() % 300, height = 1 + (size_t)rand() % 130;

		top_key(s->t, keys[(size_t)rand() % (sizeof(keys) / sizeof(keys[0]))]);
		s->page.width = width;
		s->page.height = height;
		top_draw(s->t, &s->page);
		if (i % 100 == 0)
			tick(s, (unsigned int)rand() % 100);
	}
}

/* Processes that come and go leave room for those that have something open. */
static void bounded(void **state)
{
	struct scene *s = *state;

	for (unsigned int i = 0; i < 10000; i++) {
		add(s, grouped_client("short", OUTCOME_ESTABLISHED, MS), 5000 + i);
		if (i % 1000 == 0)
			tick(s, 3000);
	}
	tick(s, 3000);
	expect_in(s, "\n>python3[4711] ");
	expect_in(s, "3000 CLOSE_WAIT");
	press(s, "G");
	expect_in(s, "\n>others ");
	press(s, "\n");
	expect_in(s, "the others are too many");
	press(s, "g\n");
	expect_in(s, "\n>CLOSE_WAIT ");
	expect_in(s, "connections of python3[4711], 256 of 3000 open ");
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
	live(s);
	press(s, "\t\tsu");
	expect_in(s, "129/128");
	press(s, "sd");
	expect_in(s, " 32 ");
}

#define SCENE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(screens),
		SCENE(three_keys),
		SCENE(others),
		SCENE(freezes),
		SCENE(keep_places),
		SCENE(hostile),
		SCENE(unknown_established),
		SCENE(any_size),
		SCENE(bounded),
		SCENE(listener_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

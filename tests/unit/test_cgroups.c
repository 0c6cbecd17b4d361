// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Paths of cgroups, from recordings and from a hierarchy, for which a tree of plain directories serves. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cgroups.h"
#include "base/cgroups_walk.h"

#define WIDTH 40

static void learned(void **state)
{
	static char longest[CGROUP_PATH_MAX];
	struct cgroups *c = cgroups_open(false);
	bool fresh;

	(void)state;
	assert_non_null(c);
	assert_null(cgroups_path(c, 7, &fresh));
	assert_null(cgroups_path(c, 0, &fresh));
	memset(longest, 1, sizeof(longest));
	cgroups_learn(c, 7, longest, sizeof(longest));
	assert_null(cgroups_path(c, 7, &fresh));
	cgroups_learn(c, 7, longest, sizeof(longest) - 1);
	assert_int_equal(strlen(cgroups_path(c, 7, &fresh)), sizeof(longest) - 1);
	assert_true(fresh);
	cgroups_learn(c, 7, "/b", 2);
	cgroups_learn(c, 0, "/none", 5);
	assert_null(cgroups_path(c, 0, &fresh));
	assert_string_equal(cgroups_path(c, 7, &fresh), "/b");
	assert_false(fresh);
	cgroups_ask_again(c);
	cgroups_path(c, 7, &fresh);
	assert_true(fresh);
	cgroups_close(c);
}

/* In the order that an insertion sort likes least. */
static void many_learned(void **state)
{
	struct cgroups *c = cgroups_open(false);
	const uint64_t n = 60000;
	char path[32];
	bool fresh;

	(void)state;
	for (uint64_t id = n; id; id--) {
		snprintf(path, sizeof(path), "/%u", (unsigned int)id);
		cgroups_learn(c, id << 40, path, strlen(path));
	}
	for (uint64_t id = 1; id <= n; id++) {
		snprintf(path, sizeof(path), "/%u", (unsigned int)id);
		assert_string_equal(cgroups_path(c, id << 40, &fresh), path);
	}
	cgroups_close(c);
}

struct tree {
	char top[32];
	int fd;
	unsigned int n, deepest;
};

/* top, WIDTH directories in it, and in the first of them a chain of three; each has a file. */
static int plant(void **state)
{
	static struct tree t;
	char path[128];

	t = (struct tree){ .top = "/tmp/cgroups-XXXXXX" };
	if (!mkdtemp(t.top))
		return -1;
	for (int i = 0; i < WIDTH; i++) {
		snprintf(path, sizeof(path), "%s/%d", t.top, i);
		mkdir(path, 0700);
		snprintf(path, sizeof(path), "%s/%d/file", t.top, i);
		close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	}
	snprintf(path, sizeof(path), "%s/0/a", t.top);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/0/a/b", t.top);
	mkdir(path, 0700);
	t.fd = open(t.top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = &t;
	return t.fd < 0;
}

static int fell(void **state)
{
	struct tree *t = *state;
	char command[64];

	close(t->fd);
	snprintf(command, sizeof(command), "rm -r %s", t->top);
	return system(command);
}

static void note(void *ctx, uint64_t id, const char *path)
{
	struct tree *t = ctx;
	struct stat st;

	assert_int_equal(fstatat(t->fd, path[1] ? path + 1 : ".", &st, 0), 0);
	assert_int_equal(id, st.st_ino);
	t->n++;
	t->deepest += !strcmp(path, "/0/a/b");
}

/* However small its parts are, a walk finds each directory once, and a part reads no more than it may. */
static void in_parts(void **state)
{
	struct tree *t = *state;
	unsigned int parts = 0;

	for (size_t entries = 1; entries < 1000; entries *= 10) {
		struct cgroups_walk *w = cgroups_walk_begin(t->fd);

		t->n = t->deepest = parts = 0;
		assert_non_null(w);
		while (!cgroups_walk_on(w, entries, note, t)) {
			assert_true(t->n <= ++parts * entries);
			assert_true(parts < 1000);
		}
		cgroups_walk_end(w);
		assert_int_equal(t->n, WIDTH + 3);
		assert_int_equal(t->deepest, 1);
	}
	assert_int_equal(parts, 0);
}

static void ended_early(void **state)
{
	struct tree *t = *state;
	struct cgroups_walk *w = cgroups_walk_begin(t->fd);

	assert_false(cgroups_walk_on(w, 20, note, t));
	cgroups_walk_end(w);
	cgroups_walk_end(NULL);
}

#define TREE(name) cmocka_unit_test_setup_teardown(name, plant, fell)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(learned),
		cmocka_unit_test(many_learned),
		TREE(in_parts),
		TREE(ended_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

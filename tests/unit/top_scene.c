// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "top_scene.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OFFSET (1700000000LL * S)

int scene_begin(void **state)
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

int scene_end(void **state)
{
	struct scene *s = *state;

	top_destroy(s->t);
	free(s);
	return 0;
}

void scene_add(struct scene *s, struct chapter ch, int64_t pid)
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

void scene_add_open(struct scene *s, const char *comm, int64_t pid, uint8_t state, int64_t ns,
		    unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		scene_add(s, grouped_left(comm, state, ns), pid);
}

void scene_tick(struct scene *s, unsigned int leaked)
{
	const struct top_now now = { s->now_ns, known(1234), 0 };
	uint64_t conn = s->conn;

	s->conn = 100000;
	top_open_begin(s->t);
	scene_add_open(s, "python3", 4711, BPF_TCP_CLOSE_WAIT,
		       (int64_t)(s->now_ns - BEGIN) + 41 * MIN, leaked);
	scene_add_open(s, "nginx", 80, BPF_TCP_FIN_WAIT2, 3 * MS, 12);
	scene_add_open(s, "sshd", 22, BPF_TCP_LAST_ACK, -1, 1);
	s->conn = conn;
	top_refresh(s->t, &now);
}

void scene_live(struct scene *s)
{
	for (unsigned int second = 0; second < 12; second++) {
		for (unsigned int i = 0; i < 20; i++)
			scene_add(s, grouped_client("curl", OUTCOME_ESTABLISHED, (i + 1) * MS),
				  300);
		for (unsigned int i = 0; i < 100; i++)
			scene_add(s, grouped_server("nginx", ENDING_GRACEFUL, CLOSER_LOCAL), 80);
		scene_add(s, grouped_client("backup", OUTCOME_REFUSED, MS), 200);
		scene_tick(s, 50);
		s->now_ns += S;
	}
}

void scene_press(struct scene *s, const char *keys)
{
	for (; *keys; keys++)
		assert_true(top_key(s->t, *keys));
}

const char *scene_draw(struct scene *s, size_t width, size_t height)
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

void scene_expect_in(struct scene *s, const char *text)
{
	if (!strstr(scene_draw(s, 80, 24), text))
		fail_msg("%s is not in\n%s", text, s->screen);
}

void scene_expect_not_in(struct scene *s, const char *text)
{
	if (strstr(scene_draw(s, 80, 24), text))
		fail_msg("%s is in\n%s", text, s->screen);
}

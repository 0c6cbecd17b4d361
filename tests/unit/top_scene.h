/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The live view of a host on which something happens: keys are pressed, and its screen is drawn. */
#ifndef TOP_SCENE_H
#define TOP_SCENE_H

#include "grouped.h"
#include "render/top/top.h"

/* When it begins, CLOCK_MONOTONIC. */
#define BEGIN (1000 * S)

struct scene {
	struct render_context rc;
	struct top *t;
	struct top_page page;
	uint64_t conn, now_ns;
	char screen[TOP_HEIGHT_MAX * sizeof(struct top_line)];
};

/* Set-up and tear-down of a test; its state is a struct scene. */
int scene_begin(void **state);
int scene_end(void **state);

#define SCENE(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)

/* A chapter that is reported now; n connections that are found open. */
void scene_add(struct scene *s, struct chapter ch, int64_t pid);
void scene_add_open(struct scene *s, const char *comm, int64_t pid, uint8_t state, int64_t ns,
		    unsigned int n);

/* What is open is read: a leak of so many, and others.  Numbers of what is open stay the same. */
void scene_tick(struct scene *s, unsigned int leaked);

/* Ten seconds of a host: a leak, a busy server and a client, and something that fails. */
void scene_live(struct scene *s);

void scene_press(struct scene *s, const char *keys);
const char *scene_draw(struct scene *s, size_t width, size_t height);

/* On 80 columns and 24 lines. */
void scene_expect_in(struct scene *s, const char *text);
void scene_expect_not_in(struct scene *s, const char *text);

#endif

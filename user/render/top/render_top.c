// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* -o top as a renderer: it prints nothing, the screen of live.c or of a replay shows what it has counted. */
#include "render/render_parts.h"
#include "top.h"

struct top *top_of(const struct render_context *rc)
{
	return rc->state;
}

static void begin(struct render_context *rc)
{
	rc->state = top_create(rc);
}

static void chapter(struct render_context *rc, const struct chapter *ch)
{
	if (rc->state)
		top_add(rc->state, NULL, ch);
}

static void connection(struct render_context *rc, const struct chapter *handshake,
		       const struct chapter *close)
{
	if (rc->state)
		top_add(rc->state, handshake, close);
}

static void listener(struct render_context *rc, const struct listener_report *l)
{
	if (rc->state)
		top_add_listener(rc->state, l);
}

static void counted(struct render_context *rc, const struct item_counted *c)
{
	if (rc->state)
		top_add_counted(rc->state, c);
}

static void open_begin(struct render_context *rc)
{
	if (rc->state)
		top_open_begin(rc->state);
}

static void next_trace(struct render_context *rc)
{
	if (rc->state)
		top_next_trace(rc->state);
}

static void free_state(struct render_context *rc)
{
	top_destroy(rc->state);
	rc->state = NULL;
}

const struct renderer renderer_top = {
	.name = "top",
	.help = "a full screen that is refreshed each second: who, how many, why",
	.on_screen = true,
	.begin = begin,
	.chapter = chapter,
	.connection = connection,
	.listener = listener,
	.counted = counted,
	.open_begin = open_begin,
	.next_trace = next_trace,
	.free = free_state,
};

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The live view of -o top without its terminal: what is counted, which keys do what, and the text of a screen.
 * Pure: it knows no clock and no ncurses.
 */
#ifndef TOP_H
#define TOP_H

#include "base/maybe.h"
#include "render/render.h"

struct top;

/* Keys that are no characters, and names of some that are. */
enum top_key {
	TOP_TAB = '\t',
	TOP_ENTER = '\n',
	TOP_ESCAPE = 27,
	TOP_BACKSPACE = 127,
	TOP_UP = 0x1000,
	TOP_DOWN,
	TOP_LEFT,
	TOP_RIGHT,
	TOP_PAGE_UP,
	TOP_PAGE_DOWN,
	TOP_HOME,
	TOP_END,
};

enum top_style { TOP_PLAIN, TOP_BAR, TOP_SELECTED, TOP_TROUBLE, TOP_STYLES };

/* A larger terminal is used in its upper left. */
#define TOP_WIDTH_MAX 250
#define TOP_HEIGHT_MAX 120

struct top_line {
	enum top_style style;
	char text[4 * TOP_WIDTH_MAX + 1];
};

/* A screen.  The caller sets width and height, at most the above. */
struct top_page {
	size_t width, height;
	struct top_line lines[TOP_HEIGHT_MAX];
};

/* What only the caller of top_refresh() knows. */
struct top_now {
	uint64_t ns; /* CLOCK_MONOTONIC; 0: a recording, which is as old as its last event */
	struct maybe established;
	uint64_t
		lost; /* connections that the trace could not follow, and events that it did not see */
};

/* rc is used until top_destroy().  NULL when there is no memory. */
struct top *top_create(const struct render_context *rc);
void top_destroy(struct top *t);

/* As the functions of struct renderer. */
void top_add(struct top *t, const struct chapter *handshake, const struct chapter *ch);
void top_add_listener(struct top *t, const struct listener_report *report);
void top_add_counted(struct top *t, const struct item_counted *counted);
void top_open_begin(struct top *t);
void top_next_trace(struct top *t);

/* Once a second, after what is open was told: takes over what was counted, unless it is frozen. */
void top_refresh(struct top *t, const struct top_now *now);
bool top_is_frozen(const struct top *t);

/* A line for the bottom of the screen, until the next key. */
void top_say(struct top *t, const char *line);

/* False: leave. */
bool top_key(struct top *t, int key);

void top_draw(struct top *t, struct top_page *page);

/* The one that a renderer with on_screen has made; NULL: there was no memory. */
struct top *top_of(const struct render_context *rc);

#endif

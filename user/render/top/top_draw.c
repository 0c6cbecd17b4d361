// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A screen of the live view: the head, what the level shows, and the foot. */
#include <stdlib.h>
#include <string.h>

#include "top_parts.h"

/* Rows move: what is selected is where its row or connection is now. */
static void follow(struct top *t)
{
	struct top_cursor *c = top_cursor(t);
	size_t n = top_count(t);

	for (size_t i = 0; c->moved && t->level == TOP_ROWS && i < n; i++)
		if (top_view(t)->rows[t->shown[i]].number == c->id)
			c->at = i;
	for (size_t i = 0; c->moved && t->level == TOP_CONNECTIONS && i < n; i++)
		if (t->entries[i].conn == c->id)
			c->at = i;
	if (c->at >= n)
		c->at = n ? n - 1 : 0;
}

static void scroll(struct top *t)
{
	struct top_cursor *c = top_cursor(t);
	size_t n = top_count(t), last = n > t->page ? n - t->page : 0;

	if (t->level != TOP_LADDER && c->at < c->first)
		c->first = c->at;
	if (t->level != TOP_LADDER && c->at >= c->first + t->page)
		c->first = c->at - t->page + 1;
	if (c->first > last)
		c->first = last;
}

void top_draw_ladder(struct top *t, struct top_page *page, size_t from, size_t to)
{
	const char *s = t->ladder ? t->ladder : "";
	size_t skip = t->cursors[TOP_LADDER].first;

	for (size_t line = from; *s && line < to; s += strcspn(s, "\n") + 1) {
		char *text;

		if (skip) {
			skip--;
			continue;
		}
		text = strndup(s, strcspn(s, "\n"));
		if (!text)
			return;
		top_put(page, line++, TOP_PLAIN, top_after(text, t->shift));
		free(text);
	}
}

static void clear(struct top_page *page)
{
	if (page->width > TOP_WIDTH_MAX)
		page->width = TOP_WIDTH_MAX;
	if (page->height > TOP_HEIGHT_MAX)
		page->height = TOP_HEIGHT_MAX;
	for (size_t i = 0; i < page->height; i++)
		page->lines[i] = (struct top_line){ TOP_PLAIN, "" };
}

void top_draw(struct top *t, struct top_page *page)
{
	size_t from, to, headings = t->level != TOP_LADDER;

	clear(page);
	if (t->mode == TOP_HELPING) {
		top_draw_help(page);
		return;
	}
	from = top_draw_head(t, page);
	to = page->height - top_draw_foot(t, page);
	t->page = to > from + headings ? to - from - headings : 1;
	follow(t);
	scroll(t);
	if (t->level == TOP_ROWS)
		top_draw_rows(t, page, from, to);
	else if (t->level == TOP_CONNECTIONS)
		top_draw_list(t, page, from, to);
	else
		top_draw_ladder(t, page, from, to);
}

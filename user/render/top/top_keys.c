// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the keys of the live view do. */
#include <ctype.h>
#include <string.h>

#include "top_parts.h"

#define SHIFT 8

static size_t ladder_lines(const struct top *t)
{
	size_t n = 0;

	for (const char *s = t->ladder ? t->ladder : ""; *s; s += strcspn(s, "\n") + 1)
		n++;
	return n;
}

size_t top_count(const struct top *t)
{
	switch (t->level) {
	case TOP_ROWS:
		return t->n_shown;
	case TOP_CONNECTIONS:
		return t->n_entries;
	default:
		return ladder_lines(t);
	}
}

static uint64_t id_at(const struct top *t, size_t at)
{
	if (at >= top_count(t) || t->level == TOP_LADDER)
		return 0;
	return t->level == TOP_ROWS ? t->views[t->view].rows[t->shown[at]].number
				    : t->entries[at].conn;
}

static void move_to(struct top *t, size_t at)
{
	struct top_cursor *c = top_cursor(t);
	size_t n = top_count(t);

	c->at = at < n ? at : n ? n - 1 : 0;
	c->moved = true;
	c->id = id_at(t, c->at);
}

/* A ladder has no line that is selected: the whole of it moves. */
static void move_by(struct top *t, long by)
{
	struct top_cursor *c = top_cursor(t);
	size_t from = t->level == TOP_LADDER ? c->first : c->at;
	long to = (long)from + by;

	if (t->level == TOP_LADDER)
		c->first = to < 0 ? 0 : (size_t)to;
	else
		move_to(t, to < 0 ? 0 : (size_t)to);
}

static void to_top(struct top *t)
{
	struct top_cursor *c = top_cursor(t);

	c->at = c->first = 0;
	c->moved = false;
}

static void clear_below(struct top *t)
{
	for (unsigned int level = t->level + 1; level < TOP_LEVELS; level++)
		t->cursors[level] = (struct top_cursor){ 0 };
	t->shift = 0;
}

static void enter_row(struct top *t)
{
	const struct top_row *row = &top_view(t)->rows[t->shown[t->cursors[TOP_ROWS].at]];

	if (!row->from->key) {
		top_say(t,
			"the others are too many to list: select less, with options such as --port");
		return;
	}
	clear_below(t);
	memcpy(t->key, row->from->key, row->from->key_len);
	t->key_len = row->from->key_len;
	memcpy(t->key_label, row->label, sizeof(t->key_label));
	t->cursors[TOP_ROWS].moved = true;
	t->cursors[TOP_ROWS].id = row->number;
	t->level = TOP_CONNECTIONS;
	top_list_refresh(t);
}

static void enter_connection(struct top *t)
{
	struct top_cursor *c = top_cursor(t);

	t->conn = t->entries[c->at].conn;
	if (!top_ladder_refresh(t)) {
		top_say(t, "this connection is not kept any more");
		return;
	}
	c->moved = true;
	c->id = t->conn;
	clear_below(t);
	t->level = TOP_LADDER;
}

static void enter(struct top *t)
{
	if (t->level == TOP_LADDER || top_cursor(t)->at >= top_count(t))
		return;
	if (t->level == TOP_ROWS)
		enter_row(t);
	else
		enter_connection(t);
}

static void filter_changed(struct top *t)
{
	to_top(t);
	if (t->level == TOP_ROWS)
		top_rows_show(t);
	else
		top_list_refresh(t);
}

static void clear_filter(struct top *t)
{
	top_cursor(t)->filter[0] = '\0';
	filter_changed(t);
}

/* Back to where Enter came from; at the rows, to all of them. */
static void back(struct top *t)
{
	if (t->level != TOP_LADDER && top_cursor(t)->filter[0])
		clear_filter(t);
	else if (t->level != TOP_ROWS)
		t->level--;
}

static void next_view(struct top *t, unsigned int by)
{
	t->view = (t->view + by) % TOP_VIEWS;
	t->level = TOP_ROWS;
	to_top(t);
	if (t->view != TOP_BY_LISTENER && (t->sort == TOP_QUEUE || t->sort == TOP_DROPPED))
		t->sort = TOP_OPEN;
	top_rows_sort(t, top_view(t), true);
	top_rows_show(t);
}

static void sort_by(struct top *t, int key)
{
	for (unsigned int i = 0; i < TOP_COLUMNS; i++) {
		if (top_columns[i].key != tolower(key))
			continue;
		if ((i == TOP_QUEUE || i == TOP_DROPPED) && t->view != TOP_BY_LISTENER)
			return;
		t->sort = i;
		t->level = TOP_ROWS;
		top_rows_sort(t, top_view(t), true);
		top_rows_show(t);
		to_top(t);
	}
}

/* Removes a character with all its bytes. */
static void shorten(char *filter)
{
	size_t len = strlen(filter);

	while (len && ((uint8_t)filter[--len] & 0xc0) == 0x80)
		;
	filter[len] = '\0';
}

static void filter_key(struct top *t, int key)
{
	char *filter = top_cursor(t)->filter;
	size_t len = strlen(filter);

	if (key == TOP_ENTER || key == TOP_ESCAPE)
		t->mode = TOP_MOVING;
	if (key == TOP_ESCAPE)
		filter[0] = '\0';
	else if (key == TOP_BACKSPACE)
		shorten(filter);
	else if (key >= ' ' && key < 0x100 && len + 1 < TOP_FILTER_MAX)
		memcpy(filter + len, (char[]){ (char)key, '\0' }, 2);
	filter_changed(t);
}

static bool move_key(struct top *t, int key)
{
	long page = (long)t->page;

	switch (key) {
	case TOP_UP:
	case 'k':
		move_by(t, -1);
		return true;
	case TOP_DOWN:
	case 'j':
		move_by(t, 1);
		return true;
	case TOP_PAGE_UP:
		move_by(t, -page);
		return true;
	case TOP_PAGE_DOWN:
		move_by(t, page);
		return true;
	case TOP_HOME:
	case 'g':
		to_top(t);
		return true;
	case TOP_END:
	case 'G':
		move_by(t, (long)top_count(t));
		return true;
	default:
		return false;
	}
}

static void sideways(struct top *t, int key)
{
	if (t->level != TOP_LADDER)
		return;
	if (key == TOP_RIGHT)
		t->shift += SHIFT;
	else
		t->shift -= t->shift < SHIFT ? t->shift : SHIFT;
}

static void other_key(struct top *t, int key)
{
	if (key == TOP_ENTER)
		enter(t);
	else if (key == TOP_ESCAPE || key == TOP_BACKSPACE)
		back(t);
	else if (key == TOP_TAB)
		next_view(t, 1);
	else if (key == 's')
		t->mode = TOP_SORTING;
	else if (key == '/' && t->level != TOP_LADDER)
		t->mode = TOP_FILTERING;
	else if (key == '?' || key == 'h')
		t->mode = TOP_HELPING;
	else if (key == ' ')
		t->frozen = !t->frozen;
	else
		sideways(t, key);
}

bool top_key(struct top *t, int key)
{
	enum top_mode mode = t->mode;

	t->said[0] = '\0';
	if (mode == TOP_FILTERING) {
		filter_key(t, key);
		return true;
	}
	if (mode != TOP_MOVING)
		t->mode = TOP_MOVING;
	if (mode == TOP_SORTING)
		sort_by(t, key);
	else if (key == 'q' || key == 'Q')
		return mode == TOP_HELPING;
	else if (mode == TOP_MOVING && !move_key(t, key))
		other_key(t, key);
	return true;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The tables of the live view: the rows, and the connections of one. */
#include <stdlib.h>
#include <string.h>

#include "top_parts.h"

#define MARK 1 /* the column of ">" */
#define LABEL_LEAST 14
#define LABEL_SHARE(width) ((width)*3 / 10)
#define WHAT 13
#define TIME 12
#define TIME_NARROW 9
#define WHO 22
/* from here on the table of connections has both ends, and more */
#define WIDE 72
#define WIDER 100

/* What gives way first stands last. */
static const enum top_column order[] = { TOP_OPEN,   TOP_CLOSE_WAIT, TOP_NEW, TOP_OLDEST,
					 TOP_FAILED, TOP_P99,	     TOP_P50, TOP_COUNT };
static const enum top_column listener_order[] = { TOP_OPEN,   TOP_QUEUE,   TOP_NEW,
						  TOP_OLDEST, TOP_DROPPED, TOP_CLOSE_WAIT,
						  TOP_FAILED, TOP_P99,	   TOP_P50,
						  TOP_COUNT };

struct columns {
	bool has[TOP_COLUMNS];
	size_t label; /* what is left for it */
};

static void add(struct columns *c, enum top_column column, size_t least)
{
	size_t width = top_columns[column].width;

	if (c->has[column] || c->label < least + width)
		return;
	c->has[column] = true;
	c->label -= width;
}

static struct columns choose(const struct top *t, size_t width)
{
	bool listener = t->view == TOP_BY_LISTENER;
	const enum top_column *by = listener ? listener_order : order;
	size_t n = listener ? sizeof(listener_order) / sizeof(*by) : sizeof(order) / sizeof(*by);
	size_t least = LABEL_SHARE(width) < LABEL_LEAST ? LABEL_LEAST : LABEL_SHARE(width);
	struct columns c = { .label = width > MARK ? width - MARK : 0 };

	add(&c, t->sort, least);
	for (size_t i = 0; i < n; i++)
		add(&c, by[i], least);
	return c;
}

/* row: NULL for the headings. */
static char *row_text(const struct top *t, const struct columns *c, const struct top_row *row,
		      bool selected)
{
	char buf[TOP_CELL_MAX], *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	fputc(selected ? '>' : ' ', out);
	top_put_padded(out, row ? row->label : t->views[t->view].name, c->label, false);
	for (unsigned int i = 0; i < TOP_COLUMNS; i++)
		if (c->has[i])
			fprintf(out, "%*s", top_columns[i].width,
				row ? top_cell(buf, t, row, i) : top_columns[i].heading);
	fclose(out);
	return text;
}

static void put(struct top_page *page, size_t line, enum top_style style, char *text)
{
	if (text)
		top_put(page, line, style, text);
	free(text);
}

static void put_nothing(struct top *t, struct top_page *page, size_t line)
{
	bool filtered = top_cursor(t)->filter[0];

	top_put(page, line, TOP_PLAIN,
		filtered	       ? "  nothing like that (Esc shows all)"
		: t->level == TOP_ROWS ? "  no connection yet"
				       : "  none of them is kept");
}

void top_draw_rows(struct top *t, struct top_page *page, size_t from, size_t to)
{
	struct columns c = choose(t, page->width);
	const struct top_cursor *cursor = top_cursor(t);

	put(page, from, TOP_BAR, row_text(t, &c, NULL, false));
	if (!t->n_shown)
		put_nothing(t, page, from + 1);
	for (size_t i = cursor->first; i < t->n_shown && from + 1 < to; i++) {
		const struct top_row *row = &top_view(t)->rows[t->shown[i]];
		bool selected = i == cursor->at;

		put(page, ++from,
		    selected			  ? TOP_SELECTED
		    : row->values[TOP_CLOSE_WAIT] ? TOP_TROUBLE
						  : TOP_PLAIN,
		    row_text(t, &c, row, selected));
	}
}

/* e: NULL for the headings. */
static char *entry_text(const struct top *t, size_t width, const struct top_entry *e, bool selected)
{
	size_t time = width < WIDE ? TIME_NARROW : TIME;
	bool who = width >= WIDER && t->view != TOP_BY_PROCESS;
	size_t rest = width > MARK + WHAT + time + 2 ? width - MARK - WHAT - time - 2 : 0;
	char *text = NULL;
	size_t len, end = rest;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	if (who)
		end -= WHO;
	if (width >= WIDER)
		end -= WHO;
	fputc(selected ? '>' : ' ', out);
	top_put_padded(out, e ? e->what : "state", WHAT, false);
	fprintf(out, "%*.*s  ", (int)time, (int)time, e ? e->time : "for");
	if (width >= WIDE) {
		end = end / 2 - 1;
		top_put_padded(out, e ? e->local : "local", end, true);
		fputs("  ", out);
	}
	top_put_padded(out, e ? e->remote : "remote", end, e);
	if (width >= WIDER) {
		fputc(' ', out);
		top_put_padded(out, e ? name_or_dash(e->cause) : "cause", WHO - 1, false);
	}
	if (who)
		fputs(e ? e->who : "process", out);
	fclose(out);
	return text;
}

void top_draw_list(struct top *t, struct top_page *page, size_t from, size_t to)
{
	const struct top_cursor *cursor = top_cursor(t);

	put(page, from, TOP_BAR, entry_text(t, page->width, NULL, false));
	if (!t->n_entries)
		put_nothing(t, page, from + 1);
	for (size_t i = cursor->first; i < t->n_entries && from + 1 < to; i++)
		put(page, ++from, i == cursor->at ? TOP_SELECTED : TOP_PLAIN,
		    entry_text(t, page->width, &t->entries[i], i == cursor->at));
}

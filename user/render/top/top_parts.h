/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the parts of the live view share. */
#ifndef TOP_PARTS_H
#define TOP_PARTS_H

#include "chapter/names.h"
#include "render/summary.h"
#include "render/summary_by_label.h"
#include "top.h"
#include "top_conns.h"

/* rates are of so many seconds */
#define TOP_WINDOW 10
#define TOP_LISTENERS 256
#define TOP_FILTER_MAX 64
#define TOP_SAY_MAX 200
#define TOP_ENTRIES_MAX 1000
#define TOP_CELL_MAX 40

enum top_column {
	TOP_NEW,
	TOP_COUNT,
	TOP_FAILED,
	TOP_OPEN,
	TOP_CLOSE_WAIT,
	TOP_QUEUE,
	TOP_DROPPED,
	TOP_OLDEST,
	TOP_P50,
	TOP_P99,
	TOP_COLUMNS
};

enum top_views { TOP_BY_PROCESS, TOP_BY_PEER, TOP_BY_LISTENER, TOP_VIEWS };
enum top_level { TOP_ROWS, TOP_CONNECTIONS, TOP_LADDER, TOP_LEVELS };
enum top_mode { TOP_MOVING, TOP_SORTING, TOP_FILTERING, TOP_HELPING };

/* A row as it was at the last refresh. */
struct top_row {
	uint64_t number;	   /* of its by_row; 0: the others */
	const struct by_row *from; /* until the next refresh */
	uint64_t values[TOP_COLUMNS];
	uint64_t history[TOP_WINDOW]; /* connections at the last refreshes */
	uint64_t value;		      /* the one that it is sorted by */
	size_t place;		      /* at the refresh before; SIZE_MAX: it is new */
	uint64_t backlog, oldest_ns;
	bool listens;	 /* queue and backlog are known */
	uint32_t states; /* those in which something is open */
	bool older;	 /* something was in its state before the trace */
	char label[SUMMARY_BY_LABEL_MAX];
};

struct top_view {
	const char *name;
	struct by by;
	struct summary *summary;
	struct top_row *rows; /* in their order */
	size_t n;
};

struct top_listener {
	char key[ENDPOINT_MAX];
	bool any_address;
	uint64_t queue, backlog, dropped;
};

/* A connection of the list. */
struct top_entry {
	uint64_t conn;
	bool open;
	uint64_t weight; /* the greater, the higher it stands */
	char what[24], time[TOP_CELL_MAX];
	const char *cause;
	char local[ENDPOINT_MAX], remote[ENDPOINT_MAX], who[PERSON_TEXT_MAX];
};

/* Where a level stands: which line is selected, and which is the first on the screen. */
struct top_cursor {
	size_t at, first;
	bool moved;  /* by a key: it follows what is selected */
	uint64_t id; /* of that: a row's number, a connection's */
	char filter[TOP_FILTER_MAX];
};

/* The counts of all at a refresh. */
struct top_moment {
	uint64_t ns, connections, failed;
};

struct top {
	const struct render_context *rc;
	struct top_view views[TOP_VIEWS];
	struct top_conns conns;
	struct top_listener listeners[TOP_LISTENERS];
	size_t n_listeners;

	/* the rates */
	struct top_now now;
	uint64_t begin_ns, last_ns; /* of the trace; of the latest event */
	uint64_t ticks;		    /* refreshes so far */
	struct top_moment moments[TOP_WINDOW];
	struct histogram connect[TOP_WINDOW];
	uint64_t new_rate, failed_rate; /* in a thousand seconds */
	uint64_t p50_ns, p99_ns;	/* 0: none */
	uint64_t open[BY_STATES];

	/* the screen */
	unsigned int view;
	enum top_level level;
	enum top_mode mode;
	enum top_column sort;
	bool frozen;
	struct top_cursor cursors[TOP_LEVELS];
	size_t *shown; /* numbers of the rows that the filter leaves, room for all */
	size_t n_shown;
	size_t page; /* lines of the list on the screen */
	char said[TOP_SAY_MAX];

	/* the connections of a row, as at the last refresh */
	char key[SUMMARY_KEY_MAX];
	size_t key_len;
	char key_label[SUMMARY_BY_LABEL_MAX];
	struct top_entry *entries;
	size_t n_entries;

	/* the ladder of one of them */
	uint64_t conn;
	char *ladder;
	size_t shift; /* columns that are left of the screen */
};

static inline struct top_view *top_view(struct top *t)
{
	return &t->views[t->view];
}

static inline struct top_cursor *top_cursor(struct top *t)
{
	return &t->cursors[t->level];
}

/* top_rows.c: what was counted becomes rows. */
void top_rows_refresh(struct top *t, struct top_view *v);
/* Puts them in order; anew: those that are about equal, too. */
void top_rows_sort(struct top *t, struct top_view *v, bool anew);
void top_rows_show(struct top *t);

/* top_columns.c */
extern const struct top_column_kind {
	const char *heading;
	char key;
	uint8_t width;
} top_columns[TOP_COLUMNS];
const char *top_cell(char buf[TOP_CELL_MAX], const struct top *t, const struct top_row *row,
		     enum top_column column);
const char *top_rate(char buf[TOP_CELL_MAX], uint64_t rate);

/* top_list.c: the connections of the row with t->key. */
void top_list_refresh(struct top *t);

/* top_ladder.c: false: the connection is not known any more. */
bool top_ladder_refresh(struct top *t);

/* top_page.c */
size_t top_text_columns(const char *s);
/* Where the character after so many begins. */
const char *top_after(const char *s, size_t n);
void top_put(struct top_page *page, size_t line, enum top_style style, const char *text);
/* In so many columns, cut off, or its beginning if that is what says least. */
void top_put_padded(FILE *out, const char *text, size_t width, bool keep_end);

/* top_draw_*.c */
void top_draw_rows(struct top *t, struct top_page *page, size_t from, size_t to);
void top_draw_list(struct top *t, struct top_page *page, size_t from, size_t to);
void top_draw_ladder(struct top *t, struct top_page *page, size_t from, size_t to);
size_t top_draw_head(struct top *t, struct top_page *page);
size_t top_draw_foot(struct top *t, struct top_page *page);
void top_draw_help(struct top_page *page);

/* How many lines the level has. */
size_t top_count(const struct top *t);

#endif

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The table of --by: what of a row a person asks first, in one line.  What is nothing in all rows is left out. */
#include "summary_by_columns.h"

#include <string.h>

#include "base/number.h"
#include "chapter/names.h"
#include "summary_by_details.h"
#include "summary_by_label.h"

/* of the keys, so that columns find room beside them: a part of the width */
#define KEYS_SHARE(width) ((width)*3 / 8)
#define GAP SUMMARY_BY_GAP
#define CELL_MAX 64
#define COLUMNS_MAX 12

enum kind {
	KIND_COUNT,
	KIND_ABRUPT,
	KIND_OLDEST,
	KIND_P99,
	KIND_WORST,
	KIND_CAUSE,
	KIND_CAUSE_ALONE
};

/* What gives way if there is not enough room: first the age, which the lines above have. */
enum room { ROOM_FOR_ALL, ROOM_WITHOUT_AGE, ROOM_FOR_WORST, ROOM_FOR_CAUSE_ALONE, ROOMS };

struct column {
	const char *heading;
	enum kind kind;
	size_t at; /* in struct by_row: of a uint64_t, or of a histogram */
	size_t width;
};

struct page {
	FILE *out;
	const struct by_table *t;
	struct by_widths keys;
	struct column columns[COLUMNS_MAX];
	size_t n;
};

static const char *number_text(char buf[CELL_MAX], uint64_t value)
{
	buf[number_uint(buf, value)] = '\0';
	return buf;
}

static uint64_t abrupt_closes(const struct by_row *row)
{
	return row->counts.closes - row->counts.endings[ENDING_GRACEFUL] -
	       row->counts.endings[ENDING_UNKNOWN];
}

static const char *oldest(char buf[CELL_MAX], const struct by_row *row)
{
	struct by_open open = summary_by_open_sum(row);

	return open.older || open.oldest_ns ? summary_by_age(buf, &open, "before trace") : "-";
}

static const char *p99(char buf[CELL_MAX], const struct histogram *h)
{
	return h->total ? text_duration(buf, histogram_percentile(h, 99)) : "-";
}

/* "connect 1.02 s" */
static const char *worst(char buf[CELL_MAX], const struct by_row *row)
{
	const struct histogram *found = NULL;
	char text[CELL_MAX];

	for (size_t i = 0; i < BY_LATENCIES; i++) {
		const struct histogram *h = &row->latency[i];

		if (h->total &&
		    (!found || histogram_percentile(h, 99) > histogram_percentile(found, 99)))
			found = h;
	}
	if (!found)
		return "-";
	text_join(buf, CELL_MAX, summary_by_latency((size_t)(found - row->latency)), " ",
		  p99(text, found));
	return buf;
}

static uint64_t with_cause(const struct by_row *row, unsigned int cause)
{
	return row->counts.causes[cause] + row->counts.open_causes[cause];
}

static unsigned int main_cause(const struct by_row *row)
{
	unsigned int found = CAUSE_NONE;

	for (unsigned int i = CAUSE_NONE + 1; i < CAUSES; i++)
		if (with_cause(row, i) && (!found || with_cause(row, i) > with_cause(row, found)))
			found = i;
	return found;
}

/* "app_slow 50" */
static const char *cause(char buf[CELL_MAX], const struct by_row *row, bool with_count)
{
	unsigned int found = main_cause(row);
	char n[CELL_MAX];

	if (found == CAUSE_NONE)
		return "-";
	if (!with_count)
		return name_cause(found);
	text_join(buf, CELL_MAX, name_cause(found), " ", number_text(n, with_cause(row, found)));
	return buf;
}

/* "-": nothing was measured. */
static const char *cell(char buf[CELL_MAX], const struct column *c, const struct by_row *row)
{
	const void *at = (const char *)row + c->at;

	switch (c->kind) {
	case KIND_COUNT:
		return number_text(buf, *(const uint64_t *)at);
	case KIND_ABRUPT:
		return number_text(buf, abrupt_closes(row));
	case KIND_OLDEST:
		return oldest(buf, row);
	case KIND_P99:
		return p99(buf, at);
	case KIND_WORST:
		return worst(buf, row);
	case KIND_CAUSE:
		return cause(buf, row, true);
	case KIND_CAUSE_ALONE:
		return cause(buf, row, false);
	}
	return "-";
}

static bool is_nothing(const char *text)
{
	return !strcmp(text, "0") || !strcmp(text, "-");
}

/* Adds the column, unless it has nothing in any row. */
static void add(struct page *p, struct column c)
{
	char buf[CELL_MAX];
	bool any = false;

	c.width = strlen(c.heading);
	for (size_t i = 0; i < summary_by_printed(p->t); i++) {
		const char *text = cell(buf, &c, summary_by_row(p->t, i));

		any |= !is_nothing(text);
		if (strlen(text) > c.width)
			c.width = strlen(text);
	}
	if (any && p->n < COLUMNS_MAX)
		p->columns[p->n++] = c;
}

#define AT(member) offsetof(struct by_row, member)

static void add_count(struct page *p, const char *heading, size_t at)
{
	add(p, (struct column){ .heading = heading, .kind = KIND_COUNT, .at = at });
}

static void add_columns(struct page *p, enum room room)
{
	add_count(p, "count", AT(counts.connections));
	add_count(p, "failed", AT(counts.failed));
	add(p, (struct column){ .heading = "abrupt", .kind = KIND_ABRUPT });
	add_count(p, "open", AT(counts.open));
	if (room == ROOM_FOR_ALL)
		add(p, (struct column){ .heading = "oldest", .kind = KIND_OLDEST });
	if (room >= ROOM_FOR_WORST)
		add(p, (struct column){ .heading = "worst p99", .kind = KIND_WORST });
	else
		for (size_t i = 0; i < BY_LATENCIES; i++)
			add(p, (struct column){ .heading = summary_by_latency(i),
						.kind = KIND_P99,
						.at = AT(latency) + i * sizeof(struct histogram) });
	if (!by_has(p->t->by, BY_CAUSE))
		add(p, (struct column){ .heading = "main cause",
					.kind = room < ROOM_FOR_CAUSE_ALONE ? KIND_CAUSE
									    : KIND_CAUSE_ALONE });
}

static size_t width_of(const struct page *p, size_t n)
{
	size_t width = 0;

	for (size_t i = 0; i < n; i++)
		width += GAP + p->columns[i].width;
	return width;
}

/* The last column needs no blanks behind it. */
static bool fits(const struct page *p)
{
	return summary_by_keys_width(p->t, &p->keys) + width_of(p, p->n) <= p->t->width;
}

static bool is_p99(const struct column *c)
{
	return c->kind == KIND_P99;
}

/* Above the latencies. */
static void put_title(const struct page *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (!is_p99(&p->columns[i]))
			continue;
		fprintf(p->out, "%*sp99 of\n",
			(int)(summary_by_keys_width(p->t, &p->keys) + width_of(p, i) + GAP), "");
		return;
	}
}

static void put_line(const struct page *p, const struct by_row *row)
{
	char buf[CELL_MAX];

	summary_by_put_keys(p->out, p->t, &p->keys, row);
	for (size_t i = 0; i < p->n; i++) {
		const struct column *c = &p->columns[i];
		const char *text = row ? cell(buf, c, row) : c->heading;

		if (c->kind >= KIND_CAUSE)
			fprintf(p->out, "%*s%s", GAP, "", text);
		else
			fprintf(p->out, "%*s", (int)(GAP + c->width), text);
	}
	fputc('\n', p->out);
}

void summary_by_print_columns(FILE *out, const struct by_table *t)
{
	struct page p = { .out = out, .t = t };
	enum room room = ROOM_FOR_ALL;

	if (!summary_by_printed(t))
		return;
	summary_by_widen(&p.keys, t, NULL);
	for (size_t i = 0; i < summary_by_printed(t); i++)
		summary_by_widen(&p.keys, t, summary_by_row(t, i));
	summary_by_narrow(&p.keys, t, KEYS_SHARE(t->width));
	do {
		p.n = 0;
		add_columns(&p, room);
	} while (!fits(&p) && ++room < ROOMS);
	if (!fits(&p))
		summary_by_narrow(&p.keys, t,
				  t->width > width_of(&p, p.n) ? t->width - width_of(&p, p.n) : 0);
	put_title(&p);
	put_line(&p, NULL);
	for (size_t i = 0; i < summary_by_printed(t); i++)
		put_line(&p, summary_by_row(t, i));
	fputc('\n', out);
	summary_by_print_details(out, t);
}

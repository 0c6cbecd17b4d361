// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The first and the last lines of the live view. */
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "render/render_parts.h"
#include "render/summary_by_table.h"
#include "top_parts.h"

#define CLOCK_LEN 8 /* "15:04:05" */
#define LINE_MAX (4 * TOP_WIDTH_MAX)
/* from here on the counts have one line */
#define WIDE 72

static const char *right_text(char buf[TIME_MAX + 16], const struct top *t)
{
	char time[TIME_MAX];

	if (t->frozen)
		return "FROZEN";
	if (!t->now.ns)
		return "recording";
	text_utc(time, render_realtime(t->rc, (int64_t)t->now.ns));
	time[CLOCK_LEN] = '\0';
	text_join(buf, TIME_MAX + 16, time, "Z");
	return buf;
}

/* The filter first: it says that this is not all. */
static size_t put_filter(char line[LINE_MAX], struct top *t)
{
	const char *filter = t->level == TOP_LADDER ? "" : top_cursor(t)->filter;
	char safe[4 * TOP_FILTER_MAX];

	line[0] = '\0';
	if (!*filter)
		return 0;
	return text_join(line, LINE_MAX, "\"", text_foreign(safe, sizeof(safe), filter), "\" ");
}

static uint64_t open_of_row(const struct top *t)
{
	const struct top_view *v = &t->views[t->view];

	for (size_t i = 0; i < v->n; i++)
		if (v->rows[i].number == t->cursors[TOP_ROWS].id)
			return v->rows[i].values[TOP_OPEN];
	return 0;
}

/* Not all that is open is kept: ", 256 of 8000 open". */
static void put_share(char *line, size_t size, const struct top *t)
{
	uint64_t all = open_of_row(t);
	size_t n = 0;

	for (size_t i = 0; i < t->n_entries; i++)
		n += t->entries[i].open;
	if (n < all && !*t->cursors[TOP_CONNECTIONS].filter)
		snprintf(line, size, ", %zu of %" PRIu64 " open", n, all);
}

static void title(char line[LINE_MAX], struct top *t, bool wide)
{
	size_t at = put_filter(line, t), left = LINE_MAX - at;

	line += at;
	if (t->level == TOP_ROWS)
		snprintf(line, left, "%sby %s, sorted by %s", wide ? PROGRAM ": " : "",
			 top_view(t)->name, top_columns[t->sort].heading);
	else if (t->level == TOP_CONNECTIONS)
		at = (size_t)snprintf(line, left, "%s%s", wide ? "connections of " : "",
				      t->key_label);
	else
		snprintf(line, left, "connection %" PRIu64 " of %s", t->conn, t->key_label);
	if (t->level == TOP_CONNECTIONS)
		put_share(line + at, left - at, t);
}

static void put_title(struct top *t, struct top_page *page)
{
	char left[LINE_MAX], buf[TIME_MAX + 16];
	const char *right = right_text(buf, t);
	size_t room = page->width > strlen(right) + 1 ? page->width - strlen(right) - 1 : 0;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	title(left, t, page->width >= WIDE);
	top_put_padded(out, left, room, false);
	fprintf(out, " %s", right);
	if (!fclose(out))
		top_put(page, 0, TOP_BAR, text);
	free(text);
}

static size_t put_rates(struct top *t, struct top_page *page)
{
	char new[TOP_CELL_MAX], failed[TOP_CELL_MAX], p50[TOP_CELL_MAX], p99[TOP_CELL_MAX];
	char first[LINE_MAX / 4], second[LINE_MAX / 4], lost[LINE_MAX / 4], line[LINE_MAX];

	snprintf(first, sizeof(first), "new %s/s  failed %s/s", top_rate(new, t->new_rate),
		 top_rate(failed, t->failed_rate));
	snprintf(second, sizeof(second), "connect p50 %s, p99 %s",
		 t->p50_ns ? text_duration(p50, t->p50_ns) : "-",
		 t->p99_ns ? text_duration(p99, t->p99_ns) : "-");
	snprintf(lost, sizeof(lost), "  lost %" PRIu64, t->now.lost);
	if (page->width < WIDE) {
		text_join(line, sizeof(line), first, lost);
		top_put(page, 1, TOP_PLAIN, line);
		top_put(page, 2, TOP_PLAIN, second);
		return 3;
	}
	text_join(line, sizeof(line), first, "  ", second, lost);
	top_put(page, 1, TOP_PLAIN, line);
	return 2;
}

/* The state with most, of those with less than `than`, or as many and a higher number. */
static unsigned int next_state(const struct top *t, unsigned int than)
{
	unsigned int found = BY_STATES;

	for (unsigned int i = 0; i < BY_STATES; i++) {
		uint64_t n = t->open[i];

		if (!n ||
		    (than < BY_STATES && (n > t->open[than] || (n == t->open[than] && i <= than))))
			continue;
		if (found == BY_STATES || n > t->open[found])
			found = i;
	}
	return found;
}

/* A number that is cut off would be another number. */
static bool put_state(char line[LINE_MAX], size_t width, struct maybe n, const char *state)
{
	char piece[TOP_CELL_MAX + 32], number[24] = "-";
	size_t at = strlen(line);
	bool fits;

	if (n.known)
		snprintf(number, sizeof(number), "%" PRId64, n.value);
	snprintf(piece, sizeof(piece), "  %s %s", number, state);
	fits = at + strlen(piece) <= width;
	snprintf(line + at, LINE_MAX - at, "%s", fits ? piece : " ..");
	return fits;
}

/* Those that are established and all is well with them come last. */
static void put_open(struct top *t, struct top_page *page, size_t at)
{
	char line[LINE_MAX] = "open:";
	bool fits = true;

	for (unsigned int i = next_state(t, BY_STATES); i < BY_STATES && fits; i = next_state(t, i))
		fits = put_state(line, page->width, known((int64_t)t->open[i]),
				 summary_by_state(i));
	if (t->now.ns && fits)
		put_state(line, page->width, t->now.established, name_state(BPF_TCP_ESTABLISHED));
	else if (!t->now.ns && !strcmp(line, "open:"))
		snprintf(line, sizeof(line), "open: 0");
	top_put(page, at, TOP_PLAIN, line);
}

size_t top_draw_head(struct top *t, struct top_page *page)
{
	size_t at = 1;

	put_title(t, page);
	if (t->level == TOP_LADDER)
		return at;
	at = put_rates(t, page);
	put_open(t, page, at);
	return at + 1;
}

static const char *const hints[TOP_LEVELS][3] = {
	[TOP_ROWS] = { "Enter connections  Tab %s  s sort  / filter  Space freeze  ? help  q quit",
		       "Enter  Tab  s sort  / filter  ? help  q", "? help  q quit" },
	[TOP_CONNECTIONS] = { "Enter ladder  Esc back  / filter  Space freeze  ? help  q quit",
			      "Enter ladder  Esc back  ? help  q quit", "Esc back  q quit" },
	[TOP_LADDER] = { "Esc back  arrows and PgUp, PgDn scroll  ? help  q quit",
			 "Esc back  arrows scroll  q quit", "Esc back  q quit" },
};

static const char *hint(char line[LINE_MAX], const struct top *t, size_t width)
{
	const char *next = t->views[(t->view + 1) % TOP_VIEWS].name;

	for (unsigned int i = 0; i < 3; i++) {
		const char *blank = strstr(hints[t->level][i], "%s");
		size_t before = blank ? (size_t)(blank - hints[t->level][i])
				      : strlen(hints[t->level][i]);

		snprintf(line, LINE_MAX, "%.*s%s%s", (int)before, hints[t->level][i],
			 blank ? next : "", blank ? blank + 2 : "");
		if (strlen(line) <= width)
			break;
	}
	return line;
}

/* "sort: n new/s  c count ...", on as many lines as it takes. */
static size_t put_sorts(const struct top *t, struct top_page *page)
{
	char lines[4][LINE_MAX] = { "sort:" }, piece[64];
	size_t n = 0, len;

	for (unsigned int i = 0; i < TOP_COLUMNS; i++) {
		if ((i == TOP_QUEUE || i == TOP_DROPPED) && t->view != TOP_BY_LISTENER)
			continue;
		snprintf(piece, sizeof(piece), "  %c %s", top_columns[i].key,
			 top_columns[i].heading);
		if (strlen(lines[n]) + strlen(piece) > page->width && n < 3)
			n++;
		len = strlen(lines[n]);
		snprintf(lines[n] + len, sizeof(lines[n]) - len, "%s", piece + (len ? 0 : 2));
	}
	for (size_t i = 0; i <= n && n < page->height; i++)
		top_put(page, page->height - 1 - n + i, TOP_BAR, lines[i]);
	return n + 1;
}

size_t top_draw_foot(struct top *t, struct top_page *page)
{
	char line[LINE_MAX], safe[4 * TOP_FILTER_MAX];

	if (t->mode == TOP_SORTING)
		return put_sorts(t, page);
	if (t->mode == TOP_FILTERING)
		text_join(line, sizeof(line), "/",
			  text_foreign(safe, sizeof(safe), top_cursor(t)->filter), "_");
	else if (*t->said)
		snprintf(line, sizeof(line), "%s", t->said);
	else
		hint(line, t, page->width);
	top_put(page, page->height - 1, TOP_BAR, line);
	return 1;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "summary_by_label.h"

#include <string.h>

#include "base/clock.h"

#define LABEL_MAX SUMMARY_BY_LABEL_MAX
#define PATH_SHOWN 60
/* no key is cut to less */
#define WIDTH_MIN 6

static bool has_key(const struct by *by, unsigned int key)
{
	for (unsigned int i = 0; i < by->n; i++)
		if (by->keys[i] == key)
			return true;
	return false;
}

/* Of the others, how many they are, unless there are some that nobody has counted. */
static const char *others_label(char buf[LABEL_MAX], const struct by_table *t, unsigned int number)
{
	if (number)
		return "";
	if (t->overflowed)
		return "others";
	snprintf(buf, LABEL_MAX, "%zu other%s", t->n - t->n_shown,
		 t->n - t->n_shown == 1 ? "" : "s");
	return buf;
}

/* A path says most at its end. */
static const char *path_end(const char *path)
{
	size_t len = strlen(path);

	if (len <= PATH_SHOWN)
		return path;
	path += len - PATH_SHOWN;
	while ((*path & 0xc0) == 0x80)
		path++;
	return path;
}

/* "python3[4711]", as in other output, unless the name has a column of its own. */
static const char *pid_label(char buf[LABEL_MAX], const struct by *by, const struct by_row *row,
			     const char *pid)
{
	char comm[COMM_TEXT_MAX];

	if (has_key(by, BY_COMM) || !*row->comm)
		return pid;
	text_join(buf, LABEL_MAX, text_comm(comm, row->comm), "[", pid, "]");
	return buf;
}

const char *summary_by_label(char buf[SUMMARY_BY_LABEL_MAX], const struct by *by,
			     const struct by_row *row, unsigned int number)
{
	const char *text = summary_key_part(row->key, number);

	if (!*text)
		return "-";
	if (by->keys[number] == BY_PID)
		return pid_label(buf, by, row, text);
	if (by->keys[number] == BY_CGROUP)
		text = path_end(text);
	return text_foreign(buf, LABEL_MAX, text);
}

static const char *label(char buf[LABEL_MAX], const struct by_table *t, const struct by_row *row,
			 unsigned int number)
{
	if (!row)
		return by_key_name(t->by->keys[number]);
	if (!row->key)
		return others_label(buf, t, number);
	return summary_by_label(buf, t->by, row, number);
}

/* A character takes one column. */
static size_t columns_of(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

/* Where the character after so many begins. */
static const char *after_columns(const char *s, size_t n)
{
	for (; *s; s++)
		if ((*s & 0xc0) != 0x80 && !n--)
			break;
	return s;
}

/* Prints a text in so many columns; "..." is for what does not fit. */
static void put_label(FILE *out, const char *text, size_t width, bool end)
{
	size_t n = columns_of(text);

	if (n <= width)
		fprintf(out, "%s%*s", text, (int)(width - n), "");
	else if (end)
		fprintf(out, "...%s", after_columns(text, n + 3 - width));
	else
		fprintf(out, "%.*s...", (int)(after_columns(text, width - 3) - text), text);
}

void summary_by_widen(struct by_widths *w, const struct by_table *t, const struct by_row *row)
{
	char buf[LABEL_MAX];

	for (unsigned int i = 0; i < t->by->n; i++) {
		size_t n = columns_of(label(buf, t, row, i));

		if (n > w->of[i])
			w->of[i] = n;
	}
}

size_t summary_by_keys_width(const struct by_table *t, const struct by_widths *w)
{
	size_t sum = 0;

	for (unsigned int i = 0; i < t->by->n; i++)
		sum += w->of[i] + (i ? SUMMARY_BY_GAP : 0);
	return sum;
}

static size_t *widest(struct by_widths *w, unsigned int n)
{
	size_t *found = &w->of[0];

	for (unsigned int i = 1; i < n; i++)
		if (w->of[i] > *found)
			found = &w->of[i];
	return found;
}

void summary_by_narrow(struct by_widths *w, const struct by_table *t, size_t max)
{
	while (summary_by_keys_width(t, w) > max && *widest(w, t->by->n) > WIDTH_MIN)
		--*widest(w, t->by->n);
}

void summary_by_put_keys(FILE *out, const struct by_table *t, const struct by_widths *w,
			 const struct by_row *row)
{
	char buf[LABEL_MAX];

	for (unsigned int i = 0; i < t->by->n; i++) {
		if (i)
			fprintf(out, "%*s", SUMMARY_BY_GAP, "");
		put_label(out, label(buf, t, row, i), w->of[i], t->by->keys[i] == BY_CGROUP);
	}
}

const char *summary_by_age(char buf[SUMMARY_BY_AGE_MAX], const struct by_open *open,
			   const char *before)
{
	char span[32];

	if (open->older && open->oldest_ns < NS_PER_S)
		return before;
	text_join(buf, SUMMARY_BY_AGE_MAX, open->older ? "over " : "",
		  text_duration(span, open->oldest_ns));
	return buf;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What of --by a person reads first: what is open, and since when. */
#include <inttypes.h>
#include <linux/bpf.h>

#include "base/clock.h"
#include "summary_by_columns.h"
#include "summary_by_label.h"

#define LINES_MAX 10
#define WORDS_MAX 120
/* one whose age is not known, as it was in its state before the trace, stands as high as one of this age */
#define OLDER_NS ((uint64_t)(3600 * NS_PER_S))

/* What of a row is open in one state. */
struct line {
	const struct by_row *row;
	unsigned int state;
	uint64_t weight;
};

struct lines {
	struct line lines[LINES_MAX];
	size_t n;
	uint64_t open; /* in them */
	int digits;    /* of the greatest number */
};

/* "50 open in CLOSE_WAIT, oldest 41 min" */
static size_t words(char buf[WORDS_MAX], const struct line *l, int digits)
{
	const struct by_open *o = &l->row->open[l->state];
	char age[SUMMARY_BY_AGE_MAX];

	return (size_t)snprintf(buf, WORDS_MAX, "%*" PRIu64 " open in %s%s%s%s", digits, o->n,
				l->state == BY_STATE_UNACCEPTED ? "the " : "",
				summary_by_state(l->state),
				o->older || o->oldest_ns ? ", oldest " : "",
				o->older || o->oldest_ns
					? summary_by_age(age, o, "before the trace")
					: "");
}

/* All ages together: many for a short time stand below few for a long time. */
static uint64_t weight_of(const struct by_open *o)
{
	return o->sum_ns + o->older * OLDER_NS;
}

/* Inserts a line behind those that weigh more; the last one falls out of a full list. */
static void insert(struct lines *l, struct line line)
{
	size_t at = l->n < LINES_MAX ? l->n++ : LINES_MAX;

	for (; at && l->lines[at - 1].weight < line.weight; at--)
		if (at < LINES_MAX)
			l->lines[at] = l->lines[at - 1];
	if (at < LINES_MAX)
		l->lines[at] = line;
}

static void find_lines(struct lines *l, const struct by_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		for (unsigned int state = 0; state < BY_STATES; state++) {
			const struct by_open *o = &t->rows[i]->open[state];

			if (o->n)
				insert(l, (struct line){ t->rows[i], state, weight_of(o) });
		}
	}
	for (size_t i = 0; i < l->n; i++) {
		uint64_t n = l->lines[i].row->open[l->lines[i].state].n;
		int digits = snprintf(NULL, 0, "%" PRIu64, n);

		l->open += n;
		if (digits > l->digits)
			l->digits = digits;
	}
}

/* What the states mean to those who do not know TCP. */
static const char *const meanings[BY_STATES] = {
	[BPF_TCP_SYN_SENT] = "the peer has not answered yet",
	[BPF_TCP_SYN_RECV] = "the peer has not completed the handshake",
	[BPF_TCP_NEW_SYN_RECV] = "the peer has not completed the handshake",
	[BPF_TCP_ESTABLISHED] = "data waits for the peer, which does not take it",
	[BPF_TCP_FIN_WAIT1] = "the program has closed, the peer has not acknowledged it",
	[BPF_TCP_FIN_WAIT2] = "the program has closed, the peer has not",
	[BPF_TCP_CLOSING] = "both have closed, the peer has not acknowledged it",
	[BPF_TCP_CLOSE_WAIT] = "the peer has closed, the program has not",
	[BPF_TCP_LAST_ACK] = "both have closed, the peer has not acknowledged it",
	[BY_STATE_UNACCEPTED] = "the program has not called accept() for it",
};

/* Explains each state once, in the order of the lines. */
static void print_meanings(FILE *out, const struct lines *l)
{
	bool said[BY_STATES] = { false };

	for (size_t i = 0; i < l->n; i++) {
		unsigned int state = l->lines[i].state;

		if (!said[state] && meanings[state])
			fprintf(out, "(%s: %s)\n", summary_by_state(state), meanings[state]);
		said[state] = true;
	}
}

static uint64_t all_open(const struct by_table *t)
{
	uint64_t n = 0;

	for (size_t i = 0; i < summary_by_printed(t); i++)
		n += summary_by_row(t, i)->counts.open;
	return n;
}

static void print_open(FILE *out, const struct by_table *t)
{
	struct lines l = { .n = 0 };
	uint64_t all = all_open(t);
	struct by_widths keys = { { 0 } };
	char buf[WORDS_MAX];
	size_t longest = 0;

	find_lines(&l, t);
	for (size_t i = 0; i < l.n; i++) {
		size_t len = words(buf, &l.lines[i], l.digits);

		longest = len > longest ? len : longest;
		summary_by_widen(&keys, t, l.lines[i].row);
	}
	summary_by_narrow(&keys, t, t->width - SUMMARY_BY_GAP - longest);
	for (size_t i = 0; i < l.n; i++) {
		words(buf, &l.lines[i], l.digits);
		summary_by_put_keys(out, t, &keys, l.lines[i].row);
		fprintf(out, "%*s%s\n", SUMMARY_BY_GAP, "", buf);
	}
	if (all > l.open)
		fprintf(out, "and %" PRIu64 " more open\n", all - l.open);
	print_meanings(out, &l);
	if (l.n)
		fputc('\n', out);
}

void summary_by_print(FILE *out, const struct summary_by *b, size_t width)
{
	uint32_t limit = summary_by_keys(b)->limit;
	struct by_table t;

	if (summary_by_table(&t, b, limit ? limit : BY_LIMIT_DEFAULT)) {
		fputs("no memory for the rows of --by\n", out);
		return;
	}
	/* the others have one line as well */
	if (t.n == t.n_shown + 1 && !t.overflowed)
		t.n_shown = t.n;
	t.width = width < SUMMARY_BY_WIDTH ? SUMMARY_BY_WIDTH : width;
	print_open(out, &t);
	summary_by_print_columns(out, &t);
	if (t.overflowed)
		fprintf(out, "%" PRIu64 " chapters found no row of the %d, and are in others\n\n",
			t.overflowed, SUMMARY_BY_ROWS);
	summary_by_table_free(&t);
}

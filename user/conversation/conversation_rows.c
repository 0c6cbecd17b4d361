// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "conversation_parts.h"

/* How far the lines have come at each end. */
struct merge {
	const struct conversation *c;
	struct conversation_row *rows;
	size_t n;
	int next[SIDES];
};

static const struct event *head(const struct merge *m, enum side side)
{
	return m->next[side] < (int)m->c->n_events[side] ? &m->c->events[side][m->next[side]]
							 : NULL;
}

/* Nothing has to come before it: it is of this end only, or its other end has a line already. */
static bool is_free(const struct merge *m, enum side side)
{
	const struct event *e = head(m, side);

	return e && (e->other < 0 || e->other < m->next[conversation_other(side)]);
}

static bool is_earlier(const struct event *a, const struct event *b)
{
	return !a->step.t_ns.known ||
	       (b->step.t_ns.known && a->step.t_ns.value <= b->step.t_ns.value);
}

static void put_one(struct merge *m, enum side side)
{
	struct conversation_row *row = &m->rows[m->n++];

	row->at[side] = m->next[side];
	row->at[conversation_other(side)] = -1;
	row->half = m->c->events[side][m->next[side]].other >= 0;
	m->next[side]++;
}

static void put_both(struct merge *m)
{
	m->rows[m->n++] = (struct conversation_row){ { m->next[CLIENT], m->next[SERVER] }, false };
	m->next[CLIENT]++;
	m->next[SERVER]++;
}

/* Both wait for what the other has behind it: the one that leaves first is shown as leaving. */
static enum side first_of_crossing(const struct merge *m)
{
	const struct event *a = head(m, CLIENT), *b = head(m, SERVER);

	if (a->step.segment.sent != b->step.segment.sent)
		return a->step.segment.sent ? CLIENT : SERVER;
	return is_earlier(a, b) ? CLIENT : SERVER;
}

static void put_next(struct merge *m)
{
	const struct event *a = head(m, CLIENT), *b = head(m, SERVER);
	bool free_a = is_free(m, CLIENT), free_b = is_free(m, SERVER);

	if (a && b && a->other == m->next[SERVER] && b->other == m->next[CLIENT])
		put_both(m);
	else if (free_a && free_b)
		put_one(m, is_earlier(a, b) ? CLIENT : SERVER);
	else if (free_a || free_b)
		put_one(m, free_a ? CLIENT : SERVER);
	else
		put_one(m, first_of_crossing(m));
}

size_t conversation_rows(const struct conversation *c,
			 struct conversation_row rows[CONVERSATION_ROWS_MAX])
{
	struct merge m = { .c = c, .rows = rows };

	while (head(&m, CLIENT) || head(&m, SERVER))
		put_next(&m);
	return m.n;
}

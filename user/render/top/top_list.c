// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The connections of a row. */
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "render/render_parts.h"
#include "render/summary_by_table.h"
#include "top_parts.h"

/* those that are open stand above the others */
#define OPEN_WEIGHT (UINT64_MAX / 2)

static const char *what(const struct chapter *ch)
{
	if (ch->open)
		return summary_by_state(ch->accepted == TRISTATE_NO ? BY_STATE_UNACCEPTED
								    : ch->state);
	return name_or_dash(ch->type == CHAPTER_CLOSE ? name_ending(ch->close.ending)
						      : name_outcome(ch->handshake.outcome));
}

/* How long it is in its state, or how long its handshake or close took. */
static struct maybe time_of(const struct chapter *ch)
{
	if (ch->open)
		return ch->accepted == TRISTATE_NO && ch->type == CHAPTER_CLOSE &&
				       ch->close.queued_ns.known
			       ? ch->close.queued_ns
			       : ch->state_ns;
	return ch->type == CHAPTER_CLOSE ? ch->close.close_ns : ch->handshake.handshake_ns;
}

static uint64_t weight(const struct chapter *ch)
{
	if (!ch->open)
		return ch->t_ns.known ? (uint64_t)ch->t_ns.value : 0;
	return OPEN_WEIGHT +
	       (ch->state_ns.known ? (uint64_t)ch->state_ns.value / 2 : OPEN_WEIGHT / 2);
}

static void set_entry(struct top_entry *e, const struct chapter *ch)
{
	struct maybe time = time_of(ch);
	char buf[TOP_CELL_MAX];

	*e = (struct top_entry){ .conn = ch->conn, .open = ch->open, .weight = weight(ch) };
	snprintf(e->what, sizeof(e->what), "%s", what(ch));
	snprintf(e->time, sizeof(e->time), "%s",
		 time.known ? text_duration(buf, (uint64_t)time.value)
		 : ch->open ? "before trace"
			    : "-");
	e->cause = name_cause(ch->cause);
	render_local(e->local, ch);
	render_remote(e->remote, ch);
	name_person(e->who, summary_person(ch));
}

static bool has_key(const struct top *t, const struct chapter *ch)
{
	const struct summary_paths none = { 0 };
	char key[SUMMARY_KEY_MAX];
	size_t len = summary_key(key, &t->views[t->view].by, ch, &none);

	return len == t->key_len && !memcmp(key, t->key, len);
}

static bool matches(const struct top_entry *e, const char *filter)
{
	return !*filter || strcasestr(e->what, filter) || strcasestr(e->local, filter) ||
	       strcasestr(e->remote, filter) || strcasestr(e->who, filter) ||
	       (e->cause && strcasestr(e->cause, filter));
}

static void take(void *ctx, const struct top_conn *conn)
{
	struct top *t = ctx;
	struct top_entry *e = &t->entries[t->n_entries];
	struct chapter ch;

	if (t->n_entries == TOP_ENTRIES_MAX ||
	    !top_unpack(&ch, conn->close ? conn->close : conn->handshake) || !has_key(t, &ch))
		return;
	set_entry(e, &ch);
	t->n_entries += matches(e, t->cursors[TOP_CONNECTIONS].filter);
}

static int compare(const void *a, const void *b)
{
	const struct top_entry *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	return (x->conn > y->conn) - (x->conn < y->conn);
}

void top_list_refresh(struct top *t)
{
	if (!t->entries)
		t->entries = calloc(TOP_ENTRIES_MAX, sizeof(*t->entries));
	if (!t->entries)
		return;
	t->n_entries = 0;
	top_conns_each(&t->conns, take, t);
	qsort(t->entries, t->n_entries, sizeof(*t->entries), compare);
}

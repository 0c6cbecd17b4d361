// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The timeline of both ends: a line for each segment, with the time at the client, its direction, the time at the
 * server, and the states of both after it.
 */
#include <string.h>

#include "chapter/names.h"
#include "conversation_say.h"
#include "timeline.h"

#define TIME_COLUMN 12
#define SEGMENT_COLUMN 27
#define STATE_COLUMN 12

static void put_time(struct printer *p, const struct render_context *rc, const struct event *e)
{
	char text[TIME_MAX];
	const char *time = e ? render_step_time(text, &e->step) : "-";
	size_t len = strlen(time);

	printer_blanks(p, len < TIME_COLUMN ? TIME_COLUMN - len : 0);
	printer_words(p, rc->colour ? "\033[2m" : "", time, rc->colour ? "\033[0m" : "");
}

/* ">" to the server, "<" to the client, "x": it did not arrive, "?": the other end does not say; " ": no segment. */
static const char *direction(const struct event *e[SIDES])
{
	for (unsigned int side = 0; side < SIDES; side++) {
		const struct segment *s = e[side] ? &e[side]->step.segment : NULL;

		if (!s || !s->flags || !s->sent)
			continue;
		if (e[side]->fate == FATE_LOST || e[side]->fate == FATE_UNSENT ||
		    e[side]->fate == FATE_DROPPED)
			return "x";
		if (e[side]->fate == FATE_UNKNOWN)
			return "?";
		return side == CLIENT ? ">" : "<";
	}
	if (e[CLIENT] && e[CLIENT]->step.segment.flags)
		return "<";
	return e[SERVER] && e[SERVER]->step.segment.flags ? ">" : " ";
}

static void put_column(struct printer *p, const char *text, size_t width)
{
	size_t len = printer_words(p, text);

	printer_blanks(p, len < width ? width - len : 1);
}

static void put_row(struct printer *p, const struct render_context *rc,
		    const struct conversation *c, const struct conversation_row *row,
		    const char *state[SIDES])
{
	const struct event *e[SIDES] = {
		row->at[CLIENT] < 0 ? NULL : &c->events[CLIENT][row->at[CLIENT]],
		row->at[SERVER] < 0 ? NULL : &c->events[SERVER][row->at[SERVER]],
	};
	enum side side = e[CLIENT] && (e[CLIENT]->step.segment.sent || !e[SERVER]) ? CLIENT
										   : SERVER;
	const struct event *of = e[side];
	char label[CONVERSATION_LABEL_MAX];
	const char *text;

	if (!of)
		return;
	text = conversation_label(label, rc, c, side, of, SEGMENT_COLUMN - 1);

	if (of->kind == EVENT_ACCEPT)
		text = "accept()";
	for (unsigned int i = 0; i < SIDES; i++)
		if (e[i])
			state[i] = conversation_state(e[i]->step.to);
	/* a segment whose arrival is among others has a line where it leaves */
	if (row->half && !of->step.segment.sent)
		return;
	if (row->half)
		e[conversation_other(side)] = &c->events[conversation_other(side)][of->other];
	put_time(p, rc, e[CLIENT]);
	printer_words(p, " ", direction(e), " ");
	put_time(p, rc, e[SERVER]);
	printer_words(p, "  ");
	put_column(p, text, SEGMENT_COLUMN);
	put_column(p, state[CLIENT], STATE_COLUMN);
	printer_words(p, state[SERVER], "\n");
}

void timeline_conversation(struct render_context *rc, const struct conversation *c)
{
	const struct chapter *ch = conversation_end(c, CLIENT);
	struct conversation_row rows[CONVERSATION_ROWS_MAX];
	size_t n = conversation_rows(c, rows);
	const char *state[SIDES] = { "", "" };
	char local[ENDPOINT_MAX], remote[ENDPOINT_MAX];
	struct printer p;

	for (unsigned int i = 0; i < SIDES; i++)
		if (c->n_events[i])
			state[i] = conversation_state(c->events[i][0].step.from);
	printer_begin(&p, rc->out);
	conversation_header(&p, rc, c);
	printer_words(&p, "  ", render_local(local, ch), " > ", render_remote(remote, ch), "\n");
	for (size_t i = 0; i < n; i++)
		put_row(&p, rc, c, &rows[i], state);
	conversation_say(&p, rc, c);
	printer_char(&p, '\n');
	printer_flush(&p);
}

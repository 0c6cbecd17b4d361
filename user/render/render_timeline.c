// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The timeline: a header, a line for each step with the time since the first event, and the
 * verdict.  An IPv4 chapter fits 80 columns.
 */
#include <string.h>

#include "chapter/names.h"
#include "base/number.h"
#include "render_parts.h"
#include "render_verdict.h"
#include "timeline.h"

#define TIME_COLUMN 12
#define SEGMENT_COLUMN 10 /* wider in a chapter with a longer segment, "> SYN,ACK (2)" */
#define STATES_COLUMN 25

/* The arrow between local and remote address points from the client to the server. */
static const char *arrow(enum role role)
{
	return role == ROLE_CLIENT ? " > " : role == ROLE_SERVER ? " < " : " - ";
}

static void put_header(struct printer *p, const struct render_context *rc, const struct chapter *ch)
{
	char time[TIME_MAX], conn[NUMBER_MAX + 1], who[PERSON_TEXT_MAX];
	char local[ENDPOINT_MAX], remote[ENDPOINT_MAX];
	bool older = render_is_older(ch), whose = !older || ch->owner.pid.known;
	const char *role = older && !name_role(ch->role) ? NULL : name_or_dash(name_role(ch->role));

	conn[number_uint(conn, ch->conn)] = '\0';
	printer_words(p, older ? RENDER_OLDER : render_time(time, rc, TIME_WALL, ch->t_ns), " #",
		      conn, " ", whose ? name_person(who, &ch->owner) : "", whose ? " " : "",
		      role ? role : "", role ? " " : "", render_local(local, ch), arrow(ch->role),
		      render_remote(remote, ch), "\n");
}

/* Ends a column that began `len` bytes ago. */
static void end_column(struct printer *p, size_t width, size_t len)
{
	printer_blanks(p, len < width ? width - len : 0);
}

/* Wide enough for all segments of the chapter. */
static size_t segment_column(const struct chapter *ch)
{
	size_t width = SEGMENT_COLUMN;

	for (size_t i = 0; i < chapter_step_count(ch); i++) {
		struct word buf;
		const struct word *segment = name_segment_word(&buf, &ch->steps[i].segment);

		if (segment && segment->len > width)
			width = segment->len;
	}
	return width;
}

/* A step's time, segment, states and numbers, without trailing blanks. */
static void put_step(struct printer *p, const struct render_context *rc, const struct chapter *ch,
		     const struct step *s, size_t column)
{
	char text[TIME_MAX], numbers[NUMBERS_TEXT_MAX];
	const char *time = render_step_time(text, s);
	struct word buf;
	const struct word *segment = name_segment_word(&buf, &s->segment);
	size_t len;

	printer_words(p, rc->colour ? "\033[2m" : "");
	end_column(p, TIME_COLUMN, strlen(time));
	printer_words(p, time, rc->colour ? "\033[0m  " : "  ");
	if (segment)
		printer_word(p, segment);
	end_column(p, column, segment ? segment->len : 0);
	printer_char(p, ' ');
	/* one after the other: of two that are unknown the name is in one buffer */
	len = printer_words(p, name_state(s->from));
	if (s->to != s->from)
		len += printer_words(p, " -> ", name_state(s->to));
	if (!*render_numbers(numbers, rc, ch, s))
		len = STATES_COLUMN;
	end_column(p, STATES_COLUMN, len);
	printer_words(p, numbers, "\n");
}

static void chapter(struct render_context *rc, const struct chapter *ch)
{
	size_t column = segment_column(ch);
	struct printer p;

	printer_begin(&p, rc->out);
	put_header(&p, rc, ch);
	for (size_t i = 0; i < chapter_step_count(ch); i++)
		put_step(&p, rc, ch, &ch->steps[i], column);
	verdict_print(&p, rc, ch);
	printer_char(&p, '\n');
	printer_flush(&p);
}

static void listener(struct render_context *rc, const struct listener_report *l)
{
	if (!listener_is_in_trouble(l))
		return;
	render_listener(rc, rc->out, 0, l);
	fputc('\n', rc->out);
}

static void counted(struct render_context *rc, const struct item_counted *c)
{
	render_counted(rc, rc->out, c);
	fputc('\n', rc->out);
}

const struct renderer renderer_timeline = {
	.name = "timeline",
	.help = "each chapter as a timeline (the default)",
	.other_ends = true,
	.pairs_instead = true,
	.chapter = chapter,
	.conversation = timeline_conversation,
	.listener = listener,
	.counted = counted,
};

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

#define STATE_TEXT_MAX 24
#define STEP_TEXT_MAX 160

/* The arrow between local and remote address points from the client to the server. */
static const char *arrow(enum role role)
{
	return role == ROLE_CLIENT ? ">" : role == ROLE_SERVER ? "<" : "-";
}

static void put_header(const struct render_context *rc, const struct chapter *ch)
{
	char time[TIME_MAX], conn[NUMBER_MAX + 1], who[PERSON_TEXT_MAX];
	char local[ENDPOINT_MAX], remote[ENDPOINT_MAX];

	conn[number_uint(conn, ch->conn)] = '\0';
	fprintf(rc->out, "%s #%s %s %s %s %s %s\n", render_time(time, rc, TIME_WALL, ch->t_ns),
		conn, name_person(who, &ch->owner), name_or_dash(name_role(ch->role)),
		render_local(local, ch), arrow(ch->role), render_remote(remote, ch));
}

/* A step's segment, states and numbers, without trailing blanks. */
static void step_text(char buf[STEP_TEXT_MAX], const struct render_context *rc,
		      const struct chapter *ch, const struct step *s)
{
	char segment[SEGMENT_TEXT_MAX], states[2 * STATE_TEXT_MAX + 4], numbers[NUMBERS_TEXT_MAX];
	const char *name = name_segment(segment, &s->segment);
	size_t len;

	len = (size_t)snprintf(states, sizeof(states), "%s", name_state(s->from));
	if (s->to != s->from)
		snprintf(states + len, sizeof(states) - len, " -> %s", name_state(s->to));
	len = (size_t)snprintf(buf, STEP_TEXT_MAX, "%-10s %-25s%s", name ? name : "", states,
			       render_numbers(numbers, rc, ch, s));
	while (len && buf[len - 1] == ' ')
		buf[--len] = '\0';
}

static void put_step(const struct render_context *rc, const struct chapter *ch,
		     const struct step *s)
{
	char time[TIME_MAX], text[STEP_TEXT_MAX];

	step_text(text, rc, ch, s);
	fprintf(rc->out, "%s%12s%s  %s\n", rc->colour ? "\033[2m" : "", render_step_time(time, s),
		rc->colour ? "\033[0m" : "", text);
}

static void chapter(struct render_context *rc, const struct chapter *ch)
{
	put_header(rc, ch);
	for (size_t i = 0; i < chapter_step_count(ch); i++)
		put_step(rc, ch, &ch->steps[i]);
	verdict_print(rc, ch);
	fputc('\n', rc->out);
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
	.chapter = chapter,
	.listener = listener,
	.counted = counted,
};

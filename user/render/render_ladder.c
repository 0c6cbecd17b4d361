// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The ladder diagram, like Wireshark's flow graph: two lifelines, time running down, an arrow for
 * each segment, and the states of this end beside its lifeline.  Every line fits 80 columns.
 */
#include <linux/bpf.h>
#include <string.h>

#include "chapter/names.h"
#include "base/number.h"
#include "ladder.h"
#include "render_parts.h"
#include "render_short.h"
#include "render_verdict.h"
#include "verdict_say.h"

#define WIDTH 80
#define TIME_WIDTH 15  /* "~4503599627.370": a step's time has 52 bits of ns */
#define STATE_WIDTH 12 /* NEW_SYN_RECV */
#define LIFE_COLUMN (TIME_WIDTH + 1 + STATE_WIDTH + 1)
#define BETWEEN (WIDTH - LIFE_COLUMN - 2) /* columns between the lifelines */
#define LABEL_MAX 44	/* "SYN,ACK (255) seq=4294967295 ack=4294967295" and NUL */
#define TAIL 2		/* columns of an arrow before its label */
#define LOST_SHORT_BY 8 /* columns by which the arrow of a lost segment falls short */

_Static_assert(TAIL + 1 + (LABEL_MAX - 1) + 1 + 2 <= BETWEEN, "a label and two columns of arrow");

struct ladder {
	const struct render_context *rc;
	const struct chapter *ch;
	const struct glyphs *glyphs;
	uint8_t state; /* after the last step */
	/* the time of the last step whose time is known, and whether it was computed */
	struct maybe t_ns;
	bool derived;
};

static void put_header(const struct render_context *rc, const struct chapter *ch)
{
	char time[TIME_MAX], conn[NUMBER_MAX + 1], who[PERSON_TEXT_MAX];
	char local[ENDPOINT_MAX], remote[ENDPOINT_MAX], cut[2][ENDPOINT_MAX];
	const char *role = name_role(ch->role);
	bool older = render_is_older(ch);
	int len;

	conn[number_uint(conn, ch->conn)] = '\0';
	len = fprintf(rc->out, "%s #%s%s%s",
		      older ? RENDER_OLDER : render_time(time, rc, TIME_WALL, ch->t_ns), conn,
		      older && !role ? "" : " ", older && !role ? "" : name_or_dash(role));
	name_person(who, &ch->owner);
	if (older && !ch->owner.pid.known)
		fputc('\n', rc->out);
	else
		fprintf(rc->out, "%s%s\n", len + 1 + (int)strlen(who) > WIDTH ? "\n  " : " ", who);

	render_local(local, ch);
	render_remote(remote, ch);
	len = LIFE_COLUMN + (int)strlen(local);
	if (len > WIDTH)
		len = WIDTH;
	if (len + 2 + (int)strlen(remote) <= WIDTH)
		fprintf(rc->out, "%*s%*s\n", len, local, WIDTH - len, remote);
	else
		fprintf(rc->out, "%*s\n%*s\n", len,
			short_cut(cut[0], ENDPOINT_MAX, local, WIDTH, ':'), WIDTH,
			short_cut(cut[1], ENDPOINT_MAX, remote, WIDTH, ':'));
}

/* Time and state, left of the lifelines.  A time that is too long is cut on the right. */
static void put_margin(const struct ladder *l, const char *time, const char *state)
{
	bool dim = l->rc->colour && *time;

	fprintf(l->rc->out, "%s%*.*s%s %*s ", dim ? "\033[2m" : "", TIME_WIDTH, TIME_WIDTH, time,
		dim ? "\033[0m" : "", STATE_WIDTH, state);
}

/* The lifelines without an arrow, with text between them. */
static void put_lifelines(const struct ladder *l, const char *here, const char *there,
			  const char *text)
{
	fprintf(l->rc->out, "%s%-*s%s\n", here, BETWEEN, text, there);
}

static void put_gap(const struct ladder *l, const char *state, const char *text)
{
	put_margin(l, "", state);
	put_lifelines(l, l->glyphs->gap, l->glyphs->gap, text);
}

/* A line for the time since the last step, if that is LADDER_GAP_NS or more. */
static void put_wait(const struct ladder *l, const struct step *s)
{
	struct maybe gap = { .known = l->t_ns.known && s->t_ns.known };
	char words[32], text[BETWEEN];

	gap.value = s->t_ns.value - l->t_ns.value;
	if (!gap.known || gap.value < LADDER_GAP_NS)
		return;
	snprintf(text, sizeof(text), "%*s%s%s", TAIL + 1, "", l->derived || s->derived ? "~" : "",
		 ms_words(words, gap));
	put_gap(l, "", text);
}

/* Does a SYN or FIN (`what`) that nothing follows have no answer, the way this chapter ended? */
static bool ended_unanswered(const struct chapter *ch, uint8_t what)
{
	if (ch->open)
		return false;
	if (ch->type == CHAPTER_CLOSE)
		return ch->close.ending == ENDING_TIMED_OUT;
	/* whatever the reason: an ICMP error, a time-out, or an application that gave up */
	return what == SEGMENT_SYN && ch->handshake.outcome != OUTCOME_ESTABLISHED &&
	       ch->handshake.outcome != OUTCOME_DROPPED && ch->handshake.outcome != OUTCOME_UNKNOWN;
}

/* Did this SYN or FIN of ours get no answer, so that it was sent again or the kernel gave up? */
static bool is_unanswered(const struct chapter *ch, size_t i)
{
	uint8_t what = ch->steps[i].segment.flags & (SEGMENT_SYN | SEGMENT_FIN);
	bool answered = false;

	if (!ch->steps[i].segment.sent || !what)
		return false;
	while (++i < chapter_step_count(ch)) {
		const struct segment *later = &ch->steps[i].segment;

		if (later->unsent)
			continue;
		if (later->sent && later->flags & what && later->number > 1)
			return true;
		answered |= later->flags && !later->sent;
	}
	return !answered && ended_unanswered(ch, what);
}

static void put_arrow(const struct ladder *l, const struct segment *segment, const char *label,
		      bool arrives)
{
	FILE *out = l->rc->out;
	/* columns after the label and its blanks */
	size_t rest = BETWEEN - TAIL - strlen(label) - 2;
	size_t missing = rest > LOST_SHORT_BY ? LOST_SHORT_BY : rest - 1;

	if (!segment->sent) {
		fputs(l->glyphs->arrives_here, out);
		ladder_shaft(l->rc->out, l->glyphs, TAIL - 1);
		fprintf(out, " %s ", label);
		ladder_shaft(l->rc->out, l->glyphs, rest);
		return;
	}
	ladder_shaft(l->rc->out, l->glyphs, TAIL);
	fprintf(out, " %s ", label);
	if (arrives) {
		ladder_shaft(l->rc->out, l->glyphs, rest - 1);
		fputs(l->glyphs->arrives_there, out);
	} else {
		ladder_shaft(l->rc->out, l->glyphs, rest - 1 - missing);
		fprintf(out, "%s%*s", l->glyphs->lost, (int)missing, "");
	}
}

static void put_step(struct ladder *l, size_t i)
{
	const struct step *s = &l->ch->steps[i];
	const char *here = l->glyphs->life, *there = l->glyphs->life;
	char time[TIME_MAX], numbers[NUMBERS_TEXT_MAX], label[LABEL_MAX];
	struct word segment;
	const char *name = name_segment(&segment, &s->segment);

	put_wait(l, s);
	if (!ladder_same_state(s->from, l->state))
		put_gap(l, name_state(s->from), "");
	put_margin(l, render_step_time(time, s), s->to != l->state ? name_state(s->to) : "");

	/*
	 * without a time a step has no place on the lifelines; without a segment it is a mark on
	 * ours
	 */
	if (!s->t_ns.known)
		here = there = l->glyphs->gap;
	else if (!name || s->segment.unsent)
		here = l->glyphs->leaves_there;
	else if (s->segment.sent)
		here = l->glyphs->leaves_here;
	else
		there = l->glyphs->leaves_there;
	if (name && s->segment.unsent) {
		snprintf(label, sizeof(label), " %s%s", name,
			 render_numbers(numbers, l->rc, l->ch, s));
		put_lifelines(l, here, there, label);
	} else if (name) {
		/* without "> " or "< ": the arrow has the direction */
		snprintf(label, sizeof(label), "%s%s", name + 2,
			 render_numbers(numbers, l->rc, l->ch, s));
		fputs(here, l->rc->out);
		put_arrow(l, &s->segment, label, !is_unanswered(l->ch, i));
		fprintf(l->rc->out, "%s\n", there);
	} else {
		put_lifelines(l, here, there, "");
	}

	l->state = s->to;
	if (s->t_ns.known) {
		l->t_ns = s->t_ns;
		l->derived = s->derived;
	}
}

static void chapter(struct render_context *rc, const struct chapter *ch)
{
	struct ladder l = { .rc = rc, .ch = ch, .glyphs = ladder_glyphs(rc->utf8) };
	struct printer p;

	put_header(rc, ch);
	if (chapter_step_count(ch)) {
		l.state = ch->steps[0].from;
		put_margin(&l, "", name_state(l.state));
		put_lifelines(&l, l.glyphs->life, l.glyphs->life, "");
	}
	for (size_t i = 0; i < chapter_step_count(ch); i++)
		put_step(&l, i);
	if (ch->open)
		put_gap(&l, "", "");
	printer_begin(&p, rc->out);
	verdict_print(&p, rc, ch);
	printer_char(&p, '\n');
	printer_flush(&p);
}

static void listener(struct render_context *rc, const struct listener_report *l)
{
	if (!listener_is_in_trouble(l))
		return;
	render_listener(rc, rc->out, WIDTH, l);
	fputc('\n', rc->out);
}

static void counted(struct render_context *rc, const struct item_counted *c)
{
	render_counted(rc, rc->out, c);
	fputc('\n', rc->out);
}

const struct renderer renderer_ladder = {
	.name = "ladder",
	.help = "each chapter as a ladder diagram, like Wireshark's flow graph",
	.pairs_recordings = true,
	.pairs_instead = true,
	.chapter = chapter,
	.conversation = ladder_conversation,
	.listener = listener,
	.counted = counted,
};

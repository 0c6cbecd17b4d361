// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * One line for each connection that has ended: how long its handshake, accept() and its close
 * took, and why.  What is open has its state as the result, and a plus sign behind the time that
 * it has taken so far.
 *
 * The columns have the same width on all lines; what varies comes last: the endpoints, the cause,
 * and another process that closes or holds it.  A line fits 120 columns, or 80 if it is narrow:
 * the address of this end gives way first, a note that is not needed to understand it is left
 * out.  Only a long IPv6 address makes a line longer, and not a narrow one.
 */
#include <inttypes.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/clock.h"
#include "chapter/names.h"
#include "render_line_notes.h"
#include "render_parts.h"
#include "render_short.h"

/* "15:04:05Z", narrow without the Z; with -T "16:04:05+01:00", with -t all digits */
enum { UTC_WIDTH = 9, UTC_NARROW = 8, LOCAL_WIDTH = 14, RELATIVE_WIDTH = 11 };
enum { PROCESS_WIDTH = 15, PROCESS_NARROW = 13, RESULT_WIDTH = 14 };
enum { CONNECT_WIDTH = 7, CONNECT_NARROW = 6, RETRANSMITS_WIDTH = 3, SPAN_WIDTH = 6 };

struct row {
	const char *time, *process, *result, *connect, *retransmits, *accept, *close, *life;
};

static int time_width(const struct render_context *rc)
{
	return rc->time_style == TIME_RELATIVE ? RELATIVE_WIDTH
	       : rc->time_style == TIME_WALL   ? LOCAL_WIDTH
	       : rc->narrow		       ? UTC_NARROW
					       : UTC_WIDTH;
}

static size_t process_width(const struct render_context *rc)
{
	return rc->narrow ? PROCESS_NARROW : PROCESS_WIDTH;
}

/* Prints the columns but the last, and returns how wide they are. */
static size_t put_columns(const struct render_context *rc, const struct row *r)
{
	size_t blanks = process_width(rc) - short_columns(r->process);
	int n = fprintf(rc->out, "%-*s ", time_width(rc), r->time);

	fprintf(rc->out, "%s%*s", r->process, (int)blanks, "");
	n += (int)process_width(rc);
	n += fprintf(rc->out, " %-*s %*s %*s %*s %*s ", RESULT_WIDTH, r->result,
		     rc->narrow ? CONNECT_NARROW : CONNECT_WIDTH, r->connect, RETRANSMITS_WIDTH,
		     r->retransmits, SPAN_WIDTH, r->accept, SPAN_WIDTH, r->close);
	if (!rc->narrow)
		n += fprintf(rc->out, "%*s ", SPAN_WIDTH, r->life);
	return (size_t)n;
}

static void begin(struct render_context *rc)
{
	const struct row header = {
		.time = rc->narrow && rc->time_style == TIME_DEFAULT ? "TIME-UTC" : "TIME",
		.process = "PROCESS",
		.result = "RESULT",
		.connect = rc->narrow ? "CON-MS" : "CONN-MS",
		.retransmits = "RTX",
		.accept = "ACC-MS",
		.close = "CLO-MS",
		.life = "LIFE-S",
	};

	put_columns(rc, &header);
	fputs(rc->narrow ? "REMOTE\n" : "LOCAL > REMOTE, CAUSE\n", rc->out);
}

static const char *result(const struct chapter *ch)
{
	if (ch->open)
		return name_state(ch->state);
	return name_or_dash(ch->type == CHAPTER_CLOSE ? name_ending(ch->close.ending)
						      : name_outcome(ch->handshake.outcome));
}

/* The retransmits of this end. */
static struct maybe retransmits(const struct chapter *handshake)
{
	return !handshake			? (struct maybe){ 0 }
	       : handshake->role == ROLE_SERVER ? handshake->handshake.synack_retransmits
						: handshake->handshake.syn_retransmits;
}

/* In the accept queue; so_far: nobody has accepted it. */
static struct maybe accept_wait(const struct line_connection *c, bool *so_far)
{
	const struct close *close = c->close ? &c->close->close : NULL;

	*so_far = false;
	if (c->handshake && c->handshake->handshake.accept_ns.known)
		return c->handshake->handshake.accept_ns;
	if (!close || close->accept_ns.known)
		return close ? close->accept_ns : (struct maybe){ 0 };
	*so_far = c->close->accepted == TRISTATE_NO;
	return *so_far ? close->queued_ns : (struct maybe){ 0 };
}

struct spans {
	char connect[SHORT_MAX], accept[SHORT_MAX], close[SHORT_MAX], life[SHORT_MAX];
};

/* What is open has taken its time in the column of what it is at. */
static void set_spans(struct spans *s, const struct line_connection *c)
{
	const struct chapter *hs = c->handshake, *cl = c->close, *last = c->last;
	struct maybe none = { 0 }, waited, so_far = last->open ? last->state_ns : none;
	bool opening = last == hs && last->open, idle = cl && last->state == BPF_TCP_ESTABLISHED;
	bool unaccepted;

	short_ms(s->connect, opening ? so_far : hs ? hs->handshake.handshake_ns : none, opening);
	waited = accept_wait(c, &unaccepted);
	short_ms(s->accept, waited, unaccepted);
	if (!cl || !last->open) {
		short_ms(s->close, cl ? cl->close.close_ns : none, false);
		short_s(s->life, cl ? cl->close.lifetime_ns : none, false);
	} else {
		short_ms(s->close, idle ? none : so_far, true);
		short_s(s->life, idle ? so_far : none, true);
	}
}

/* Whole seconds, but with -t all digits.  The title of a narrow column says that it is UTC. */
static const char *time_cell(char buf[TIME_MAX], const struct render_context *rc,
			     const struct chapter *ch)
{
	char *fraction, *zone;

	if (render_is_older(ch))
		return "earlier";
	render_time(buf, rc, TIME_WALL, ch->t_ns);
	if (rc->time_style == TIME_RELATIVE || !(fraction = strchr(buf, '.')))
		return buf;
	zone = fraction + strcspn(fraction, "Z+-");
	memmove(fraction, zone, strlen(zone) + 1);
	if (rc->narrow && rc->time_style == TIME_DEFAULT)
		buf[UTC_NARROW] = '\0';
	return buf;
}

static void put_line(const struct render_context *rc, const struct line_connection *c)
{
	const struct chapter *ch = c->last;
	char time[TIME_MAX], who[PERSON_TEXT_MAX], process[PERSON_TEXT_MAX], number[32];
	char cause[LINE_NOTES_MAX], cut[LINE_NOTES_MAX];
	struct spans spans;
	struct row r = {
		.time = time_cell(time, rc, ch),
		.process = short_cut(process, sizeof(process), name_person(who, line_person(ch)),
				     process_width(rc), '['),
		.result = result(ch),
		.connect = spans.connect,
		.retransmits = render_number(number, retransmits(c->handshake)),
		.accept = spans.accept,
		.close = spans.close,
		.life = spans.life,
	};
	size_t width = rc->narrow ? LINE_NARROW : LINE_WIDTH;

	set_spans(&spans, c);
	if (rc->narrow && line_cause_is_result(c) && *line_cause(cause, c))
		r.result = short_cut(cut, sizeof(cut), cause, RESULT_WIDTH, '\0');
	width -= put_columns(rc, &r);
	if (rc->narrow)
		line_put_narrow(rc, c, width);
	else
		line_put_rest(rc, c, width);
}

/* An established one has its line when it is closed, if that is reported. */
static void chapter(struct render_context *rc, const struct chapter *ch)
{
	if (ch->handshake.outcome != OUTCOME_ESTABLISHED || ch->open || rc->handshakes_alone)
		put_line(rc, &(struct line_connection){ .handshake = ch, .last = ch });
}

static void connection(struct render_context *rc, const struct chapter *handshake,
		       const struct chapter *close)
{
	put_line(rc, &(struct line_connection){ handshake, close, close });
}

const struct renderer renderer_line = {
	.name = "line",
	.help = "one line for each connection that has ended: how long it took, and why",
	.begin = begin,
	.chapter = chapter,
	.connection = connection,
};

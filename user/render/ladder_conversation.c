// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The ladder of both ends: the client's lifeline on the left, the server's on the right, each with its own times and
 * states.  An arrow leaves at the time of the one end and arrives at that of the other.  Every line fits 80 columns.
 */
#include <linux/bpf.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "chapter/names.h"
#include "conversation_say.h"
#include "ladder.h"
#include "render_short.h"
#include "verdict_say.h"

#define WIDTH 80
#define TIME_WIDTH 11  /* "9999999.999" ms */
#define STATE_WIDTH 11 /* ESTABLISHED */
#define BETWEEN (WIDTH - 2 * (TIME_WIDTH + 1 + STATE_WIDTH + 1) - 2)
#define TAIL 1 /* columns of an arrow before its label */
#define ARROW \
	5 /* what an arrow takes beside its label: the tail, two blanks, and two columns more */
#define LOST_SHORT_BY 5 /* columns by which the arrow of a lost segment falls short */
#define LABEL_WIDTH (BETWEEN - ARROW)

struct picture {
	struct render_context *rc;
	const struct conversation *c;
	const struct glyphs *glyphs;
	uint8_t state[SIDES];
	/* the latest time of the lines so far */
	struct maybe t_ns;
};

/* A line: what stands left and right of the lifelines. */
struct margin {
	char time[SIDES][TIME_MAX];
	const char *state[SIDES];
};

static void put_time(char buf[TIME_MAX], const struct event *e)
{
	char seconds[32];
	struct maybe t = e->step.t_ns;

	render_step_time(buf, &e->step);
	/* from three hours on */
	if (strlen(buf) > TIME_WIDTH && t.known) {
		seconds[number_int(seconds, t.value / NS_PER_S)] = '\0';
		text_join(buf, TIME_MAX, seconds, " s");
	}
}

static void put_left(const struct picture *p, const struct margin *m)
{
	bool dim = p->rc->colour && *m->time[CLIENT];

	fprintf(p->rc->out, "%s%*.*s%s %*s ", dim ? "\033[2m" : "", TIME_WIDTH, TIME_WIDTH,
		m->time[CLIENT], dim ? "\033[0m" : "", STATE_WIDTH, m->state[CLIENT]);
}

/* Without blanks at the end of the line. */
static void put_right(const struct picture *p, const struct margin *m)
{
	bool dim = p->rc->colour && *m->time[SERVER];

	if (*m->time[SERVER])
		fprintf(p->rc->out, " %-*s %s%*.*s%s\n", STATE_WIDTH, m->state[SERVER],
			dim ? "\033[2m" : "", TIME_WIDTH, TIME_WIDTH, m->time[SERVER],
			dim ? "\033[0m" : "");
	else if (*m->state[SERVER])
		fprintf(p->rc->out, " %s\n", m->state[SERVER]);
	else
		fputc('\n', p->rc->out);
}

static void put_line(const struct picture *p, const struct margin *m, const char *left,
		     const char *text, const char *right)
{
	put_left(p, m);
	fprintf(p->rc->out, "%s%-*s%s", left, BETWEEN, text, right);
	put_right(p, m);
}

static void put_gap(struct picture *p, struct maybe until)
{
	const struct margin none = { .state = { "", "" } };
	char words[32], text[BETWEEN];
	int64_t gap_ns = until.value - p->t_ns.value;

	if (!until.known || !p->t_ns.known || gap_ns < LADDER_GAP_NS)
		return;
	snprintf(text, sizeof(text), "  %s", ms_words(words, known(gap_ns)));
	put_line(p, &none, p->glyphs->gap, text, p->glyphs->gap);
}

/* States that nobody saw begin. */
static void put_states_before(struct picture *p, const struct event *const e[SIDES])
{
	struct margin m = { .state = { "", "" } };
	bool any = false;

	for (unsigned int side = 0; side < SIDES; side++) {
		if (!e[side] || ladder_same_state(e[side]->step.from, p->state[side]))
			continue;
		m.state[side] = conversation_state(e[side]->step.from);
		any = true;
	}
	if (any)
		put_line(p, &m, p->glyphs->gap, "", p->glyphs->gap);
}

static void set_margin(struct picture *p, struct margin *m, const struct event *const e[SIDES])
{
	*m = (struct margin){ .state = { "", "" } };
	for (unsigned int side = 0; side < SIDES; side++) {
		if (!e[side])
			continue;
		if (e[side]->step.t_ns.known)
			put_time(m->time[side], e[side]);
		if (e[side]->kind == EVENT_DROP)
			m->state[side] = "dropped";
		else if (!ladder_same_state(e[side]->step.to, p->state[side]))
			m->state[side] = conversation_state(e[side]->step.to);
		p->state[side] = e[side]->step.to;
	}
}

/* How the arrow of a line looks. */
struct arrow {
	enum side from;
	const char *label;
	bool begins;	 /* at the lifeline of its sender */
	const char *end; /* its head at the other one, or what ends it before; "": nothing */
	bool arrives;
};

static void put_tail(const struct picture *p, bool begins)
{
	if (begins)
		ladder_shaft(p->rc->out, p->glyphs, TAIL);
	else
		fprintf(p->rc->out, "%*s", TAIL, "");
}

static void put_arrow(const struct picture *p, const struct arrow *a)
{
	FILE *out = p->rc->out;
	size_t rest = BETWEEN - TAIL - 2 - strlen(a->label);
	size_t missing = a->arrives ? 0 : LOST_SHORT_BY, body;

	if (missing > rest - 1)
		missing = rest - 1;
	body = rest - missing - (*a->end != '\0');
	if (a->from == CLIENT) {
		put_tail(p, a->begins);
		fprintf(out, " %s ", a->label);
		ladder_shaft(out, p->glyphs, body);
		fprintf(out, "%s%*s", a->end, (int)missing, "");
	} else {
		fprintf(out, "%*s%s", (int)missing, "", a->end);
		ladder_shaft(out, p->glyphs, body);
		fprintf(out, " %s ", a->label);
		put_tail(p, a->begins);
	}
}

/* Of an arrow that does not arrive on this line. */
static const char *unfinished(const struct picture *p, const struct event *sent, bool half)
{
	if (half)
		return "";
	return sent->fate == FATE_LOST ? p->glyphs->lost : "?";
}

/* A segment: whose line it is says the event of its sender, or that of its receiver where no other is known. */
static void put_segment(struct picture *p, const struct margin *m,
			const struct event *const e[SIDES], bool half)
{
	enum side side = e[CLIENT] && (e[CLIENT]->step.segment.sent || !e[SERVER]) ? CLIENT
										   : SERVER;
	const struct event *of = e[side];
	bool sent = of->step.segment.sent, both = e[CLIENT] && e[SERVER];
	char label[CONVERSATION_LABEL_MAX];
	const struct glyphs *g = p->glyphs;
	enum side from = sent ? side : conversation_other(side);
	const struct arrow arrow = {
		.from = from,
		.label = conversation_label(label, p->rc, p->c, side, of, LABEL_WIDTH),
		.begins = both || sent,
		.arrives = both || !sent,
		.end = !both && sent	? unfinished(p, of, half)
		       : from == CLIENT ? g->arrives_there
					: g->arrives_here,
	};

	put_left(p, m);
	fputs(arrow.from == CLIENT && arrow.begins ? g->leaves_here : g->life, p->rc->out);
	put_arrow(p, &arrow);
	fputs(arrow.from == SERVER && arrow.begins ? g->leaves_there : g->life, p->rc->out);
	put_right(p, m);
}

static void put_mark(const struct picture *p, const struct margin *m, enum side side,
		     const char *text)
{
	const struct glyphs *g = p->glyphs;
	char line[BETWEEN + 1];

	if (side == CLIENT)
		snprintf(line, sizeof(line), " %s", text);
	else
		snprintf(line, sizeof(line), "%*s ", BETWEEN - 1, text);
	put_line(p, m, side == CLIENT ? g->leaves_there : g->life, line,
		 side == SERVER ? g->leaves_here : g->life);
}

static void put_row(struct picture *p, const struct conversation_row *row)
{
	const struct event *const e[SIDES] = {
		row->at[CLIENT] < 0 ? NULL : &p->c->events[CLIENT][row->at[CLIENT]],
		row->at[SERVER] < 0 ? NULL : &p->c->events[SERVER][row->at[SERVER]],
	};
	enum side side = e[CLIENT] ? CLIENT : SERVER;
	struct maybe first = { 0 }, last = p->t_ns;
	char label[CONVERSATION_LABEL_MAX], text[CONVERSATION_LABEL_MAX];
	const struct segment *segment;
	struct margin m;

	if (!e[side])
		return; /* not of conversation_rows(): each row is an event of an end */
	segment = &e[side]->step.segment;
	for (unsigned int i = 0; i < SIDES; i++) {
		struct maybe t = e[i] ? e[i]->step.t_ns : (struct maybe){ 0 };

		if (t.known && (!first.known || t.value < first.value))
			first = t;
		if (t.known && (!last.known || t.value > last.value))
			last = t;
	}
	put_gap(p, first);
	put_states_before(p, e);
	set_margin(p, &m, e);
	if (e[side]->kind == EVENT_ACCEPT) {
		put_mark(p, &m, side, "accept()");
	} else if (!segment->flags) {
		put_mark(p, &m, side, "");
	} else if (segment->unsent) {
		conversation_label(label, p->rc, p->c, side, e[side], LABEL_WIDTH);
		text_join(text, sizeof(text), p->glyphs->lost, " ", label);
		/* the cross may take more bytes than columns */
		put_mark(p, &m, side, p->rc->utf8 ? label : text);
	} else {
		put_segment(p, &m, e, row->half);
	}
	p->t_ns = last;
}

/* The addresses as the client has them, above the lifelines. */
static void put_addresses(const struct picture *p)
{
	const struct chapter *ch = conversation_end(p->c, CLIENT);
	char local[ENDPOINT_MAX], remote[ENDPOINT_MAX], cut[SIDES][ENDPOINT_MAX];
	size_t left, right;

	render_local(local, ch);
	render_remote(remote, ch);
	left = strlen(local);
	right = strlen(remote);
	if (left + right + 2 <= WIDTH)
		fprintf(p->rc->out, "%s%*s%s\n", local, (int)(WIDTH - left - right), "", remote);
	else
		fprintf(p->rc->out, "%s\n%*s\n",
			short_cut(cut[CLIENT], ENDPOINT_MAX, local, WIDTH, ':'), WIDTH,
			short_cut(cut[SERVER], ENDPOINT_MAX, remote, WIDTH, ':'));
}

static void put_first_states(struct picture *p)
{
	struct margin m = { .state = { "", "" } };

	for (unsigned int side = 0; side < SIDES; side++) {
		if (!p->c->n_events[side])
			continue;
		p->state[side] = p->c->events[side][0].step.from;
		m.state[side] = conversation_state(p->state[side]);
	}
	put_line(p, &m, p->glyphs->life, "", p->glyphs->life);
}

void ladder_conversation(struct render_context *rc, const struct conversation *c)
{
	struct picture p = { .rc = rc, .c = c, .glyphs = ladder_glyphs(rc->utf8) };
	struct conversation_row rows[CONVERSATION_ROWS_MAX];
	size_t n = conversation_rows(c, rows);
	struct printer out;

	printer_begin(&out, rc->out);
	conversation_header(&out, rc, c);
	printer_flush(&out);
	put_addresses(&p);
	put_first_states(&p);
	for (size_t i = 0; i < n; i++)
		put_row(&p, &rows[i]);
	printer_begin(&out, rc->out);
	conversation_say(&out, rc, c);
	printer_char(&out, '\n');
	printer_flush(&out);
}

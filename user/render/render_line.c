// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * One line for each connection that has ended, like tcplife: of its close, or of its handshake if
 * that failed.  It fits 120 columns; a note that not every line has comes after the last column.
 */
#include "chapter/names.h"
#include "render_parts.h"

/* The width of a time: whole seconds, or with -t or -T all digits. */
#define SHORT_TIME 8
#define LONG_TIME 15

struct row {
	const char *time, *pid, *comm, *role, *local, *remote, *result, *closer;
	const char *life, *close, *sent, *received;
};

static void put_row(const struct render_context *rc, const struct row *r)
{
	int time = rc->time_style == TIME_DEFAULT ? SHORT_TIME : LONG_TIME;

	fprintf(rc->out, "%-*.*s %-7s %-10s %-6s %-21s %-21s %-14s %-6s %10s %10s %7s %7s", time,
		time, r->time, r->pid, r->comm, r->role, r->local, r->remote, r->result, r->closer,
		r->life, r->close, r->sent, r->received);
}

static void begin(struct render_context *rc)
{
	static const struct row header = {
		"TIME",	  "PID",    "COMM",    "ROLE",	   "LOCAL", "REMOTE",
		"RESULT", "CLOSER", "LIFE-MS", "CLOSE-MS", "TX",    "RX",
	};

	put_row(rc, &header);
	fputc('\n', rc->out);
}

static void put_note(const struct render_context *rc, const struct chapter *ch)
{
	const struct handshake *hs = &ch->handshake;
	char buf[STUCK_TEXT_MAX], ms[32], who[PERSON_TEXT_MAX];

	if (ch->open) {
		fprintf(rc->out, " in %s", name_state(ch->state));
		if (ch->state_ns.known)
			fprintf(rc->out, " for %s ms", text_ms(ms, ch->state_ns));
		if (person_is_other(&ch->holder, &ch->owner))
			fprintf(rc->out, " held by %s", name_person(who, &ch->holder));
		if (ch->type == CHAPTER_CLOSE && render_stuck(buf, ch))
			fprintf(rc->out, ", %s", buf);
	} else if (ch->type == CHAPTER_HANDSHAKE && hs->handshake_ns.known) {
		fprintf(rc->out, " after %s ms", text_ms(ms, hs->handshake_ns));
	}
	if (ch->err)
		fprintf(rc->out, " %s", name_errno(ch->err));
	if (ch->type == CHAPTER_CLOSE && person_is_other(&ch->close.closer, &ch->owner))
		fprintf(rc->out, " closed by %s", name_person(who, &ch->close.closer));
	if (ch->type == CHAPTER_CLOSE && ch->close.closer_exit)
		fprintf(rc->out, " %s", name_closer_exit(ch->close.closer_exit));
	if (ch->type == CHAPTER_CLOSE && ch->close.reset_reason)
		fprintf(rc->out, " %s", name_reset_reason(ch->close.reset_reason));
	if (ch->missing)
		fprintf(rc->out, " incomplete:%s", name_missing(ch->missing));
}

static void chapter(struct render_context *rc, const struct chapter *ch)
{
	char time[TIME_MAX], pid[32], comm[COMM_TEXT_MAX], local[ENDPOINT_MAX],
		remote[ENDPOINT_MAX];
	char life[32], close[32], sent[32], received[32];
	struct row r = {
		.time = render_time(time, rc, TIME_WALL, ch->t_ns),
		.pid = render_number(pid, ch->owner.pid),
		.comm = text_comm(comm, ch->owner.comm),
		.role = name_or_dash(name_role(ch->role)),
		.local = render_local(local, ch),
		.remote = render_remote(remote, ch),
		.closer = "-",
		.life = "-",
		.close = "-",
		.sent = "-",
		.received = "-",
	};

	if (!*r.comm)
		r.comm = "-";
	if (ch->type == CHAPTER_CLOSE) {
		r.result = name_or_dash(name_ending(ch->close.ending));
		r.closer = name_or_dash(name_first_closer(ch->close.first_closer));
		r.life = text_ms(life, ch->close.lifetime_ns);
		r.close = text_ms(close, ch->close.close_ns);
		r.sent = render_number(sent, ch->close.bytes_sent);
		r.received = render_number(received, ch->close.bytes_received);
	} else {
		if (ch->handshake.outcome == OUTCOME_ESTABLISHED && !ch->open)
			return; /* its close has the line */
		r.result = name_or_dash(name_outcome(ch->handshake.outcome));
	}
	if (ch->open)
		r.result = "OPEN";
	put_row(rc, &r);
	put_note(rc, ch);
	fputc('\n', rc->out);
}

const struct renderer renderer_line = {
	.name = "line",
	.help = "one line for each connection that has ended",
	.begin = begin,
	.chapter = chapter,
};

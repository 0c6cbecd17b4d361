// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "render_verdict.h"

#include <linux/bpf.h>
#include <string.h>

#include "base/number.h"
#include "chapter/names.h"
#include "render_why.h"
#include "verdict_say.h"

/*
 * A FIN that leaves sooner after close() has only passed through the kernel, and waited for no
 * data.
 */
#define FIN_QUEUED_SHOWN_NS 100000

static const char *ending_words(enum ending ending)
{
	static const char *const words[ENDINGS] = {
		[ENDING_GRACEFUL] = "graceful",
		[ENDING_RESET_SENT] = "reset sent",
		[ENDING_RESET_RECEIVED] = "reset received",
		[ENDING_TIMED_OUT] = "timed out",
		[ENDING_ABORTED] = "aborted by an administrator",
		[ENDING_HALF_OPEN] = "half open, the peer's FIN never came",
	};

	return (unsigned int)ending < ENDINGS && words[ending] ? words[ending]
							       : "ended for an unknown reason";
}

static void say_closer(struct verdict *v, const struct chapter *ch)
{
	static const char *const words[CLOSERS] = {
		[CLOSER_UNKNOWN] = "first closer not known",
		[CLOSER_LOCAL] = "closed first by local",
		[CLOSER_REMOTE] = "closed first by remote",
		[CLOSER_BOTH] = "both closed at once, the FINs crossed",
		[CLOSER_NONE] = "no FIN from either side",
	};
	const struct person *closer = &ch->close.closer;
	unsigned int first = ch->close.first_closer;
	char who[PERSON_TEXT_MAX];

	say(v, "; ", first < CLOSERS ? words[first] : name_first_closer(first));
	if (!ch->close.closer_exit && !person_is_other(closer, &ch->owner))
		return;
	say(v, "; ",
	    !ch->close.closer_exit		     ? "closed by"
	    : ch->close.closer_exit == CLOSER_EXITED ? "closed by the exit of"
						     : "closed because");
	/* a phrase of its own: with all bytes escaped a name takes most of a line */
	say(v, " ", name_person(who, closer));
	if (ch->close.closer_exit && ch->close.closer_exit != CLOSER_EXITED)
		say(v, " ", "was killed (", name_closer_exit(ch->close.closer_exit), ")");
}

static void say_totals(struct verdict *v, const struct render_context *rc, const struct close *cl)
{
	char text[32];

	say_ms(v, "; ", "lived", cl->lifetime_ns);
	if (cl->bytes_sent.known)
		say(v, cl->lifetime_ns.known ? ", " : "; ", "sent ",
		    render_number(text, cl->bytes_sent), " B");
	if (cl->bytes_received.known)
		say(v, ", ", "received ", render_number(text, cl->bytes_received), " B");
	say_count(v, ", ", "retransmit", cl->retransmits);
	if (!rc->verbose)
		return;
	if (cl->segs_out.known)
		say(v, "; ", render_number(text, cl->segs_out), " segments out");
	if (cl->segs_in.known)
		say(v, ", ", render_number(text, cl->segs_in), " in");
	say_ms(v, "; ", "srtt", cl->srtt_ns);
	say_ms(v, ", ", "min rtt", cl->min_rtt_ns);
}

/* "never accepted, 5.0 s in the accept queue" */
static void say_never_accepted(struct verdict *v, struct maybe queued_ns)
{
	char text[32];

	if (!queued_ns.known) {
		say(v, "; ", "never accepted");
	} else {
		say(v, "; ", "never accepted, ", duration_words(text, queued_ns),
		    " in the accept queue");
	}
}

/* "reset sent: 4 bytes that the application had not read" */
static void say_ending(struct verdict *v, const struct chapter *ch)
{
	char err[32], buf[RESET_TEXT_MAX];
	const char *why = render_reset_reason(buf, &ch->close);
	size_t n = chapter_step_count(ch);
	const struct segment *last = n ? &ch->steps[n - 1].segment : NULL;
	bool unsent = last && last->unsent && last->flags & SEGMENT_RST;

	say(v, "; ", ending_words(ch->close.ending), errno_words(err, ch->err));
	if (unsent)
		say(v, ", ", "but the RST did not leave this host");
	if (why)
		say(v, ": ", why);
}

/* Did a segment of ours not leave this host? */
static bool has_unsent(const struct chapter *ch)
{
	for (size_t i = 0; i < chapter_step_count(ch); i++)
		if (ch->steps[i].segment.unsent)
			return true;
	return false;
}

/* Without a reason, the processor had something else to do. */
static bool waited_to_leave(const struct chapter *ch)
{
	return ch->close.fin_queued_ns.known &&
	       ch->close.fin_queued_ns.value >= FIN_QUEUED_SHOWN_NS &&
	       (ch->close.fin_behind_data || has_unsent(ch));
}

/* Each of its parts may begin a line. */
static void say_stuck(struct verdict *v, const struct chapter *ch)
{
	char buf[STUCK_TEXT_MAX], *part, *rest = buf;
	const char *separator = "; ";

	if (!render_stuck(buf, ch))
		return;
	while (rest) {
		part = rest;
		rest = strstr(part, ", ");
		if (rest) {
			*rest = '\0';
			rest += 2;
		}
		say(v, separator, part);
		separator = ", ";
	}
}

static void say_close(struct verdict *v, const struct render_context *rc, const struct chapter *ch)
{
	const struct close *cl = &ch->close;
	char words[32], buf[STUCK_TEXT_MAX];

	if (ch->open)
		say_open(v, ch);
	if (ch->accepted == TRISTATE_NO)
		say_never_accepted(v, cl->queued_ns);
	if (ch->open)
		say_stuck(v, ch);
	/* nobody has closed what is established still */
	if (!ch->open || ch->state != BPF_TCP_ESTABLISHED)
		say_closer(v, ch);
	if (render_idle(buf, cl))
		say(v, ", ", buf);
	say_ms(v, "; ", "our CLOSE_WAIT", cl->app_close_ns);
	if (waited_to_leave(ch))
		say(v, "; ", "our FIN waited ", ms_words(words, cl->fin_queued_ns),
		    has_unsent(ch) ? "" : " behind data");
	say_ms(v, "; ", "our FIN acknowledged in", cl->fin_rtt_ns);
	say_count(v, ", ", "FIN retransmit", cl->fin_retransmits);
	say_ms(v, "; ", "peer's FIN after", cl->peer_fin_ns);
	if (cl->first_closer != CLOSER_NONE)
		say_ms(v, "; ", "close", cl->close_ns);
	if (!ch->open)
		say_ending(v, ch);
	if (cl->accept_ns.known)
		say(v, "; ", "waited ", ms_words(words, cl->accept_ns), " in the accept queue");
	say_totals(v, rc, cl);
}

static void say_missing(struct verdict *v, enum missing missing)
{
	static const char *const words[MISSINGS] = {
		[MISSING_BEFORE_TRACE] = "began before the trace",
		[MISSING_NOT_SELECTED] = "began before it was selected",
		[MISSING_EVENTS_LOST] = "events were lost",
		[MISSING_TABLE_FULL] = "no room in the table when it began",
	};

	if (missing != MISSING_NOTHING)
		say(v, "; ", "incomplete: ",
		    (unsigned int)missing < MISSINGS ? words[missing] : name_missing(missing));
}

static const char *verdict_colour(const struct chapter *ch)
{
	bool good = ch->type == CHAPTER_CLOSE ? ch->close.ending == ENDING_GRACEFUL
					      : ch->handshake.outcome == OUTCOME_ESTABLISHED;

	if (ch->type == CHAPTER_CLOSE && ch->accepted == TRISTATE_NO)
		good = false;
	return ch->open ? "\033[1;33m" : good ? "\033[1m" : "\033[1;31m";
}

/* Broken between words. */
void say_why(struct verdict *v, const struct chapter *ch, const char *what)
{
	char buf[WHY_MAX], *word, *rest = buf;

	if (!*render_why(buf, ch))
		return;
	printer_blanks(v->out, VERDICT_INDENT);
	v->column = VERDICT_INDENT;
	say(v, "", what);
	while ((word = strsep(&rest, " ")))
		say(v, " ", word);
	printer_char(v->out, '\n');
}

void verdict_print(struct printer *p, const struct render_context *rc, const struct chapter *ch)
{
	struct verdict v = { .out = p, .column = VERDICT_INDENT };
	char conn[NUMBER_MAX + 1], host[PERSON_TEXT_MAX];

	printer_blanks(p, VERDICT_INDENT);
	printer_words(p, rc->colour ? verdict_colour(ch) : "");
	if (ch->type == CHAPTER_CLOSE)
		say_close(&v, rc, ch);
	else
		say_handshake(&v, rc, ch);
	say_missing(&v, ch->missing);
	if (ch->other_conn) {
		conn[number_uint(conn, ch->other_conn)] = '\0';
		say(&v, "; ", "other end #", conn);
	}
	if (ch->unseen_by)
		say(&v, "; ", "nothing of it is in the recording of ",
		    *ch->unseen_by ? text_foreign(host, sizeof(host), ch->unseen_by)
				   : "the other host");
	if (render_is_absolute(rc, ch))
		say(&v, "; ", "sequence numbers are absolute");
	printer_words(p, rc->colour ? "\033[0m" : "", "\n");
	say_why(&v, ch, "why:");
}

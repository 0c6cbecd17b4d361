// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "render_verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "chapter/names.h"
#include "render_parts.h"

#define WIDTH 80
#define INDENT 2
#define PHRASE_MAX 160
/*
 * A FIN that leaves sooner after close() has only passed through the kernel, and waited for no
 * data.
 */
#define FIN_QUEUED_SHOWN_NS 100000
#define NS_PER_S INT64_C(1000000000)
/* A lifetime from here on is printed in seconds. */
#define LONG_LIFE_NS 10000000000

/* The line that is being printed, and how far it has come. */
struct verdict {
	FILE *out;
	size_t column;
};

/*
 * Prints a phrase.  `separator` goes between it and the one before; a line break replaces its
 * blank.
 */
static void __attribute__((format(printf, 3, 4)))
say(struct verdict *v, const char *separator, const char *format, ...)
{
	char phrase[PHRASE_MAX];
	va_list args;
	size_t len;

	va_start(args, format);
	vsnprintf(phrase, sizeof(phrase), format, args);
	va_end(args);
	len = strlen(phrase);
	/* 1 for the comma or semicolon that may follow */
	if (v->column > INDENT && v->column + strlen(separator) + len + 1 > WIDTH) {
		fprintf(v->out, "%.*s\n%*s", (int)strlen(separator) - 1, separator, INDENT, "");
		v->column = INDENT;
	} else if (v->column > INDENT) {
		fputs(separator, v->out);
		v->column += strlen(separator);
	}
	fputs(phrase, v->out);
	v->column += len;
}

static void say_ms(struct verdict *v, const char *separator, const char *what, struct maybe ns)
{
	char ms[32];

	if (ns.known)
		say(v, separator, "%s %s ms", what, text_ms(ms, ns));
}

/* "1 SYN retransmit", "2 SYN retransmits"; nothing for none. */
static void say_count(struct verdict *v, const char *separator, const char *what,
		      struct maybe count)
{
	if (count.known && count.value > 0)
		say(v, separator, "%" PRId64 " %s%s", count.value, what,
		    count.value == 1 ? "" : "s");
}

static void say_if(struct verdict *v, enum tristate t, const char *what)
{
	if (t == TRISTATE_YES)
		say(v, ", ", "%s", what);
}

static void say_open(struct verdict *v, const struct chapter *ch)
{
	char ms[32], who[PERSON_TEXT_MAX];

	if (ch->state_ns.known)
		say(v, "; ", "OPEN: in %s for %s ms", name_state(ch->state),
		    text_ms(ms, ch->state_ns));
	else
		say(v, "; ", "OPEN: in %s", name_state(ch->state));
	if (person_is_other(&ch->holder, &ch->owner))
		say(v, "; ", "held by %s", name_person(who, &ch->holder));
}

static const char *outcome_words(enum outcome outcome)
{
	static const char *const words[OUTCOMES] = {
		[OUTCOME_UNKNOWN] = "ended for an unknown reason",
		[OUTCOME_REFUSED] = "refused",
		[OUTCOME_RESET] = "reset",
		[OUTCOME_TIMED_OUT] = "timed out",
		[OUTCOME_UNREACHABLE] = "unreachable",
		[OUTCOME_NO_PORT] = "no free local port",
		[OUTCOME_NO_ROUTE] = "no route",
		[OUTCOME_DROPPED] = "dropped",
		[OUTCOME_FAILED] = "failed",
	};

	return (unsigned int)outcome < OUTCOMES && words[outcome] ? words[outcome]
								  : name_outcome(outcome);
}

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

/* " (ECONNREFUSED)" or nothing. */
static const char *errno_words(char buf[32], int err)
{
	buf[0] = '\0';
	if (err)
		snprintf(buf, 32, " (%s)", name_errno(err));
	return buf;
}

/* "12.345 ms", and from one second on "3.5 s" */
static const char *duration_words(char buf[32], struct maybe ns)
{
	int64_t tenths = (ns.value + NS_PER_S / 20) / (NS_PER_S / 10);
	char ms[32];

	if (ns.value < NS_PER_S)
		snprintf(buf, 32, "%s ms", text_ms(ms, ns));
	else
		snprintf(buf, 32, "%" PRId64 ".%" PRId64 " s", tenths / 10, tenths % 10);
	return buf;
}

static bool syn_left(const struct chapter *ch)
{
	for (size_t i = 0; i < chapter_step_count(ch); i++) {
		const struct segment *s = &ch->steps[i].segment;

		if (s->sent && s->flags & SEGMENT_SYN && !s->unsent)
			return true;
	}
	return false;
}

/* "no answer to 3 SYNs, the application gave up after 3.5 s": the last one may still have been on its way. */
static void say_abandoned(struct verdict *v, const struct chapter *ch)
{
	const struct handshake *hs = &ch->handshake;
	int64_t syns = hs->syn_retransmits.value + 1;
	bool counted = hs->syn_retransmits.known && hs->simultaneous_open != TRISTATE_YES;
	char text[32];

	if (counted && !syn_left(ch))
		say(v, "; ", "no SYN left this host");
	else if (counted)
		say(v, "; ", "no answer to %" PRId64 " SYN%s", syns, syns == 1 ? "" : "s");
	say(v, counted ? ", " : "; ", "the application gave up");
	if (hs->handshake_ns.known)
		say(v, " ", "after %s", duration_words(text, hs->handshake_ns));
}

static void say_outcome(struct verdict *v, const struct chapter *ch)
{
	const struct handshake *hs = &ch->handshake;
	char ms[32], err[32];

	if (ch->no_socket && hs->outcome == OUTCOME_REFUSED) {
		say(v, "; ", "refused: nobody listens on this port");
	} else if (hs->outcome == OUTCOME_DROPPED) {
		say(v, "; ", "dropped: the %s is full",
		    *hs->drop_reason == 's' ? "SYN queue" : "accept queue");
	} else if (ch->no_socket && hs->outcome == OUTCOME_TIMED_OUT) {
		say(v, "; ", "no answer to the SYN,ACK, given up after %s ms",
		    text_ms(ms, hs->handshake_ns));
	} else if (ch->open) {
		say_open(v, ch);
	} else if (hs->outcome == OUTCOME_ESTABLISHED) {
		say(v, "; ", hs->handshake_ns.known ? "handshake %s ms" : "handshake %s",
		    text_ms(ms, hs->handshake_ns));
		say_ms(v, ", ", "rtt", hs->rtt_ns);
	} else if (hs->outcome == OUTCOME_ABANDONED) {
		say_abandoned(v, ch);
	} else if (hs->handshake_ns.known) {
		say(v, "; ", "%s after %s ms%s", outcome_words(hs->outcome),
		    text_ms(ms, hs->handshake_ns), errno_words(err, ch->err));
	} else {
		say(v, "; ", "%s%s", outcome_words(hs->outcome), errno_words(err, ch->err));
	}
}

static void say_negotiated(struct verdict *v, const struct handshake *hs)
{
	char number[32];

	if (hs->mss.known)
		say(v, "; ", "mss %s", render_number(number, hs->mss));
	if (hs->snd_wscale.known)
		say(v, ", ", "send scale %s", render_number(number, hs->snd_wscale));
	if (hs->rcv_wscale.known)
		say(v, ", ", "receive scale %s", render_number(number, hs->rcv_wscale));
	say_if(v, hs->sack, "sack");
	say_if(v, hs->timestamps, "timestamps");
	say_if(v, hs->ecn, "ecn");
}

/* A socket that connected to its own port, as a client may that tries a port of the local range again and again. */
static bool is_to_itself(const struct chapter *ch)
{
	return ch->local_port.known && ch->local_port.value == ch->remote_port.value &&
	       !memcmp(ch->local, ch->remote, sizeof(ch->local));
}

static void say_handshake(struct verdict *v, const struct render_context *rc,
			  const struct chapter *ch)
{
	const struct handshake *hs = &ch->handshake;
	char ms[32];

	say_outcome(v, ch);
	if (hs->outcome != OUTCOME_ABANDONED)
		say_count(v, ", ", "SYN retransmit", hs->syn_retransmits);
	say_count(v, ", ", "SYN,ACK retransmit", hs->synack_retransmits);
	if (hs->accept_ns.known)
		say(v, ", ", "waited %s ms in the accept queue", text_ms(ms, hs->accept_ns));
	say_if(v, hs->simultaneous_open, "simultaneous open");
	if (is_to_itself(ch))
		say(v, ", ", "to itself");
	if (hs->outcome == OUTCOME_ESTABLISHED && ch->completeness & COMPLETE_RST)
		say(v, ", ", "RST to a half-open peer");
	say_if(v, hs->fastopen, "TCP Fast Open");
	say_if(v, hs->syncookie, "SYN cookie");
	say_if(v, hs->mptcp, "MPTCP");
	if (rc->verbose)
		say_negotiated(v, hs);
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

	say(v, "; ", "%s", first < CLOSERS ? words[first] : name_first_closer(first));
	if (!ch->close.closer_exit && !person_is_other(closer, &ch->owner))
		return;
	say(v, "; ", "closed %s",
	    !ch->close.closer_exit		     ? "by"
	    : ch->close.closer_exit == CLOSER_EXITED ? "by the exit of"
						     : "because");
	/* a phrase of its own: with all bytes escaped a name takes most of a line */
	say(v, " ", "%s", name_person(who, closer));
	if (ch->close.closer_exit && ch->close.closer_exit != CLOSER_EXITED)
		say(v, " ", "was killed (%s)", name_closer_exit(ch->close.closer_exit));
}

static void say_totals(struct verdict *v, const struct render_context *rc, const struct close *cl)
{
	char text[32];

	if (cl->lifetime_ns.known && cl->lifetime_ns.value < LONG_LIFE_NS) {
		say(v, "; ", "lived %s ms", text_ms(text, cl->lifetime_ns));
	} else if (cl->lifetime_ns.known) {
		/* text_ms() of a thousandth gives seconds */
		struct maybe s = { .known = true, .value = cl->lifetime_ns.value / 1000 };

		say(v, "; ", "lived %s s", text_ms(text, s));
	}
	if (cl->bytes_sent.known)
		say(v, cl->lifetime_ns.known ? ", " : "; ", "sent %s B",
		    render_number(text, cl->bytes_sent));
	if (cl->bytes_received.known)
		say(v, ", ", "received %s B", render_number(text, cl->bytes_received));
	say_count(v, ", ", "retransmit", cl->retransmits);
	if (!rc->verbose)
		return;
	if (cl->segs_out.known)
		say(v, "; ", "%s segments out", render_number(text, cl->segs_out));
	if (cl->segs_in.known)
		say(v, ", ", "%s in", render_number(text, cl->segs_in));
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
		say(v, "; ", "never accepted, %s in the accept queue",
		    duration_words(text, queued_ns));
	}
}

/* "reset sent: 4 bytes that the application had not read" */
static void say_ending(struct verdict *v, const struct chapter *ch)
{
	char err[32], buf[RESET_TEXT_MAX];
	const char *why = render_reset_reason(buf, &ch->close);
	const struct segment *last =
		&ch->steps[ch->n_steps ? chapter_step_count(ch) - 1 : 0].segment;
	bool unsent = last->unsent && last->flags & SEGMENT_RST;

	say(v, "; ", "%s%s", ending_words(ch->close.ending), errno_words(err, ch->err));
	if (unsent)
		say(v, ", ", "but the RST did not leave this host");
	if (why)
		say(v, ": ", "%s", why);
}

/* Did a segment of ours not leave this host? */
static bool has_unsent(const struct chapter *ch)
{
	for (size_t i = 0; i < chapter_step_count(ch); i++)
		if (ch->steps[i].segment.unsent)
			return true;
	return false;
}

static void say_close(struct verdict *v, const struct render_context *rc, const struct chapter *ch)
{
	const struct close *cl = &ch->close;
	char ms[32], buf[STUCK_TEXT_MAX];

	if (ch->open)
		say_open(v, ch);
	if (ch->accepted == TRISTATE_NO)
		say_never_accepted(v, cl->queued_ns);
	if (ch->open && render_stuck(buf, ch))
		say(v, "; ", "%s", buf);
	say_closer(v, ch);
	if (render_idle(buf, cl))
		say(v, ", ", "%s", buf);
	say_ms(v, "; ", "our CLOSE_WAIT", cl->app_close_ns);
	if (cl->fin_queued_ns.known && cl->fin_queued_ns.value >= FIN_QUEUED_SHOWN_NS)
		say(v, "; ", "our FIN waited %s ms%s", text_ms(ms, cl->fin_queued_ns),
		    has_unsent(ch) ? "" : " behind data");
	say_ms(v, "; ", "our FIN acknowledged in", cl->fin_rtt_ns);
	say_count(v, ", ", "FIN retransmit", cl->fin_retransmits);
	say_ms(v, "; ", "peer's FIN after", cl->peer_fin_ns);
	if (cl->first_closer != CLOSER_NONE)
		say_ms(v, "; ", "close", cl->close_ns);
	if (!ch->open)
		say_ending(v, ch);
	if (cl->accept_ns.known)
		say(v, "; ", "waited %s ms in the accept queue", text_ms(ms, cl->accept_ns));
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
		say(v, "; ", "incomplete: %s",
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

void verdict_print(const struct render_context *rc, const struct chapter *ch)
{
	struct verdict v = { .out = rc->out, .column = INDENT };

	fprintf(rc->out, "%*s%s", INDENT, "", rc->colour ? verdict_colour(ch) : "");
	if (ch->type == CHAPTER_CLOSE)
		say_close(&v, rc, ch);
	else
		say_handshake(&v, rc, ch);
	say_missing(&v, ch->missing);
	fprintf(rc->out, "%s\n", rc->colour ? "\033[0m" : "");
}

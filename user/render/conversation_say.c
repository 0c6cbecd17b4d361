// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The verdict on a conversation: what was lost, and whose time it was. */
#include "conversation_say.h"

#include "base/number.h"
#include "chapter/names.h"
#include "verdict_say.h"

static const char *const side_names[] = { [CLIENT] = "client", [SERVER] = "server" };

const char *conversation_side(enum side side)
{
	return side_names[side];
}

static const char *times_words(char buf[32], unsigned int n)
{
	char number[NUMBER_MAX + 1];

	if (n == 1)
		return "once";
	if (n == 2)
		return "twice";
	number[number_uint(number, n)] = '\0';
	text_join(buf, 32, number, " times");
	return buf;
}

static void say_lost_kind(struct verdict *v, const struct conversation *c, const char *what,
			  unsigned int n)
{
	char times[32];

	if (n)
		say(v, "; ", what, c->one_host ? " lost on the way " : " lost between the hosts ",
		    times_words(times, n));
}

/* A FIN, an ACK or an RST may be of either end. */
static void say_lost_of(struct verdict *v, const struct conversation *c, enum side side,
			const char *what, unsigned int n)
{
	char words[48];

	text_join(words, sizeof(words), "the ", side_names[side], "'s ", what);
	say_lost_kind(v, c, words, n);
}

static void say_lost(struct verdict *v, const struct conversation *c)
{
	char times[32];

	if (c->lost[CLIENT].dropped)
		say(v, "; ", "SYN dropped by a full queue of the server ",
		    times_words(times, c->lost[CLIENT].dropped));
	say_lost_kind(v, c, "SYN", c->lost[CLIENT].syn + c->lost[SERVER].syn);
	if (c->lost[CLIENT].syn && !c->drops_seen)
		say(v, ", ", "or dropped by a full queue of the server");
	say_lost_kind(v, c, "SYN,ACK", c->lost[CLIENT].synack + c->lost[SERVER].synack);
	for (unsigned int side = 0; side < SIDES; side++) {
		say_lost_of(v, c, side, "ACK", c->lost[side].ack);
		say_lost_of(v, c, side, "FIN", c->lost[side].fin);
		say_lost_of(v, c, side, "RST", c->lost[side].rst);
	}
}

/* Not what took nothing that a person would want to know. */
static void say_part(struct verdict *v, const char **separator, const char *what, int64_t ns,
		     const char *more)
{
	char words[32];

	if (ns < PART_SHOWN_NS)
		return;
	say(v, *separator, what, ms_words(words, known(ns)), more);
	*separator = ", ";
}

static void say_parts(struct verdict *v, const char *what, const struct parts *p)
{
	const char *separator = ": ";
	char words[32];

	if (!p->total_ns.known)
		return;
	say(v, "; ", what, " in ", ms_words(words, p->total_ns));
	if (!p->split) {
		say(v, separator, "both at once, the FINs crossed");
		return;
	}
	say_part(v, &separator, "waiting to send again ", p->retransmission_ns, "");
	say_part(v, &separator, "network ", p->there_ns, " there");
	say_part(v, &separator, p->there_ns < PART_SHOWN_NS ? "network " : "", p->back_ns, " back");
	say_part(v, &separator, "accept queue ", p->accept_queue_ns, "");
	say_part(v, &separator, "client's application ", p->client_ns, "");
	say_part(v, &separator, "server's application ", p->server_ns, "");
}

static void say_clock(struct verdict *v, const struct conversation *c)
{
	char offset[32], error[32];

	if (c->back_in_time)
		say(v, "; ", "a segment arrives before it leaves: ",
		    c->one_host ? "a hook ran late" : "the clock offset is wrong");
	if (c->one_host)
		return;
	if (c->clock.unknown) {
		say(v, "; ", "the clocks of the hosts could not be compared");
		return;
	}
	say(v, "; ", "server's clock ",
	    text_ms(offset, known(c->clock.ns < 0 ? -c->clock.ns : c->clock.ns)), " ms ",
	    c->clock.ns < 0 ? "behind" : "ahead");
	if (c->clock.uncertainty_ns)
		say(v, ", ", "within ", text_ms(error, known(c->clock.uncertainty_ns)), " ms");
	if (c->clock.unsteady)
		say(v, ", ", "but it changes");
}

static const char *ending_words(const struct conversation *c, enum side side)
{
	return c->has_close[side] && !c->close[side].open ? name_ending(c->close[side].close.ending)
							  : NULL;
}

/* How it went, by each end, where that is not as it should be. */
static void say_ends(struct verdict *v, const struct conversation *c)
{
	for (unsigned int side = 0; side < SIDES; side++) {
		const struct chapter *h = &c->handshake[side], *cl = &c->close[side];
		const char *ending = ending_words(c, side);

		if (c->has_handshake[side] && h->handshake.outcome != OUTCOME_ESTABLISHED)
			say(v, "; ", side_names[side], ": ",
			    name_outcome(h->handshake.outcome) ?: "open");
		else if (c->has_close[side] && cl->open)
			say(v, "; ", side_names[side], ": open, in ", name_state(cl->state));
		else if (ending && cl->close.ending != ENDING_GRACEFUL)
			say(v, "; ", side_names[side], ": ", ending);
	}
}

void conversation_say(struct printer *p, const struct render_context *rc,
		      const struct conversation *c)
{
	struct verdict v = { .out = p, .column = VERDICT_INDENT };
	bool bad = c->cause != CAUSE_NONE;

	printer_blanks(p, VERDICT_INDENT);
	printer_words(p, rc->colour ? bad ? "\033[1;31m" : "\033[1m" : "");
	say_lost(&v, c);
	say_parts(&v, "opened", &c->open);
	say_parts(&v, "closed", &c->finish);
	say_ends(&v, c);
	if (c->matched == MATCHED_NUMBERS)
		say(&v, "; ", "addresses changed on the way (NAT), matched by sequence numbers");
	say_clock(&v, c);
	if (v.column == VERDICT_INDENT)
		say(&v, "", "both ends");
	printer_words(p, rc->colour ? "\033[0m" : "", "\n");
	if (c->why)
		say_why(&v, c->why,
			c->why == &c->handshake[CLIENT] || c->why == &c->close[CLIENT]
				? "why, at the client:"
				: "why, at the server:");
}

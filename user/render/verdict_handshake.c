// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <string.h>

#include "chapter/names.h"
#include "verdict_say.h"

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
	struct maybe syns = known(hs->syn_retransmits.value + 1);
	bool counted = hs->syn_retransmits.known && hs->simultaneous_open != TRISTATE_YES;
	char text[32];

	if (counted && !syn_left(ch))
		say(v, "; ", "no SYN left this host");
	else if (counted)
		say(v, "; ", "no answer to ", render_number(text, syns),
		    syns.value == 1 ? " SYN" : " SYNs");
	say(v, counted ? ", " : "; ", "the application gave up");
	if (hs->handshake_ns.known)
		say(v, " ", "after ", duration_words(text, hs->handshake_ns));
}

static void say_outcome(struct verdict *v, const struct chapter *ch)
{
	const struct handshake *hs = &ch->handshake;
	char words[32], err[32];

	if (ch->no_socket && hs->outcome == OUTCOME_REFUSED) {
		say(v, "; ", "refused: nobody listens on this port");
	} else if (hs->outcome == OUTCOME_DROPPED) {
		say(v, "; ", "dropped: the ",
		    hs->drop_reason == DROP_SYN_QUEUE ? "SYN queue" : "accept queue", " is full");
	} else if (ch->no_socket && hs->outcome == OUTCOME_TIMED_OUT) {
		say(v, "; ", "no answer to the SYN,ACK, given up after ",
		    ms_words(words, hs->handshake_ns));
	} else if (ch->open) {
		say_open(v, ch);
	} else if (hs->outcome == OUTCOME_ESTABLISHED) {
		say(v, "; ", "handshake ", ms_words(words, hs->handshake_ns));
		say_ms(v, ", ", "rtt", hs->rtt_ns);
	} else if (hs->outcome == OUTCOME_ABANDONED) {
		say_abandoned(v, ch);
	} else if (hs->handshake_ns.known) {
		say(v, "; ", outcome_words(hs->outcome), " after ",
		    ms_words(words, hs->handshake_ns), errno_words(err, ch->err));
	} else {
		say(v, "; ", outcome_words(hs->outcome), errno_words(err, ch->err));
	}
}

static void say_negotiated(struct verdict *v, const struct handshake *hs)
{
	char number[32];

	if (hs->mss.known)
		say(v, "; ", "mss ", render_number(number, hs->mss));
	if (hs->snd_wscale.known)
		say(v, ", ", "send scale ", render_number(number, hs->snd_wscale));
	if (hs->rcv_wscale.known)
		say(v, ", ", "receive scale ", render_number(number, hs->rcv_wscale));
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

void say_handshake(struct verdict *v, const struct render_context *rc, const struct chapter *ch)
{
	const struct handshake *hs = &ch->handshake;
	char words[32];

	say_outcome(v, ch);
	if (hs->outcome != OUTCOME_ABANDONED)
		say_count(v, ", ", "SYN retransmit", hs->syn_retransmits);
	say_count(v, ", ", "SYN,ACK retransmit", hs->synack_retransmits);
	if (hs->accept_ns.known)
		say(v, ", ", "waited ", ms_words(words, hs->accept_ns), " in the accept queue");
	if (hs->awaits_accept)
		say(v, ", ", "not accepted yet");
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

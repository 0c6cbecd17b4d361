// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <errno.h>

#include "base/clock.h"
#include "chapter/cause.h"
#include "render_why_parts.h"

void why_syn_lost(struct sentence *s, const struct chapter *ch)
{
	struct tries t = handshake_tries(ch);

	if (t.sent > 2)
		why_put(s, "%u SYNs were not answered", t.sent - 1);
	else
		why_put(s, "the first SYN was not answered");
	why_put_span(s, " for ", t.between_ns, "");
	why_put(s, ": lost on the way, or dropped by a full queue of the server");
	why_put_span(s, "; the SYN that was answered took ", t.answer_ns, "");
}

void why_synack_lost(struct sentence *s, const struct chapter *ch)
{
	struct tries t = handshake_tries(ch);

	if (ch->handshake.outcome == OUTCOME_ESTABLISHED) {
		why_put(s, "the SYN,ACK was sent ");
		why_put_count(s, ch->handshake.synack_retransmits.value + 1, "time");
		why_put_span(s, " within ", t.between_ns, "");
		why_put(s, " before the ACK came: it was lost on the way, or the ACK was");
		return;
	}
	if (ch->handshake.outcome == OUTCOME_RESET) {
		why_put(s, "the peer sent an RST after ");
		why_put_count(s, t.sent, "SYN,ACK");
		why_put(s,
			": the first were lost on the way, and it had given up, or it never sent that SYN");
		return;
	}
	why_put(s, "no ACK came to ");
	why_put_count(s, t.sent, "SYN,ACK");
	why_put(s, ": they are lost on the way, or nobody sent that SYN (a forged address)");
}

void why_slow_network(struct sentence *s, const struct chapter *ch)
{
	why_put(s, "the %s took ", ch->role == ROLE_SERVER ? "ACK" : "answer to the SYN");
	why_put_span(s, "", ch->handshake.handshake_ns, "");
	why_put(s, ": that is the round trip to the peer");
}

void why_accept_wait(struct sentence *s, const struct chapter *ch)
{
	bool close = ch->type == CHAPTER_CLOSE;
	char who[PERSON_TEXT_MAX];

	if (ch->open) {
		why_put(s, "%s has not called accept() for it", why_owner(who, ch));
		why_put_span(s, ", for ", ch->close.queued_ns, "");
		return;
	}
	why_put(s, "%s called accept()", why_owner(who, ch));
	why_put_span(s, " only ", close ? ch->close.accept_ns : ch->handshake.accept_ns,
		     " after the handshake");
}

void why_queue_full(struct sentence *s, const struct chapter *ch)
{
	char who[PERSON_TEXT_MAX];
	const char *whose = ch->owner.pid.known ? name_person(who, &ch->owner) : "the listener";

	if (ch->handshake.drop_reason == DROP_SYN_QUEUE) {
		why_put(s,
			"the listener's queue of half-open connections is full: too many SYNs, or too small a backlog");
	} else if (ch->handshake.late_ns.known) {
		why_put(s, "the accept queue of %s was full when the ACK came", whose);
		why_put_span(s, ": it was dropped, and the connection made ", ch->handshake.late_ns,
			     " later");
	} else {
		why_put(s,
			"the accept queue of %s is full: it calls accept() too seldom, or its backlog is too small",
			whose);
	}
}

void why_refused(struct sentence *s, const struct chapter *ch)
{
	struct maybe port = ch->role == ROLE_SERVER ? ch->local_port : ch->remote_port;
	char text[32];

	if (ch->handshake.outcome == OUTCOME_UNREACHABLE)
		why_put(s, "a firewall, a router or the host answered by ICMP (%s)",
			ch->err ? name_errno(ch->err) : "unreachable");
	else
		why_put(s, "nothing listens on port %s %s%s", render_number(text, port),
			ch->role == ROLE_SERVER ? "here" : "there",
			ch->role == ROLE_SERVER ? "" : ", or a firewall answers with RST");
}

void why_filtered(struct sentence *s, const struct chapter *ch)
{
	struct tries t = handshake_tries(ch);
	char who[PERSON_TEXT_MAX];

	why_put(s, "no answer at all to ");
	why_put_count(s, t.sent, "SYN");
	why_put_span(s, " in ", ch->open ? ch->state_ns : ch->handshake.handshake_ns, "");
	if (ch->handshake.outcome == OUTCOME_ABANDONED)
		why_put(s, ", then %s gave up", why_owner(who, ch));
	why_put(s, ": a firewall or a full queue of the server drops them, or the host is down");
}

void why_no_route(struct sentence *s, const struct chapter *ch)
{
	if (ch->handshake.outcome == OUTCOME_FAILED) {
		why_put(s,
			ch->err == EACCES
				? "a route forbids that address (prohibit), or it is a broadcast address (EACCES)"
				: "the route to that address is a blackhole, or connect() cannot take the address (EINVAL)");
		return;
	}
	why_put(s, "this host has no route to that address%s%s%s", ch->err ? " (" : "",
		ch->err ? name_errno(ch->err) : "", ch->err ? ")" : "");
}

/* "most of them" only if they are. */
static void put_holder(struct sentence *s, const struct ports_taken *taken, const char *word)
{
	char who[PERSON_TEXT_MAX];

	if (!taken->n_most)
		return;
	name_person(who, &taken->most);
	if (taken->n_most > taken->n / 2)
		why_put(s, ", %s of them %s %s", taken->n_most == taken->n ? "all" : "most", word,
			who);
	else
		why_put(s, ", %u of them %s %s", taken->n_most, word, who);
}

void why_no_ports(struct sentence *s, const struct chapter *ch)
{
	const struct ports_taken *waiting = &ch->handshake.ports_in_time_wait;
	const struct ports_taken *open = &ch->handshake.ports_open;

	why_put(s, "all local ports to that address are taken");
	if (waiting->n) {
		why_put(s, ": %u %s in TIME_WAIT, which this end has because it closed first",
			waiting->n, waiting->n == 1 ? "is" : "are");
		put_holder(s, waiting, "by");
	}
	if (open->n) {
		why_put(s, "%s %u by connections that are open", waiting->n ? ";" : ":", open->n);
		put_holder(s, open, "of");
	}
}

/* The first SYN is sent again after 1 s (TCP_TIMEOUT_INIT), and a timer of the kernel may be late. */
#define AGAIN_NS ((int64_t)NS_PER_S * 3 / 2)

void why_gave_up(struct sentence *s, const struct chapter *ch)
{
	struct tries t = handshake_tries(ch);
	char who[PERSON_TEXT_MAX];

	why_put(s, "%s closed the socket", why_owner(who, ch));
	why_put_span(s, " ", ch->handshake.handshake_ns, " after the first SYN");
	if (ch->role == ROLE_CLIENT && t.sent) {
		why_put(s, ", and ");
		why_put_count(s, t.sent, "SYN");
		why_put(s, " had no answer by then");
		/* one that is still queued on this host is not sent again: skb_still_in_host_queue() */
		if (t.sent == 1 && ch->handshake.handshake_ns.value >= AGAIN_NS)
			why_put(s,
				"; another follows after 1 s, unless the first is still on this host: there may be no neighbour with that address");
	}
}

void why_not_sent(struct sentence *s, const struct chapter *ch)
{
	const char *what = ch->type == CHAPTER_CLOSE ? "FIN" : "SYN";
	unsigned int left = ch->type == CHAPTER_CLOSE ? 0 : handshake_tries(ch).sent;

	why_put(s,
		"%s %s did not leave this host: a firewall rule, a full queue, or no neighbour with that address",
		left ? "a" : "the", what);
}

void why_syn_cookie(struct sentence *s, const struct chapter *ch)
{
	(void)ch;
	why_put(s,
		"the listener's queue of half-open connections was full, so the kernel answered with a SYN cookie");
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "chapter/cause.h"
#include "render_why_parts.h"

static const char *closer_name(char buf[PERSON_TEXT_MAX], const struct chapter *ch)
{
	if (ch->close.closer.pid.known)
		return name_person(buf, &ch->close.closer);
	return why_owner(buf, ch);
}

void why_peer_reset(struct sentence *s, const struct chapter *ch)
{
	if (ch->type == CHAPTER_HANDSHAKE) {
		why_put(s, "the peer reset it in the handshake%s",
			ch->role == ROLE_SERVER ? ", as scans and health checks do" : "");
		return;
	}
	why_put(s, "the peer sent an RST");
	if (ch->close.first_closer == CLOSER_REMOTE)
		why_put(s, " after its FIN: it had closed, and data of this end came after that");
	else if (ch->close.first_closer == CLOSER_LOCAL)
		why_put(s, " instead of a FIN");
}

void why_app_slow(struct sentence *s, const struct chapter *ch)
{
	char who[PERSON_TEXT_MAX];

	if (ch->open) {
		why_put(s, "%s has not closed it", why_owner(who, ch));
		why_put(s, "; the peer has");
		why_put_span(s, ", ", ch->state_ns, " ago");
		return;
	}
	why_put(s, "%s closed it", closer_name(who, ch));
	why_put_span(s, " ", ch->close.app_close_ns, " after the peer");
}

void why_peer_slow(struct sentence *s, const struct chapter *ch)
{
	if (ch->open) {
		why_put(s, "the peer has not closed it; this end has");
		why_put_span(s, ", ", ch->state_ns, " ago");
	} else {
		why_put(s, "the peer closed it");
		why_put_span(s, " ", ch->close.peer_fin_ns, " after this end");
	}
}

static void put_waiting(struct sentence *s, const struct close *cl)
{
	if (!cl->unacked.known || cl->unacked.value <= 0)
		return;
	why_put(s, ": ");
	why_put_count(s, cl->unacked.value, "byte");
	why_put(s, cl->unacked.value == 1 ? " has waited" : " have waited");
	why_put_span(s, " for ", cl->unacked_ns, "");
}

void why_zero_window(struct sentence *s, const struct chapter *ch)
{
	why_put(s, "the peer does not read, its window is closed");
	put_waiting(s, &ch->close);
}

void why_unsent_data(struct sentence *s, const struct chapter *ch)
{
	if (ch->open) {
		why_put(s, "data before our FIN is not acknowledged");
		put_waiting(s, &ch->close);
	} else {
		why_put_span(s, "our FIN waited ", ch->close.fin_queued_ns,
			     " behind data that could not be sent");
	}
}

void why_peer_silent(struct sentence *s, const struct chapter *ch)
{
	why_put(s, "the peer does not acknowledge data");
	put_waiting(s, &ch->close);
	why_put(s, ", sent again ");
	why_put_count(s, ch->close.unacked_retransmits.value, "time");
}

void why_fin_lost(struct sentence *s, const struct chapter *ch)
{
	why_put(s, "our FIN was sent ");
	why_put_count(s, ch->close.fin_retransmits.value + 1, "time");
	why_put(s, ": it was lost on the way, or its ACK was");
}

void why_unread_data(struct sentence *s, const struct chapter *ch)
{
	char who[PERSON_TEXT_MAX];

	why_put(s, "%s closed before it had read all that came", closer_name(who, ch));
	if (ch->close.unread.known) {
		why_put(s, " (");
		why_put_count(s, ch->close.unread.value, "byte");
		why_put(s, " left)");
	}
	why_put(s, ": the kernel then sends RST instead of FIN");
}

void why_linger(struct sentence *s, const struct chapter *ch)
{
	char who[PERSON_TEXT_MAX];

	if (ch->close.reset_reason == RESET_LINGER)
		why_put(s, "%s closed with SO_LINGER and 0 s, which sends RST",
			closer_name(who, ch));
	else
		why_put(s, "%s does not wait for the peer's FIN (TCP_LINGER2)",
			closer_name(who, ch));
}

void why_data_after_close(struct sentence *s, const struct chapter *ch)
{
	char who[PERSON_TEXT_MAX];

	if (close_awaits_answer(ch) && ch->close.idle_ns.known) {
		why_put(s, "%s closed", closer_name(who, ch));
		why_put_span(s, " ", ch->close.idle_ns, " after it had sent data");
		why_put(s, ", and the answer came after that: it did not wait for it");
		return;
	}
	why_put(s, "data came after %s had closed", closer_name(who, ch));
}

void why_idle_reset(struct sentence *s, const struct chapter *ch)
{
	char who[PERSON_TEXT_MAX];

	if (ch->close.reset_reason == RESET_DATA_AFTER_CLOSE) {
		why_put(s, "%s closed", closer_name(who, ch));
		why_put_span(
			s, " after ", ch->close.idle_ns,
			" without data, and data of the peer came after that: an idle timeout of this end");
		return;
	}
	if (ch->close.first_closer == CLOSER_REMOTE) {
		why_put_span(s, "data was sent after ", ch->close.silent_ns,
			     " of silence, just when the peer closed: an idle timeout of the peer");
		return;
	}
	why_put_span(s, "the peer reset it on the first data after ",
		     ch->close.silent_ns.known ? ch->close.silent_ns : ch->close.idle_ns,
		     " of silence: an idle timeout of the peer, or of a firewall or NAT between");
}

void why_process_ended(struct sentence *s, const struct chapter *ch)
{
	unsigned int exit = ch->close.closer_exit;
	char who[PERSON_TEXT_MAX];

	if (exit == CLOSER_EXITED)
		why_put(s, "%s ended without closing it", closer_name(who, ch));
	else
		why_put(s, "%s was killed (%s)", closer_name(who, ch), name_closer_exit(exit));
}

void why_killed(struct sentence *s, const struct chapter *ch)
{
	(void)ch;
	why_put(s, "the socket was killed, as ss -K does");
}

void why_keepalive(struct sentence *s, const struct chapter *ch)
{
	(void)ch;
	why_put(s,
		"the peer stopped answering: keepalive probes, or data for as long as TCP_USER_TIMEOUT");
}

void why_retransmit_timeout(struct sentence *s, const struct chapter *ch)
{
	why_put(s, "the peer no longer acknowledged data, sent again ");
	why_put_count(s, ch->close.retransmits.value, "time");
}

void why_listener_closed(struct sentence *s, const struct chapter *ch)
{
	char who[PERSON_TEXT_MAX];

	why_put(s, "%s closed its listener while the connection waited for accept()",
		closer_name(who, ch));
}

void why_never_accepted(struct sentence *s, const struct chapter *ch)
{
	char who[PERSON_TEXT_MAX];

	why_put(s, "%s never called accept() for it", why_owner(who, ch));
	why_put_span(s, ", in ", ch->close.queued_ns, "");
}

void why_half_open(struct sentence *s, const struct chapter *ch)
{
	(void)ch;
	why_put(s, "the peer's FIN never came, and the kernel gave up waiting for it");
}

void why_no_memory(struct sentence *s, const struct chapter *ch)
{
	(void)ch;
	why_put(s, "TCP is short of memory (net.ipv4.tcp_mem, tcp_max_orphans)");
}

void why_disconnected(struct sentence *s, const struct chapter *ch)
{
	char who[PERSON_TEXT_MAX];

	why_put(s, "%s disconnected the socket (connect() to AF_UNSPEC)", closer_name(who, ch));
}

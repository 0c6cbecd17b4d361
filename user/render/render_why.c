// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A chapter's cause as a sentence, for readers who do not know TCP. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "render_why_parts.h"

void why_put(struct sentence *s, const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(s->text + s->len, WHY_MAX - s->len, format, arguments);
	va_end(arguments);
	if (n > 0)
		s->len += (size_t)n < WHY_MAX - s->len ? (size_t)n : WHY_MAX - s->len - 1;
}

void why_put_span(struct sentence *s, const char *before, struct maybe ns, const char *after)
{
	char text[32];

	if (ns.known)
		why_put(s, "%s%s%s", before, text_duration(text, (uint64_t)ns.value), after);
}

void why_put_count(struct sentence *s, int64_t n, const char *what)
{
	why_put(s, "%" PRId64 " %s%s", n, what, n == 1 ? "" : "s");
}

const char *why_owner(char buf[PERSON_TEXT_MAX], const struct chapter *ch)
{
	const struct person *who = ch->open && ch->holder.pid.known ? &ch->holder : &ch->owner;

	return who->pid.known ? name_person(buf, who) : "the application";
}

static why_sentence *const sentences[CAUSES] = {
	[CAUSE_SYN_LOST] = why_syn_lost,
	[CAUSE_SYNACK_LOST] = why_synack_lost,
	[CAUSE_SLOW_NETWORK] = why_slow_network,
	[CAUSE_ACCEPT_WAIT] = why_accept_wait,
	[CAUSE_NEVER_ACCEPTED] = why_never_accepted,
	[CAUSE_QUEUE_FULL] = why_queue_full,
	[CAUSE_REFUSED] = why_refused,
	[CAUSE_FILTERED] = why_filtered,
	[CAUSE_NO_ROUTE] = why_no_route,
	[CAUSE_NO_PORTS] = why_no_ports,
	[CAUSE_GAVE_UP] = why_gave_up,
	[CAUSE_NOT_SENT] = why_not_sent,
	[CAUSE_SYN_COOKIE] = why_syn_cookie,
	[CAUSE_PEER_RESET] = why_peer_reset,
	[CAUSE_APP_SLOW] = why_app_slow,
	[CAUSE_PEER_SLOW] = why_peer_slow,
	[CAUSE_UNSENT_DATA] = why_unsent_data,
	[CAUSE_ZERO_WINDOW] = why_zero_window,
	[CAUSE_PEER_SILENT] = why_peer_silent,
	[CAUSE_FIN_LOST] = why_fin_lost,
	[CAUSE_UNREAD_DATA] = why_unread_data,
	[CAUSE_LINGER] = why_linger,
	[CAUSE_DATA_AFTER_CLOSE] = why_data_after_close,
	[CAUSE_DISCONNECTED] = why_disconnected,
	[CAUSE_IDLE_RESET] = why_idle_reset,
	[CAUSE_PROCESS_ENDED] = why_process_ended,
	[CAUSE_KILLED] = why_killed,
	[CAUSE_KEEPALIVE] = why_keepalive,
	[CAUSE_RETRANSMIT_TIMEOUT] = why_retransmit_timeout,
	[CAUSE_LISTENER_CLOSED] = why_listener_closed,
	[CAUSE_HALF_OPEN] = why_half_open,
	[CAUSE_NO_MEMORY] = why_no_memory,
};

const char *render_why(char buf[WHY_MAX], const struct chapter *ch)
{
	struct sentence s = { .text = buf };

	buf[0] = '\0';
	if ((unsigned int)ch->cause < CAUSES && sentences[ch->cause])
		sentences[ch->cause](&s, ch);
	return buf;
}

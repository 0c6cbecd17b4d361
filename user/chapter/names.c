// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

#define UNKNOWN_MAX 24

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The kernel's numbers (include/net/tcp_states.h); there is no state 0. */
static const struct word states[] = {
	[1] = WORD("ESTABLISHED"), [2] = WORD("SYN_SENT"),   [3] = WORD("SYN_RECV"),
	[4] = WORD("FIN_WAIT1"),   [5] = WORD("FIN_WAIT2"),  [6] = WORD("TIME_WAIT"),
	[7] = WORD("CLOSE"),	   [8] = WORD("CLOSE_WAIT"), [9] = WORD("LAST_ACK"),
	[10] = WORD("LISTEN"),	   [11] = WORD("CLOSING"),   [12] = WORD("NEW_SYN_RECV"),
};

static const struct word outcomes[] = {
	[OUTCOME_ESTABLISHED] = WORD("established"),
	[OUTCOME_REFUSED] = WORD("refused"),
	[OUTCOME_RESET] = WORD("reset"),
	[OUTCOME_TIMED_OUT] = WORD("timed_out"),
	[OUTCOME_UNREACHABLE] = WORD("unreachable"),
	[OUTCOME_ABANDONED] = WORD("abandoned"),
	[OUTCOME_NO_PORT] = WORD("no_port"),
	[OUTCOME_NO_ROUTE] = WORD("no_route"),
	[OUTCOME_DROPPED] = WORD("dropped"),
	[OUTCOME_FAILED] = WORD("failed"),
};
_Static_assert(COUNT(outcomes) == OUTCOMES, "a name for each outcome");

static const struct word first_closers[] = {
	[CLOSER_LOCAL] = WORD("local"),
	[CLOSER_REMOTE] = WORD("remote"),
	[CLOSER_BOTH] = WORD("both"),
	[CLOSER_NONE] = WORD("none"),
};
_Static_assert(COUNT(first_closers) == CLOSERS, "a name for each first closer");

static const struct word endings[] = {
	[ENDING_GRACEFUL] = WORD("graceful"),
	[ENDING_RESET_SENT] = WORD("reset_sent"),
	[ENDING_RESET_RECEIVED] = WORD("reset_received"),
	[ENDING_TIMED_OUT] = WORD("timed_out"),
	[ENDING_ABORTED] = WORD("aborted"),
	[ENDING_HALF_OPEN] = WORD("half_open"),
};
_Static_assert(COUNT(endings) == ENDINGS, "a name for each ending");

static const struct word reset_reasons[] = {
	[RESET_UNREAD_DATA] = WORD("unread_data"),
	[RESET_LINGER] = WORD("linger"),
	[RESET_LINGER2] = WORD("linger2"),
	[RESET_DATA_AFTER_CLOSE] = WORD("data_after_close"),
	[RESET_DISCONNECT] = WORD("disconnect"),
	[RESET_LISTENER_CLOSED] = WORD("listener_closed"),
	[RESET_KILLED] = WORD("killed"),
	[RESET_KEEPALIVE] = WORD("keepalive"),
	[RESET_MEMORY] = WORD("memory"),
	[RESET_FIN_TIMEOUT] = WORD("fin_timeout"),
	[RESET_MPTCP] = WORD("mptcp"),
};
_Static_assert(COUNT(reset_reasons) == RESET_REASONS, "a name for each reason of a reset");

static const struct word drop_reasons[] = {
	[DROP_ACCEPT_QUEUE] = WORD("accept_queue"),
	[DROP_SYN_QUEUE] = WORD("syn_queue"),
};
_Static_assert(COUNT(drop_reasons) == DROP_REASONS, "a name for each queue");

static const struct word missings[] = {
	[MISSING_BEFORE_TRACE] = WORD("before_trace"),
	[MISSING_NOT_SELECTED] = WORD("not_selected"),
	[MISSING_EVENTS_LOST] = WORD("events_lost"),
	[MISSING_TABLE_FULL] = WORD("table_full"),
};
_Static_assert(COUNT(missings) == MISSINGS, "a name for each enum missing");

static const struct word roles[] = {
	[ROLE_CLIENT] = WORD("client"),
	[ROLE_SERVER] = WORD("server"),
};

static const struct word causes[] = {
	[CAUSE_SYN_LOST] = WORD("syn_lost"),
	[CAUSE_SYNACK_LOST] = WORD("synack_lost"),
	[CAUSE_SLOW_NETWORK] = WORD("slow_network"),
	[CAUSE_ACCEPT_WAIT] = WORD("accept_wait"),
	[CAUSE_NEVER_ACCEPTED] = WORD("never_accepted"),
	[CAUSE_QUEUE_FULL] = WORD("queue_full"),
	[CAUSE_REFUSED] = WORD("refused"),
	[CAUSE_FILTERED] = WORD("filtered"),
	[CAUSE_NO_ROUTE] = WORD("no_route"),
	[CAUSE_NO_PORTS] = WORD("no_ports"),
	[CAUSE_GAVE_UP] = WORD("gave_up"),
	[CAUSE_NOT_SENT] = WORD("not_sent"),
	[CAUSE_SYN_COOKIE] = WORD("syn_cookie"),
	[CAUSE_PEER_RESET] = WORD("peer_reset"),
	[CAUSE_APP_SLOW] = WORD("app_slow"),
	[CAUSE_PEER_SLOW] = WORD("peer_slow"),
	[CAUSE_UNSENT_DATA] = WORD("unsent_data"),
	[CAUSE_ZERO_WINDOW] = WORD("zero_window"),
	[CAUSE_PEER_SILENT] = WORD("peer_silent"),
	[CAUSE_FIN_LOST] = WORD("fin_lost"),
	[CAUSE_UNREAD_DATA] = WORD("unread_data"),
	[CAUSE_LINGER] = WORD("linger"),
	[CAUSE_DATA_AFTER_CLOSE] = WORD("data_after_close"),
	[CAUSE_DISCONNECTED] = WORD("disconnected"),
	[CAUSE_IDLE_RESET] = WORD("idle_reset"),
	[CAUSE_PROCESS_ENDED] = WORD("process_ended"),
	[CAUSE_KILLED] = WORD("killed"),
	[CAUSE_KEEPALIVE] = WORD("keepalive"),
	[CAUSE_RETRANSMIT_TIMEOUT] = WORD("retransmit_timeout"),
	[CAUSE_LISTENER_CLOSED] = WORD("listener_closed"),
	[CAUSE_HALF_OPEN] = WORD("half_open"),
	[CAUSE_NO_MEMORY] = WORD("no_memory"),
};
_Static_assert(COUNT(causes) == CAUSES, "a name for each cause");

/* The errors that TCP, ICMP, keys and drivers leave in sk_err and sk_err_soft, and related ones. */
#define NAME(symbol) [symbol] = #symbol
static const char *const errnos[] = {
	NAME(EPERM),	    NAME(ENOENT),	NAME(EINTR),	       NAME(EIO),
	NAME(ENXIO),	    NAME(EBADF),	NAME(EAGAIN),	       NAME(ENOMEM),
	NAME(EACCES),	    NAME(EFAULT),	NAME(EBUSY),	       NAME(ENODEV),
	NAME(EINVAL),	    NAME(ENOSPC),	NAME(EPIPE),	       NAME(ERANGE),
	NAME(ENODATA),	    NAME(ETIME),	NAME(ENONET),	       NAME(EPROTO),
	NAME(EBADMSG),	    NAME(EOVERFLOW),	NAME(EDESTADDRREQ),    NAME(EMSGSIZE),
	NAME(EPROTOTYPE),   NAME(ENOPROTOOPT),	NAME(EPROTONOSUPPORT), NAME(EOPNOTSUPP),
	NAME(EPFNOSUPPORT), NAME(EAFNOSUPPORT), NAME(EADDRINUSE),      NAME(EADDRNOTAVAIL),
	NAME(ENETDOWN),	    NAME(ENETUNREACH),	NAME(ENETRESET),       NAME(ECONNABORTED),
	NAME(ECONNRESET),   NAME(ENOBUFS),	NAME(EISCONN),	       NAME(ENOTCONN),
	NAME(ESHUTDOWN),    NAME(ETOOMANYREFS), NAME(ETIMEDOUT),       NAME(ECONNREFUSED),
	NAME(EHOSTDOWN),    NAME(EHOSTUNREACH), NAME(EALREADY),	       NAME(EINPROGRESS),
	NAME(ECANCELED),    NAME(ENOKEY),	NAME(EKEYEXPIRED),     NAME(EKEYREJECTED),
};

static const struct {
	const struct word *words;
	size_t n;
} tables[] = {
#define TABLE(table)                \
	{                           \
		table, COUNT(table) \
	}
	[NAMES_STATE] = TABLE(states),
	[NAMES_OUTCOME] = TABLE(outcomes),
	[NAMES_FIRST_CLOSER] = TABLE(first_closers),
	[NAMES_ENDING] = TABLE(endings),
	[NAMES_RESET_REASON] = TABLE(reset_reasons),
	[NAMES_DROP_REASON] = TABLE(drop_reasons),
	[NAMES_MISSING] = TABLE(missings),
	[NAMES_ROLE] = TABLE(roles),
	[NAMES_CAUSE] = TABLE(causes),
};

const struct word *name_word(enum names names, unsigned int number)
{
	static struct word others[COUNT(tables)];
	struct word *other = &others[names];

	if (number < tables[names].n && tables[names].words[number].len)
		return &tables[names].words[number];
	if (number < tables[names].n && names != NAMES_STATE)
		return NULL;
	other->len = (uint8_t)snprintf(other->text, sizeof(other->text), "UNKNOWN(%u)", number);
	return other;
}

static const char *text_of(const struct word *w)
{
	return w ? w->text : NULL;
}

const char *name_state(unsigned int state)
{
	return text_of(name_word(NAMES_STATE, state));
}

const char *name_outcome(unsigned int outcome)
{
	return text_of(name_word(NAMES_OUTCOME, outcome));
}

const char *name_first_closer(unsigned int closer)
{
	return text_of(name_word(NAMES_FIRST_CLOSER, closer));
}

const char *name_ending(unsigned int ending)
{
	return text_of(name_word(NAMES_ENDING, ending));
}

const char *name_reset_reason(unsigned int reason)
{
	return text_of(name_word(NAMES_RESET_REASON, reason));
}

const char *name_missing(unsigned int missing)
{
	return text_of(name_word(NAMES_MISSING, missing));
}

const char *name_role(unsigned int role)
{
	return text_of(name_word(NAMES_ROLE, role));
}

const char *name_cause(unsigned int cause)
{
	return text_of(name_word(NAMES_CAUSE, cause));
}

const char *name_closer_exit(unsigned int exit)
{
	static char buf[UNKNOWN_MAX];

	if (exit == CLOSER_LIVES || exit == CLOSER_EXITED)
		return exit ? "exit" : NULL;
	snprintf(buf, sizeof(buf), "signal %u", exit);
	return buf;
}

const char *name_errno(int err)
{
	static char buf[UNKNOWN_MAX];

	if (!err)
		return NULL;
	if (err > 0 && (size_t)err < COUNT(errnos) && errnos[err])
		return errnos[err];
	snprintf(buf, sizeof(buf), "UNKNOWN(%d)", err);
	return buf;
}

/* Of each set of enum segment_flag. */
#define SEGMENTS(direction)                                                                        \
	{                                                                                          \
		WORD(""), WORD(direction "SYN"), WORD(direction "ACK"), WORD(direction "SYN,ACK"), \
			WORD(direction "FIN"), WORD(direction "SYN,FIN"),                          \
			WORD(direction "FIN,ACK"), WORD(direction "SYN,FIN,ACK"),                  \
			WORD(direction "RST"), WORD(direction "SYN,RST"),                          \
			WORD(direction "RST,ACK"), WORD(direction "SYN,RST,ACK"),                  \
			WORD(direction "FIN,RST"), WORD(direction "SYN,FIN,RST"),                  \
			WORD(direction "FIN,RST,ACK"), WORD(direction "SYN,FIN,RST,ACK"),          \
	}

const struct word *name_segment_word(struct word *buf, const struct segment *s)
{
	static const struct word received[] = SEGMENTS("< "), sent[] = SEGMENTS("> "),
				 unsent[] = SEGMENTS("x ");
	const struct word *words = s->unsent ? unsent
				   : s->sent ? sent
					     : received,
			  *w = &words[s->flags % COUNT(sent)];

	if (!w->len || s->number < 2)
		return w->len ? w : NULL;
	*buf = *w;
	/* at most 23 bytes: 2 of direction, 4 words of 3, 3 commas, " (255)" */
	buf->len += (uint8_t)snprintf(buf->text + w->len, sizeof(buf->text) - w->len, " (%u)",
				      s->number);
	return buf;
}

const char *name_segment(struct word *buf, const struct segment *s)
{
	return text_of(name_segment_word(buf, s));
}

const struct word *name_completeness(unsigned int mask)
{
	static const struct word texts[] = {
		[0] = WORD("Incomplete"),
		[1] = WORD("Incomplete, SYN_SENT"),
		[3] = WORD("Incomplete, CLIENT_ESTABLISHED"),
		[7] = WORD("Incomplete, ESTABLISHED"),
		[15] = WORD("Incomplete, DATA"),
		[23] = WORD("Complete, NO_DATA"),
		[31] = WORD("Complete, WITH_DATA"),
		[39] = WORD("Complete, NO_DATA"),
		[47] = WORD("Complete, WITH_DATA"),
		[55] = WORD("Complete, NO_DATA"),
		[63] = WORD("Complete, WITH_DATA"),
	};

	return &texts[mask < COUNT(texts) && texts[mask].len ? mask : 0];
}

const char *name_person(char buf[PERSON_TEXT_MAX], const struct person *p)
{
	size_t len;

	text_comm(buf, p->comm);
	if (!*buf)
		memcpy(buf, "-", 2);
	if (!p->pid.known)
		return buf;
	len = strlen(buf);
	buf[len++] = '[';
	len += number_uint(buf + len, (uint32_t)p->pid.value);
	memcpy(buf + len, "]", 2);
	return buf;
}

const char *name_or_dash(const char *word)
{
	return word ? word : "-";
}

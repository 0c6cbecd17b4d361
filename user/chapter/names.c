// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

#define UNKNOWN_MAX 24

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The kernel's numbers (include/net/tcp_states.h); there is no state 0. */
static const char *const states[] = {
	[1] = "ESTABLISHED", [2] = "SYN_SENT",	[3] = "SYN_RECV", [4] = "FIN_WAIT1",
	[5] = "FIN_WAIT2",   [6] = "TIME_WAIT", [7] = "CLOSE",	  [8] = "CLOSE_WAIT",
	[9] = "LAST_ACK",    [10] = "LISTEN",	[11] = "CLOSING", [12] = "NEW_SYN_RECV",
};

static const char *const outcomes[] = {
	[OUTCOME_ESTABLISHED] = "established",
	[OUTCOME_REFUSED] = "refused",
	[OUTCOME_RESET] = "reset",
	[OUTCOME_TIMED_OUT] = "timed_out",
	[OUTCOME_UNREACHABLE] = "unreachable",
	[OUTCOME_ABANDONED] = "abandoned",
	[OUTCOME_NO_PORT] = "no_port",
	[OUTCOME_NO_ROUTE] = "no_route",
	[OUTCOME_DROPPED] = "dropped",
	[OUTCOME_FAILED] = "failed",
};
_Static_assert(COUNT(outcomes) == OUTCOMES, "a name for each outcome");

static const char *const first_closers[] = {
	[CLOSER_LOCAL] = "local",
	[CLOSER_REMOTE] = "remote",
	[CLOSER_BOTH] = "both",
	[CLOSER_NONE] = "none",
};
_Static_assert(COUNT(first_closers) == CLOSERS, "a name for each first closer");

static const char *const endings[] = {
	[ENDING_GRACEFUL] = "graceful",
	[ENDING_RESET_SENT] = "reset_sent",
	[ENDING_RESET_RECEIVED] = "reset_received",
	[ENDING_TIMED_OUT] = "timed_out",
	[ENDING_ABORTED] = "aborted",
	[ENDING_HALF_OPEN] = "half_open",
};
_Static_assert(COUNT(endings) == ENDINGS, "a name for each ending");

static const char *const reset_reasons[] = {
	[RESET_UNREAD_DATA] = "unread_data",
	[RESET_LINGER] = "linger",
	[RESET_LINGER2] = "linger2",
	[RESET_DATA_AFTER_CLOSE] = "data_after_close",
	[RESET_DISCONNECT] = "disconnect",
	[RESET_LISTENER_CLOSED] = "listener_closed",
	[RESET_KILLED] = "killed",
	[RESET_KEEPALIVE] = "keepalive",
	[RESET_MEMORY] = "memory",
	[RESET_FIN_TIMEOUT] = "fin_timeout",
	[RESET_MPTCP] = "mptcp",
};
_Static_assert(COUNT(reset_reasons) == RESET_REASONS, "a name for each reason of a reset");

static const char *const drop_reasons[] = {
	[DROP_ACCEPT_QUEUE] = "accept_queue",
	[DROP_SYN_QUEUE] = "syn_queue",
};
_Static_assert(COUNT(drop_reasons) == DROP_REASONS, "a name for each queue");

static const char *const missings[] = {
	[MISSING_BEFORE_TRACE] = "before_trace",
	[MISSING_NOT_SELECTED] = "not_selected",
	[MISSING_EVENTS_LOST] = "events_lost",
	[MISSING_TABLE_FULL] = "table_full",
};
_Static_assert(COUNT(missings) == MISSINGS, "a name for each enum missing");

static const char *const roles[] = {
	[ROLE_CLIENT] = "client",
	[ROLE_SERVER] = "server",
};

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

static const char *unknown(char buf[UNKNOWN_MAX], unsigned int number)
{
	snprintf(buf, UNKNOWN_MAX, "UNKNOWN(%u)", number);
	return buf;
}

const char *name_state(unsigned int state)
{
	static char buf[UNKNOWN_MAX];

	return state < COUNT(states) && states[state] ? states[state] : unknown(buf, state);
}

const char *name_outcome(unsigned int outcome)
{
	static char buf[UNKNOWN_MAX];

	return outcome < COUNT(outcomes) ? outcomes[outcome] : unknown(buf, outcome);
}

const char *name_first_closer(unsigned int closer)
{
	static char buf[UNKNOWN_MAX];

	return closer < COUNT(first_closers) ? first_closers[closer] : unknown(buf, closer);
}

const char *name_ending(unsigned int ending)
{
	static char buf[UNKNOWN_MAX];

	return ending < COUNT(endings) ? endings[ending] : unknown(buf, ending);
}

const char *name_reset_reason(unsigned int reason)
{
	static char buf[UNKNOWN_MAX];

	return reason < COUNT(reset_reasons) ? reset_reasons[reason] : unknown(buf, reason);
}

const char *name_drop_reason(unsigned int reason)
{
	static char buf[UNKNOWN_MAX];

	return reason < COUNT(drop_reasons) ? drop_reasons[reason] : unknown(buf, reason);
}

const char *name_closer_exit(unsigned int exit)
{
	static char buf[UNKNOWN_MAX];

	if (exit == CLOSER_LIVES || exit == CLOSER_EXITED)
		return exit ? "exit" : NULL;
	snprintf(buf, sizeof(buf), "signal %u", exit);
	return buf;
}

const char *name_missing(unsigned int missing)
{
	static char buf[UNKNOWN_MAX];

	return missing < COUNT(missings) ? missings[missing] : unknown(buf, missing);
}

const char *name_role(unsigned int role)
{
	static char buf[UNKNOWN_MAX];

	return role < COUNT(roles) ? roles[role] : unknown(buf, role);
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

const char *name_segment(char buf[SEGMENT_TEXT_MAX], const struct segment *s)
{
	static const struct {
		uint8_t flag;
		const char *word;
	} words[] = {
		{ SEGMENT_SYN, "SYN" },
		{ SEGMENT_FIN, "FIN" },
		{ SEGMENT_RST, "RST" },
		{ SEGMENT_ACK, "ACK" },
	};
	size_t len = 0;

	for (size_t i = 0; i < COUNT(words); i++) {
		if (!(s->flags & words[i].flag))
			continue;
		/* at most 24 bytes: 2 of direction, 4 words of 3, 3 commas, " (255)" and the NUL */
		memcpy(buf + len, len ? "," : s->unsent ? "x " : s->sent ? "> " : "< ", 2);
		len += len ? 1 : 2;
		memcpy(buf + len, words[i].word, 3);
		len += 3;
	}
	if (!len)
		return NULL;
	buf[len] = '\0';
	if (s->number > 1)
		snprintf(buf + len, SEGMENT_TEXT_MAX - len, " (%u)", s->number);
	return buf;
}

const char *name_completeness(unsigned int mask)
{
	static const char *const texts[] = {
		[1] = "Incomplete, SYN_SENT",	 [3] = "Incomplete, CLIENT_ESTABLISHED",
		[7] = "Incomplete, ESTABLISHED", [15] = "Incomplete, DATA",
		[23] = "Complete, NO_DATA",	 [31] = "Complete, WITH_DATA",
		[39] = "Complete, NO_DATA",	 [47] = "Complete, WITH_DATA",
		[55] = "Complete, NO_DATA",	 [63] = "Complete, WITH_DATA",
	};

	return mask < COUNT(texts) && texts[mask] ? texts[mask] : "Incomplete";
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

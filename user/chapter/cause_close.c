// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Why a close was slow or not graceful. */
#include <linux/bpf.h>

#include "cause_parts.h"

static bool never_accepted(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return ch->accepted == TRISTATE_NO && !ch->open;
}

static bool awaits_accept(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return ch->accepted == TRISTATE_NO && ch->open;
}

static bool was_killed(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return ch->close.ending == ENDING_ABORTED || ch->close.reset_reason == RESET_KILLED;
}

/* The end of a process closes what it has open: that is no news if all went well. */
static bool process_ended(const struct chapter *ch, const struct slow_limits *slow)
{
	unsigned int exit = ch->close.closer_exit;

	(void)slow;
	return exit && (exit != CLOSER_EXITED || ch->close.ending != ENDING_GRACEFUL) && !ch->open;
}

static bool has_reason(const struct chapter *ch, enum reset_reason reason)
{
	return ch->close.reset_reason == reason;
}

static bool unread_data(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return has_reason(ch, RESET_UNREAD_DATA);
}

static bool linger(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return has_reason(ch, RESET_LINGER) || has_reason(ch, RESET_LINGER2);
}

static bool data_after_close(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return has_reason(ch, RESET_DATA_AFTER_CLOSE);
}

static bool disconnected(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return has_reason(ch, RESET_DISCONNECT);
}

static bool listener_closed(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return has_reason(ch, RESET_LISTENER_CLOSED);
}

static bool no_memory(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return has_reason(ch, RESET_MEMORY);
}

/* What the peer did not acknowledge was sent again and again, until the kernel gave up. */
static bool retransmit_timeout(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return ch->close.ending == ENDING_TIMED_OUT && ch->close.retransmits.value > 0 &&
	       !has_reason(ch, RESET_KEEPALIVE);
}

static bool keepalive(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return ch->close.ending == ENDING_TIMED_OUT || has_reason(ch, RESET_KEEPALIVE);
}

static bool half_open(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return ch->close.ending == ENDING_HALF_OPEN || has_reason(ch, RESET_FIN_TIMEOUT);
}

bool close_awaits_answer(const struct chapter *ch)
{
	return ch->role == ROLE_CLIENT && ch->close.sent_last;
}

/*
 * An idle timeout: of the peer or of what is between, or of this end, which closed before data came; but a client that
 * waits for an answer is not idle.
 */
static bool idle_reset(const struct chapter *ch, const struct slow_limits *slow)
{
	if (has_reason(ch, RESET_DATA_AFTER_CLOSE))
		return at_least(ch->close.idle_ns, slow->idle_ns) && !close_awaits_answer(ch);
	/*
	 * It answered data that was sent after the silence: nothing else is a sign of a time-out.  Where this end
	 * closed, it may have answered that.
	 */
	return ch->close.ending == ENDING_RESET_RECEIVED &&
	       ch->close.first_closer != CLOSER_LOCAL &&
	       at_least(ch->close.silent_ns, slow->idle_ns);
}

static bool peer_reset(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return ch->close.ending == ENDING_RESET_RECEIVED;
}

/* The peer's window is closed, and data waits for it. */
static bool zero_window(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return ch->open && ch->close.zero_window == TRISTATE_YES && ch->close.unacked.value > 0;
}

static bool is_stuck(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return ch->open && ch->close.unacked.value > 0 && ch->close.unacked_retransmits.value > 0;
}

/* Whose turn is it to close?  Of an open one: now; else whoever took longest. */
static bool app_slow(const struct chapter *ch, const struct slow_limits *slow)
{
	const struct close *cl = &ch->close;

	if (ch->open)
		return ch->state == BPF_TCP_CLOSE_WAIT;
	return at_least(cl->app_close_ns, slow->close_ns) &&
	       !is_longer(cl->fin_queued_ns, cl->app_close_ns);
}

static bool peer_slow(const struct chapter *ch, const struct slow_limits *slow)
{
	const struct close *cl = &ch->close;

	if (ch->open)
		return ch->state == BPF_TCP_FIN_WAIT2;
	return at_least(cl->peer_fin_ns, slow->close_ns) &&
	       !is_longer(cl->fin_queued_ns, cl->peer_fin_ns);
}

static bool fin_lost(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return ch->close.fin_retransmits.value > 0;
}

static bool fin_not_sent(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	for (size_t i = 0; i < chapter_step_count(ch); i++)
		if (is_sent(&ch->steps[i], SEGMENT_FIN) && ch->steps[i].segment.unsent)
			return true;
	return false;
}

static bool unsent_data(const struct chapter *ch, const struct slow_limits *slow)
{
	bool sends_fin = ch->state == BPF_TCP_FIN_WAIT1 || ch->state == BPF_TCP_LAST_ACK ||
			 ch->state == BPF_TCP_CLOSING;

	if (ch->open)
		return sends_fin && ch->close.unacked.value > 0;
	return ch->close.fin_behind_data && at_least(ch->close.fin_queued_ns, slow->close_ns) &&
	       !fin_not_sent(ch, slow);
}

static bool late_accept(const struct chapter *ch, const struct slow_limits *slow)
{
	return at_least(ch->close.accept_ns, slow->accept_ns);
}

const struct cause_rule close_rules[] = {
	{ CAUSE_KILLED, was_killed },
	{ CAUSE_LISTENER_CLOSED, listener_closed },
	{ CAUSE_NEVER_ACCEPTED, never_accepted },
	{ CAUSE_ACCEPT_WAIT, awaits_accept },
	{ CAUSE_PROCESS_ENDED, process_ended },
	{ CAUSE_UNREAD_DATA, unread_data },
	{ CAUSE_LINGER, linger },
	{ CAUSE_DISCONNECTED, disconnected },
	{ CAUSE_NO_MEMORY, no_memory },
	{ CAUSE_RETRANSMIT_TIMEOUT, retransmit_timeout },
	{ CAUSE_KEEPALIVE, keepalive },
	{ CAUSE_HALF_OPEN, half_open },
	{ CAUSE_IDLE_RESET, idle_reset },
	{ CAUSE_DATA_AFTER_CLOSE, data_after_close },
	{ CAUSE_PEER_RESET, peer_reset },
	{ CAUSE_ZERO_WINDOW, zero_window },
	{ CAUSE_APP_SLOW, app_slow },
	{ CAUSE_UNSENT_DATA, unsent_data },
	{ CAUSE_PEER_SILENT, is_stuck },
	{ CAUSE_NOT_SENT, fin_not_sent },
	{ CAUSE_FIN_LOST, fin_lost },
	{ CAUSE_PEER_SLOW, peer_slow },
	{ CAUSE_ACCEPT_WAIT, late_accept },
	{ CAUSE_NONE, NULL },
};

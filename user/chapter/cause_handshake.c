// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Why a handshake was slow or failed. */
#include <errno.h>
#include <linux/bpf.h>

#include "cause_parts.h"

static bool failed_as(const struct chapter *ch, enum outcome outcome)
{
	return !ch->open && ch->handshake.outcome == outcome;
}

static bool syn_not_sent(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return ch->role == ROLE_CLIENT && handshake_tries(ch).unsent;
}

static bool queue_full(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return failed_as(ch, OUTCOME_DROPPED) || ch->handshake.ack_queue_full;
}

static bool refused(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return failed_as(ch, OUTCOME_REFUSED) || failed_as(ch, OUTCOME_UNREACHABLE);
}

/* connect() returns EACCES for a route of the type prohibit, EINVAL for a blackhole: fib_props[], net/ipv4/fib_semantics.c */
static bool no_route(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return failed_as(ch, OUTCOME_NO_ROUTE) ||
	       (failed_as(ch, OUTCOME_FAILED) && (ch->err == EACCES || ch->err == EINVAL));
}

static bool no_ports(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return failed_as(ch, OUTCOME_NO_PORT);
}

/* No SYN was answered, so far or until the kernel gave up, or the application: with more than one it had waited. */
static bool filtered(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	if (ch->role != ROLE_CLIENT)
		return false;
	if (failed_as(ch, OUTCOME_TIMED_OUT))
		return true;
	return ((ch->open && ch->state == BPF_TCP_SYN_SENT) || failed_as(ch, OUTCOME_ABANDONED)) &&
	       handshake_tries(ch).sent > 1;
}

static bool gave_up(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return failed_as(ch, OUTCOME_ABANDONED);
}

/* The RST answers a SYN,ACK that was not the first: a peer that did not want it would have answered that. */
static bool reset_late(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return ch->role == ROLE_SERVER && failed_as(ch, OUTCOME_RESET) &&
	       handshake_tries(ch).sent > 1;
}

static bool handshake_reset(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return failed_as(ch, OUTCOME_RESET);
}

/* Nothing acknowledged the SYN,ACK. */
static bool synack_unanswered(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return ch->role == ROLE_SERVER &&
	       (failed_as(ch, OUTCOME_TIMED_OUT) || (ch->open && handshake_tries(ch).sent > 1));
}

static bool accept_wait(const struct chapter *ch, const struct slow_limits *slow)
{
	const struct handshake *hs = &ch->handshake;

	return at_least(hs->accept_ns, slow->accept_ns) &&
	       is_longer(hs->accept_ns, hs->handshake_ns);
}

static bool syn_lost(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return ch->handshake.outcome == OUTCOME_ESTABLISHED &&
	       ch->handshake.syn_retransmits.value > 0;
}

static bool synack_lost(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return ch->handshake.outcome == OUTCOME_ESTABLISHED &&
	       ch->handshake.synack_retransmits.value > 0;
}

static bool slow_network(const struct chapter *ch, const struct slow_limits *slow)
{
	return ch->handshake.outcome == OUTCOME_ESTABLISHED &&
	       at_least(ch->handshake.handshake_ns, slow->connect_ns);
}

static bool slow_accept(const struct chapter *ch, const struct slow_limits *slow)
{
	return at_least(ch->handshake.accept_ns, slow->accept_ns);
}

static bool syn_cookie(const struct chapter *ch, const struct slow_limits *slow)
{
	(void)slow;
	return ch->handshake.syncookie == TRISTATE_YES;
}

const struct cause_rule handshake_rules[] = {
	{ CAUSE_NOT_SENT, syn_not_sent },
	{ CAUSE_QUEUE_FULL, queue_full },
	{ CAUSE_REFUSED, refused },
	{ CAUSE_NO_ROUTE, no_route },
	{ CAUSE_NO_PORTS, no_ports },
	{ CAUSE_FILTERED, filtered },
	{ CAUSE_GAVE_UP, gave_up },
	{ CAUSE_SYNACK_LOST, reset_late },
	{ CAUSE_PEER_RESET, handshake_reset },
	{ CAUSE_SYNACK_LOST, synack_unanswered },
	/* established */
	{ CAUSE_ACCEPT_WAIT, accept_wait },
	{ CAUSE_SYN_LOST, syn_lost },
	{ CAUSE_SYNACK_LOST, synack_lost },
	{ CAUSE_SLOW_NETWORK, slow_network },
	{ CAUSE_ACCEPT_WAIT, slow_accept },
	{ CAUSE_SYN_COOKIE, syn_cookie },
	{ CAUSE_NONE, NULL },
};

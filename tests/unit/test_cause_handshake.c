// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Each rule of cause_handshake.c: what just makes it apply, what just does not, and the sentence. */
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cases.h"
#include "caused.h"

/* Neither of the chapters has a cause when nothing was slow. */
static void ordinary(void **state)
{
	struct chapter ch = caused_handshake(ROLE_CLIENT, OUTCOME_ESTABLISHED);

	(void)state;
	caused_expect(&ch, "-", "");
	ch.handshake.accept_ns = known(99 * MS);
	caused_expect(&ch, "-", "");
	ch = caused_close(ENDING_GRACEFUL);
	ch.close.app_close_ns = ch.close.peer_fin_ns = ch.close.fin_queued_ns = known(999 * MS);
	ch.close.fin_retransmits = known(0);
	ch.close.closer_exit = CLOSER_EXITED;
	caused_expect(&ch, "-", "");
}

static void lost_syns(void **state)
{
	struct chapter ch = caused_handshake(ROLE_CLIENT, OUTCOME_ESTABLISHED);

	(void)state;
	ch.handshake.syn_retransmits = known(1);
	caused_step(&ch, 0, true, SEGMENT_SYN, false);
	caused_step(&ch, 1010 * MS, true, SEGMENT_SYN, false);
	caused_step(&ch, 1050 * MS, false, SEGMENT_SYN | SEGMENT_ACK, false);
	caused_expect(
		&ch, "syn_lost",
		"the first SYN was not answered for 1.01 s: lost on the way, or dropped by a full queue of the server; "
		"the SYN that was answered took 40.0 ms");
	ch.n_steps--;
	caused_step(&ch, 3 * S, true, SEGMENT_SYN, false);
	caused_step(&ch, 3 * S + 123 * US, false, SEGMENT_SYN | SEGMENT_ACK, false);
	caused_expect(
		&ch, "syn_lost",
		"2 SYNs were not answered for 3.00 s: lost on the way, or dropped by a full queue of the server; "
		"the SYN that was answered took 0.123 ms");
}

static void unanswered(void **state)
{
	struct chapter ch = caused_handshake(ROLE_CLIENT, OUTCOME_TIMED_OUT);

	(void)state;
	caused_step(&ch, 0, true, SEGMENT_SYN, false);
	caused_step(&ch, 1 * S, true, SEGMENT_SYN, false);
	ch.handshake.handshake_ns = known(127 * S);
	caused_expect(
		&ch, "filtered",
		"no answer at all to 2 SYNs in 2 min 7 s: a firewall or a full queue of the server drops them, or the host is "
		"down");
	ch.handshake.outcome = OUTCOME_ABANDONED;
	ch.handshake.handshake_ns = known(3500 * MS);
	caused_expect(
		&ch, "filtered",
		"no answer at all to 2 SYNs in 3.50 s, then curl[4711] gave up: a firewall or a full queue of the server "
		"drops them, or the host is down");
	ch.n_steps = 1;
	caused_expect(
		&ch, "gave_up",
		"curl[4711] closed the socket 3.50 s after the first SYN, and 1 SYN had no answer by then; another follows "
		"after 1 s, unless the first is still on this host: there may be no neighbour with that address");
	ch.handshake.handshake_ns = known(1100 * MS);
	caused_expect(
		&ch, "gave_up",
		"curl[4711] closed the socket 1.10 s after the first SYN, and 1 SYN had no answer by then");
	ch.n_steps = 2;
	ch.handshake.outcome = OUTCOME_UNKNOWN;
	ch.open = true;
	ch.state = BPF_TCP_SYN_SENT;
	ch.state_ns = known(3 * S);
	caused_expect(
		&ch, "filtered",
		"no answer at all to 2 SYNs in 3.00 s: a firewall or a full queue of the server drops them, or the host is "
		"down");
	ch.n_steps = 1;
	caused_expect(&ch, "-", "");
	ch.steps[0].segment.unsent = true;
	caused_expect(
		&ch, "not_sent",
		"the SYN did not leave this host: a firewall rule, a full queue, or no neighbour with that address");
}

/* Of more SYNs than there is room for, the number is right and their time is not known. */
static void many_syns(void **state)
{
	struct chapter ch = caused_handshake(ROLE_CLIENT, OUTCOME_ESTABLISHED);

	(void)state;
	for (unsigned int i = 0; i < 12; i++)
		caused_step(&ch, i * S, true, SEGMENT_SYN, false);
	ch.handshake.syn_retransmits = known(19);
	caused_expect(
		&ch, "syn_lost",
		"19 SYNs were not answered: lost on the way, or dropped by a full queue of the server");
	ch.handshake.outcome = OUTCOME_TIMED_OUT;
	ch.handshake.handshake_ns = known(300 * S);
	caused_expect(
		&ch, "filtered",
		"no answer at all to 20 SYNs in 5 min: a firewall or a full queue of the server drops them, or the host is "
		"down");
}

static void failed(void **state)
{
	struct chapter ch = caused_handshake(ROLE_CLIENT, OUTCOME_REFUSED);

	(void)state;
	caused_expect(&ch, "refused",
		      "nothing listens on port 443 there, or a firewall answers with RST");
	ch.role = ROLE_SERVER;
	caused_expect(&ch, "refused", "nothing listens on port 80 here");
	ch = caused_handshake(ROLE_CLIENT, OUTCOME_UNREACHABLE);
	ch.err = EHOSTUNREACH;
	caused_expect(&ch, "refused",
		      "a firewall, a router or the host answered by ICMP (EHOSTUNREACH)");
	ch = caused_handshake(ROLE_CLIENT, OUTCOME_NO_ROUTE);
	ch.err = ENETUNREACH;
	caused_expect(&ch, "no_route", "this host has no route to that address (ENETUNREACH)");
	ch.handshake.outcome = OUTCOME_FAILED;
	ch.err = EACCES;
	caused_expect(
		&ch, "no_route",
		"a route forbids that address (prohibit), or it is a broadcast address (EACCES)");
	ch.err = EINVAL;
	caused_expect(
		&ch, "no_route",
		"the route to that address is a blackhole, or connect() cannot take the address (EINVAL)");
	ch.err = EPERM;
	caused_expect(&ch, "-", "");
	ch = caused_handshake(ROLE_CLIENT, OUTCOME_NO_PORT);
	caused_expect(&ch, "no_ports", "all local ports to that address are taken");
	ch.handshake.ports_in_time_wait = (struct ports_taken){ 5, 3, ch.owner };
	caused_expect(
		&ch, "no_ports",
		"all local ports to that address are taken: 5 are in TIME_WAIT, which this end has because it "
		"closed first, most of them by curl[4711]");
	ch.handshake.ports_in_time_wait.n_most = 2;
	ch.handshake.ports_open = (struct ports_taken){ 1, 1, ch.owner };
	caused_expect(
		&ch, "no_ports",
		"all local ports to that address are taken: 5 are in TIME_WAIT, which this end has because it "
		"closed first, 2 of them by curl[4711]; 1 by connections that are open, all of them of "
		"curl[4711]");
	ch.handshake.ports_in_time_wait.n = ch.handshake.ports_open.n_most = 0;
	caused_expect(&ch, "no_ports",
		      "all local ports to that address are taken: 1 by connections that are open");
	ch = caused_handshake(ROLE_CLIENT, OUTCOME_RESET);
	caused_expect(&ch, "peer_reset", "the peer reset it in the handshake");
	ch.role = ROLE_SERVER;
	caused_expect(&ch, "peer_reset",
		      "the peer reset it in the handshake, as scans and health checks do");
	caused_step(&ch, 0, true, SEGMENT_SYN | SEGMENT_ACK, false);
	caused_expect(&ch, "peer_reset",
		      "the peer reset it in the handshake, as scans and health checks do");
	caused_step(&ch, 1 * S, true, SEGMENT_SYN | SEGMENT_ACK, false);
	caused_expect(
		&ch, "synack_lost",
		"the peer sent an RST after 2 SYN,ACKs: the first were lost on the way, and it had given up, or it "
		"never sent that SYN");
}

static void servers(void **state)
{
	struct chapter ch = caused_handshake(ROLE_SERVER, OUTCOME_ESTABLISHED);

	(void)state;
	ch.handshake.accept_ns = known(2100 * MS);
	caused_expect(&ch, "accept_wait",
		      "curl[4711] called accept() only 2.10 s after the handshake");
	ch.handshake.synack_retransmits = known(1);
	caused_step(&ch, 0, true, SEGMENT_SYN | SEGMENT_ACK, false);
	caused_step(&ch, 1030 * MS, true, SEGMENT_SYN | SEGMENT_ACK, false);
	ch.handshake.handshake_ns = known(1050 * MS);
	caused_expect(&ch, "accept_wait",
		      "curl[4711] called accept() only 2.10 s after the handshake");
	ch.handshake.handshake_ns = known(3 * S);
	caused_expect(
		&ch, "synack_lost",
		"the SYN,ACK was sent 2 times within 1.03 s before the ACK came: it was lost on the way, or the ACK was");
	ch.handshake.synack_retransmits = known(0);
	ch.handshake.handshake_ns = known(200 * MS);
	ch.handshake.accept_ns = known(0);
	caused_expect(&ch, "slow_network",
		      "the ACK took 200 ms: that is the round trip to the peer");
	ch.handshake.handshake_ns = known(199 * MS);
	caused_expect(&ch, "-", "");
	ch.handshake.syncookie = TRISTATE_YES;
	caused_expect(
		&ch, "syn_cookie",
		"the listener's queue of half-open connections was full, so the kernel answered with a SYN cookie");
	ch.handshake.outcome = OUTCOME_DROPPED;
	ch.handshake.drop_reason = DROP_ACCEPT_QUEUE;
	caused_expect(
		&ch, "queue_full",
		"the accept queue of curl[4711] is full: it calls accept() too seldom, or its backlog is too small");
	ch.handshake.drop_reason = DROP_SYN_QUEUE;
	caused_expect(
		&ch, "queue_full",
		"the listener's queue of half-open connections is full: too many SYNs, or too small a backlog");
	ch.handshake.outcome = OUTCOME_TIMED_OUT;
	caused_expect(
		&ch, "synack_lost",
		"no ACK came to 2 SYN,ACKs: they are lost on the way, or nobody sent that SYN (a forged address)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary),   cmocka_unit_test(lost_syns),
		cmocka_unit_test(unanswered), cmocka_unit_test(many_syns),
		cmocka_unit_test(failed),     cmocka_unit_test(servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

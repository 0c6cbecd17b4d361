// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Each rule of cause.c: what just makes it apply, what just does not, and the sentence. */
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "chapter/cause.h"
#include "chapter/names.h"
#include "render/render_why.h"

static const struct slow_limits limits = SLOW_LIMITS_DEFAULT;

static struct chapter handshake(enum role role, enum outcome outcome)
{
	struct chapter ch = { .type = CHAPTER_HANDSHAKE, .role = role };

	ch.remote_port = known(443);
	ch.local_port = known(80);
	ch.handshake.outcome = outcome;
	ch.handshake.handshake_ns = known(20 * MS);
	ch.owner.pid = known(4711);
	memcpy(ch.owner.comm, "curl", 5);
	return ch;
}

static struct chapter close_of(enum ending ending)
{
	struct chapter ch = { .type = CHAPTER_CLOSE, .role = ROLE_CLIENT };

	ch.close.ending = ending;
	ch.accepted = TRISTATE_UNKNOWN;
	ch.owner.pid = known(4711);
	memcpy(ch.owner.comm, "curl", 5);
	return ch;
}

static void step(struct chapter *ch, uint64_t t_ns, bool sent, uint8_t flags, bool unsent)
{
	ch->steps[ch->n_steps++] = (struct step){
		.t_ns = known((int64_t)t_ns),
		.segment = { .sent = sent, .flags = flags, .unsent = unsent },
	};
}

static void expect(struct chapter *ch, const char *cause, const char *sentence)
{
	char buf[WHY_MAX];
	const struct word *word;

	chapter_set_cause(ch, &limits);
	word = name_word(NAMES_CAUSE, ch->cause);
	assert_string_equal(word ? word->text : "-", cause);
	assert_string_equal(render_why(buf, ch), sentence);
}

static void ordinary(void **state)
{
	struct chapter ch = handshake(ROLE_CLIENT, OUTCOME_ESTABLISHED);

	(void)state;
	expect(&ch, "-", "");
	ch.handshake.accept_ns = known(99 * MS);
	expect(&ch, "-", "");
	ch = close_of(ENDING_GRACEFUL);
	ch.close.app_close_ns = ch.close.peer_fin_ns = ch.close.fin_queued_ns = known(999 * MS);
	ch.close.fin_retransmits = known(0);
	ch.close.closer_exit = CLOSER_EXITED;
	expect(&ch, "-", "");
}

static void lost_syns(void **state)
{
	struct chapter ch = handshake(ROLE_CLIENT, OUTCOME_ESTABLISHED);

	(void)state;
	ch.handshake.syn_retransmits = known(1);
	step(&ch, 0, true, SEGMENT_SYN, false);
	step(&ch, 1010 * MS, true, SEGMENT_SYN, false);
	step(&ch, 1050 * MS, false, SEGMENT_SYN | SEGMENT_ACK, false);
	expect(&ch, "syn_lost",
	       "the first SYN was not answered for 1.01 s: lost on the way, or dropped by a full queue of the server; "
	       "the SYN that was answered took 40.0 ms");
	ch.n_steps--;
	step(&ch, 3 * S, true, SEGMENT_SYN, false);
	step(&ch, 3 * S + 123 * US, false, SEGMENT_SYN | SEGMENT_ACK, false);
	expect(&ch, "syn_lost",
	       "2 SYNs were not answered for 3.00 s: lost on the way, or dropped by a full queue of the server; "
	       "the SYN that was answered took 0.123 ms");
}

static void unanswered(void **state)
{
	struct chapter ch = handshake(ROLE_CLIENT, OUTCOME_TIMED_OUT);

	(void)state;
	step(&ch, 0, true, SEGMENT_SYN, false);
	step(&ch, 1 * S, true, SEGMENT_SYN, false);
	ch.handshake.handshake_ns = known(127 * S);
	expect(&ch, "filtered",
	       "no answer at all to 2 SYNs in 2 min 7 s: a firewall or a full queue of the server drops them, or the host is "
	       "down");
	ch.handshake.outcome = OUTCOME_ABANDONED;
	ch.handshake.handshake_ns = known(3500 * MS);
	expect(&ch, "filtered",
	       "no answer at all to 2 SYNs in 3.50 s, then curl[4711] gave up: a firewall or a full queue of the server "
	       "drops them, or the host is down");
	ch.n_steps = 1;
	expect(&ch, "gave_up",
	       "curl[4711] closed the socket 3.50 s after the first SYN, and 1 SYN had no answer by then");
	ch.n_steps = 2;
	ch.handshake.outcome = OUTCOME_UNKNOWN;
	ch.open = true;
	ch.state = BPF_TCP_SYN_SENT;
	ch.state_ns = known(3 * S);
	expect(&ch, "filtered",
	       "no answer at all to 2 SYNs in 3.00 s: a firewall or a full queue of the server drops them, or the host is "
	       "down");
	ch.n_steps = 1;
	expect(&ch, "-", "");
	ch.steps[0].segment.unsent = true;
	expect(&ch, "not_sent",
	       "the SYN did not leave this host: a firewall rule, a full queue, or no neighbour with that address");
}

/* Of more SYNs than there is room for, the number is right and their time is not known. */
static void many_syns(void **state)
{
	struct chapter ch = handshake(ROLE_CLIENT, OUTCOME_ESTABLISHED);

	(void)state;
	for (unsigned int i = 0; i < 12; i++)
		step(&ch, i * S, true, SEGMENT_SYN, false);
	ch.handshake.syn_retransmits = known(19);
	expect(&ch, "syn_lost",
	       "19 SYNs were not answered: lost on the way, or dropped by a full queue of the server");
	ch.handshake.outcome = OUTCOME_TIMED_OUT;
	ch.handshake.handshake_ns = known(300 * S);
	expect(&ch, "filtered",
	       "no answer at all to 20 SYNs in 5 min: a firewall or a full queue of the server drops them, or the host is "
	       "down");
}

static void failed(void **state)
{
	struct chapter ch = handshake(ROLE_CLIENT, OUTCOME_REFUSED);

	(void)state;
	expect(&ch, "refused", "nothing listens on port 443 there, or a firewall answers with RST");
	ch.role = ROLE_SERVER;
	expect(&ch, "refused", "nothing listens on port 80 here");
	ch = handshake(ROLE_CLIENT, OUTCOME_UNREACHABLE);
	ch.err = EHOSTUNREACH;
	expect(&ch, "refused", "a firewall, a router or the host answered by ICMP (EHOSTUNREACH)");
	ch = handshake(ROLE_CLIENT, OUTCOME_NO_ROUTE);
	ch.err = ENETUNREACH;
	expect(&ch, "no_route", "this host has no route to that address (ENETUNREACH)");
	ch.handshake.outcome = OUTCOME_FAILED;
	ch.err = EACCES;
	expect(&ch, "no_route",
	       "a route forbids that address (prohibit), or it is a broadcast address (EACCES)");
	ch.err = EINVAL;
	expect(&ch, "no_route",
	       "the route to that address is a blackhole, or connect() cannot take the address (EINVAL)");
	ch.err = EPERM;
	expect(&ch, "-", "");
	ch = handshake(ROLE_CLIENT, OUTCOME_NO_PORT);
	expect(&ch, "no_ports", "all local ports to that address are taken");
	ch.handshake.ports_in_time_wait = (struct ports_taken){ 5, 3, ch.owner };
	expect(&ch, "no_ports",
	       "all local ports to that address are taken: 5 are in TIME_WAIT, which this end has because it "
	       "closed first, most of them by curl[4711]");
	ch.handshake.ports_in_time_wait.n_most = 2;
	ch.handshake.ports_open = (struct ports_taken){ 1, 1, ch.owner };
	expect(&ch, "no_ports",
	       "all local ports to that address are taken: 5 are in TIME_WAIT, which this end has because it "
	       "closed first, 2 of them by curl[4711]; 1 by connections that are open, all of them of "
	       "curl[4711]");
	ch.handshake.ports_in_time_wait.n = ch.handshake.ports_open.n_most = 0;
	expect(&ch, "no_ports",
	       "all local ports to that address are taken: 1 by connections that are open");
	ch = handshake(ROLE_CLIENT, OUTCOME_RESET);
	expect(&ch, "peer_reset", "the peer reset it in the handshake");
	ch.role = ROLE_SERVER;
	expect(&ch, "peer_reset",
	       "the peer reset it in the handshake, as scans and health checks do");
	step(&ch, 0, true, SEGMENT_SYN | SEGMENT_ACK, false);
	expect(&ch, "peer_reset",
	       "the peer reset it in the handshake, as scans and health checks do");
	step(&ch, 1 * S, true, SEGMENT_SYN | SEGMENT_ACK, false);
	expect(&ch, "synack_lost",
	       "the peer sent an RST after 2 SYN,ACKs: the first were lost on the way, and it had given up, or it "
	       "never sent that SYN");
}

static void servers(void **state)
{
	struct chapter ch = handshake(ROLE_SERVER, OUTCOME_ESTABLISHED);

	(void)state;
	ch.handshake.accept_ns = known(2100 * MS);
	expect(&ch, "accept_wait", "curl[4711] called accept() only 2.10 s after the handshake");
	ch.handshake.synack_retransmits = known(1);
	step(&ch, 0, true, SEGMENT_SYN | SEGMENT_ACK, false);
	step(&ch, 1030 * MS, true, SEGMENT_SYN | SEGMENT_ACK, false);
	ch.handshake.handshake_ns = known(1050 * MS);
	expect(&ch, "accept_wait", "curl[4711] called accept() only 2.10 s after the handshake");
	ch.handshake.handshake_ns = known(3 * S);
	expect(&ch, "synack_lost",
	       "the SYN,ACK was sent 2 times within 1.03 s before the ACK came: it was lost on the way, or the ACK was");
	ch.handshake.synack_retransmits = known(0);
	ch.handshake.handshake_ns = known(200 * MS);
	ch.handshake.accept_ns = known(0);
	expect(&ch, "slow_network", "the ACK took 200 ms: that is the round trip to the peer");
	ch.handshake.handshake_ns = known(199 * MS);
	expect(&ch, "-", "");
	ch.handshake.syncookie = TRISTATE_YES;
	expect(&ch, "syn_cookie",
	       "the listener's queue of half-open connections was full, so the kernel answered with a SYN cookie");
	ch.handshake.outcome = OUTCOME_DROPPED;
	ch.handshake.drop_reason = DROP_ACCEPT_QUEUE;
	expect(&ch, "queue_full",
	       "the accept queue of curl[4711] is full: it calls accept() too seldom, or its backlog is too small");
	ch.handshake.drop_reason = DROP_SYN_QUEUE;
	expect(&ch, "queue_full",
	       "the listener's queue of half-open connections is full: too many SYNs, or too small a backlog");
	ch.handshake.outcome = OUTCOME_TIMED_OUT;
	expect(&ch, "synack_lost",
	       "no ACK came to 2 SYN,ACKs: they are lost on the way, or nobody sent that SYN (a forged address)");
}

static void open_ones(void **state)
{
	struct chapter ch = close_of(ENDING_UNKNOWN);

	(void)state;
	ch.open = true;
	ch.state = BPF_TCP_CLOSE_WAIT;
	ch.state_ns = known(41 * 60 * S);
	expect(&ch, "app_slow", "curl[4711] has not closed it; the peer has, 41 min ago");
	ch.holder.pid = known(12);
	memcpy(ch.holder.comm, "sleep", 6);
	expect(&ch, "app_slow", "sleep[12] has not closed it; the peer has, 41 min ago");
	ch.accepted = TRISTATE_NO;
	ch.close.queued_ns = ch.state_ns;
	memset(&ch.holder, 0, sizeof(ch.holder));
	expect(&ch, "accept_wait", "curl[4711] has not called accept() for it, for 41 min");
	ch.accepted = TRISTATE_YES;
	ch.state = BPF_TCP_FIN_WAIT2;
	expect(&ch, "peer_slow", "the peer has not closed it; this end has, 41 min ago");
	ch.state = BPF_TCP_FIN_WAIT1;
	ch.close.unacked = known(1);
	expect(&ch, "unsent_data", "data before our FIN is not acknowledged: 1 byte has waited");
	ch.close.unacked_ns = known(12 * S);
	ch.close.unacked = known(3000);
	ch.close.zero_window = TRISTATE_YES;
	expect(&ch, "zero_window",
	       "the peer does not read, its window is closed: 3000 bytes have waited for 12.0 s");
	ch.close.zero_window = TRISTATE_NO;
	ch.state = BPF_TCP_ESTABLISHED;
	ch.close.unacked_retransmits = known(6);
	expect(&ch, "peer_silent",
	       "the peer does not acknowledge data: 3000 bytes have waited for 12.0 s, sent again 6 times");
}

static void slow_closes(void **state)
{
	struct chapter ch = close_of(ENDING_GRACEFUL);

	(void)state;
	ch.close.app_close_ns = known(1 * S);
	expect(&ch, "app_slow", "curl[4711] closed it 1.00 s after the peer");
	ch.close.fin_queued_ns = known(4 * S);
	expect(&ch, "unsent_data", "our FIN waited 4.00 s behind data that could not be sent");
	ch.close.app_close_ns = ch.close.fin_queued_ns = (struct maybe){ 0 };
	ch.close.peer_fin_ns = known(12 * S);
	expect(&ch, "peer_slow", "the peer closed it 12.0 s after this end");
	ch.close.fin_retransmits = known(1);
	expect(&ch, "fin_lost", "our FIN was sent 2 times: it was lost on the way, or its ACK was");
	step(&ch, 0, true, SEGMENT_FIN, true);
	expect(&ch, "not_sent",
	       "the FIN did not leave this host: a firewall rule, a full queue, or no neighbour with that address");
	ch = close_of(ENDING_GRACEFUL);
	ch.close.accept_ns = known(100 * MS);
	expect(&ch, "accept_wait", "curl[4711] called accept() only 100 ms after the handshake");
	ch = close_of(ENDING_HALF_OPEN);
	expect(&ch, "half_open",
	       "the peer's FIN never came, and the kernel gave up waiting for it");
}

static void our_resets(void **state)
{
	struct chapter ch = close_of(ENDING_RESET_SENT);

	(void)state;
	expect(&ch, "-", "");
	ch.close.reset_reason = RESET_UNREAD_DATA;
	ch.close.unread = known(4);
	expect(&ch, "unread_data",
	       "curl[4711] closed before it had read all that came (4 bytes left): the kernel then sends RST instead of FIN");
	ch.close.closer_exit = 9;
	ch.close.closer.pid = known(80);
	memcpy(ch.close.closer.comm, "nginx", 6);
	expect(&ch, "process_ended", "nginx[80] was killed (signal 9)");
	ch.close.closer_exit = CLOSER_EXITED;
	expect(&ch, "process_ended", "nginx[80] ended without closing it");
	ch = close_of(ENDING_RESET_SENT);
	ch.close.reset_reason = RESET_LINGER;
	expect(&ch, "linger", "curl[4711] closed with SO_LINGER and 0 s, which sends RST");
	ch.close.reset_reason = RESET_LINGER2;
	expect(&ch, "linger", "curl[4711] does not wait for the peer's FIN (TCP_LINGER2)");
	ch.close.reset_reason = RESET_DATA_AFTER_CLOSE;
	expect(&ch, "data_after_close", "data came after curl[4711] had closed");
	ch.close.idle_ns = known(5 * S);
	expect(&ch, "idle_reset",
	       "curl[4711] closed after 5.00 s without data, and data of the peer came after that: an idle timeout of "
	       "this end");
	ch.close.sent_last = true;
	expect(&ch, "data_after_close",
	       "curl[4711] closed 5.00 s after it had sent data, and the answer came after that: it did not wait "
	       "for it");
	ch.close.sent_last = false;
	ch.close.reset_reason = RESET_DISCONNECT;
	expect(&ch, "disconnected", "curl[4711] disconnected the socket (connect() to AF_UNSPEC)");
	ch.close.reset_reason = RESET_LISTENER_CLOSED;
	ch.accepted = TRISTATE_NO;
	expect(&ch, "listener_closed",
	       "curl[4711] closed its listener while the connection waited for accept()");
	ch.close.reset_reason = RESET_MEMORY;
	ch.accepted = TRISTATE_YES;
	expect(&ch, "no_memory", "TCP is short of memory (net.ipv4.tcp_mem, tcp_max_orphans)");
	ch.close.reset_reason = RESET_KILLED;
	expect(&ch, "killed", "the socket was killed, as ss -K does");
	ch.close.reset_reason = RESET_KEEPALIVE;
	expect(&ch, "keepalive",
	       "the peer stopped answering: keepalive probes, or data for as long as TCP_USER_TIMEOUT");
	ch.close.reset_reason = RESET_FIN_TIMEOUT;
	expect(&ch, "half_open",
	       "the peer's FIN never came, and the kernel gave up waiting for it");
}

static void peers_resets(void **state)
{
	struct chapter ch = close_of(ENDING_RESET_RECEIVED);

	(void)state;
	ch.close.idle_ns = known(5 * S);
	ch.close.silent_ns = known(999 * MS);
	ch.close.first_closer = CLOSER_NONE;
	expect(&ch, "peer_reset", "the peer sent an RST");
	ch.close.first_closer = CLOSER_LOCAL;
	expect(&ch, "peer_reset", "the peer sent an RST instead of a FIN");
	ch.close.first_closer = CLOSER_REMOTE;
	expect(&ch, "peer_reset",
	       "the peer sent an RST after its FIN: it had closed, and data of this end came after that");
	ch.close.silent_ns = known(60 * S);
	ch.close.first_closer = CLOSER_LOCAL;
	expect(&ch, "peer_reset", "the peer sent an RST instead of a FIN");
	ch.close.first_closer = CLOSER_REMOTE;
	expect(&ch, "idle_reset",
	       "data was sent after 1 min of silence, just when the peer closed: an idle timeout of the peer");
	ch.close.first_closer = CLOSER_NONE;
	expect(&ch, "idle_reset",
	       "the peer reset it on the first data after 1 min of silence: an idle timeout of the peer, or of a "
	       "firewall or NAT between");
	ch = close_of(ENDING_TIMED_OUT);
	ch.close.retransmits = known(15);
	expect(&ch, "retransmit_timeout",
	       "the peer no longer acknowledged data, sent again 15 times");
	ch.close.retransmits = known(0);
	expect(&ch, "keepalive",
	       "the peer stopped answering: keepalive probes, or data for as long as TCP_USER_TIMEOUT");
	ch = close_of(ENDING_ABORTED);
	expect(&ch, "killed", "the socket was killed, as ss -K does");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary),   cmocka_unit_test(lost_syns),
		cmocka_unit_test(unanswered), cmocka_unit_test(many_syns),
		cmocka_unit_test(failed),     cmocka_unit_test(servers),
		cmocka_unit_test(open_ones),  cmocka_unit_test(slow_closes),
		cmocka_unit_test(our_resets), cmocka_unit_test(peers_resets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

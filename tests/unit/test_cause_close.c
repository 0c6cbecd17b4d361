// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Each rule of cause_close.c: what just makes it apply, what just does not, and the sentence. */
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "caused.h"

static void open_ones(void **state)
{
	struct chapter ch = caused_close(ENDING_UNKNOWN);

	(void)state;
	ch.open = true;
	ch.state = BPF_TCP_CLOSE_WAIT;
	ch.state_ns = known(41 * 60 * S);
	caused_expect(&ch, "app_slow", "curl[4711] has not closed it; the peer has, 41 min ago");
	ch.holder.pid = known(12);
	memcpy(ch.holder.comm, "sleep", 6);
	caused_expect(&ch, "app_slow", "sleep[12] has not closed it; the peer has, 41 min ago");
	ch.accepted = TRISTATE_NO;
	ch.close.queued_ns = ch.state_ns;
	memset(&ch.holder, 0, sizeof(ch.holder));
	caused_expect(&ch, "accept_wait", "curl[4711] has not called accept() for it, for 41 min");
	ch.accepted = TRISTATE_YES;
	ch.state = BPF_TCP_FIN_WAIT2;
	caused_expect(&ch, "peer_slow", "the peer has not closed it; this end has, 41 min ago");
	ch.state = BPF_TCP_FIN_WAIT1;
	ch.close.unacked = known(1);
	caused_expect(&ch, "unsent_data",
		      "data before our FIN is not acknowledged: 1 byte has waited");
	ch.close.unacked_ns = known(12 * S);
	ch.close.unacked = known(3000);
	ch.close.zero_window = TRISTATE_YES;
	caused_expect(
		&ch, "zero_window",
		"the peer does not read, its window is closed: 3000 bytes have waited for 12.0 s");
	ch.close.zero_window = TRISTATE_NO;
	ch.state = BPF_TCP_ESTABLISHED;
	ch.close.unacked_retransmits = known(6);
	caused_expect(
		&ch, "peer_silent",
		"the peer does not acknowledge data: 3000 bytes have waited for 12.0 s, sent again 6 times");
}

static void slow_closes(void **state)
{
	struct chapter ch = caused_close(ENDING_GRACEFUL);

	(void)state;
	ch.close.app_close_ns = known(1 * S);
	caused_expect(&ch, "app_slow", "curl[4711] closed it 1.00 s after the peer");
	ch.close.fin_queued_ns = known(4 * S);
	ch.close.fin_behind_data = true;
	caused_expect(&ch, "unsent_data",
		      "our FIN waited 4.00 s behind data that could not be sent");
	ch.close.app_close_ns = ch.close.fin_queued_ns = (struct maybe){ 0 };
	ch.close.peer_fin_ns = known(12 * S);
	caused_expect(&ch, "peer_slow", "the peer closed it 12.0 s after this end");
	ch.close.fin_retransmits = known(1);
	caused_expect(&ch, "fin_lost",
		      "our FIN was sent 2 times: it was lost on the way, or its ACK was");
	caused_step(&ch, 0, true, SEGMENT_FIN, true);
	caused_expect(
		&ch, "not_sent",
		"the FIN did not leave this host: a firewall rule, a full queue, or no neighbour with that address");
	/* no data kept it back, whatever was before it */
	ch.close.fin_queued_ns = known(3 * S);
	caused_expect(
		&ch, "not_sent",
		"the FIN did not leave this host: a firewall rule, a full queue, or no neighbour with that address");
	ch = caused_close(ENDING_GRACEFUL);
	ch.close.fin_queued_ns = known(3 * S);
	caused_expect(&ch, "-", "");
	ch.close.accept_ns = known(100 * MS);
	caused_expect(&ch, "accept_wait",
		      "curl[4711] called accept() only 100 ms after the handshake");
	ch = caused_close(ENDING_HALF_OPEN);
	caused_expect(&ch, "half_open",
		      "the peer's FIN never came, and the kernel gave up waiting for it");
}

static void our_resets(void **state)
{
	struct chapter ch = caused_close(ENDING_RESET_SENT);

	(void)state;
	caused_expect(&ch, "-", "");
	ch.close.reset_reason = RESET_UNREAD_DATA;
	ch.close.unread = known(4);
	caused_expect(
		&ch, "unread_data",
		"curl[4711] closed before it had read all that came (4 bytes left): the kernel then sends RST instead of FIN");
	ch.close.closer_exit = 9;
	ch.close.closer.pid = known(80);
	memcpy(ch.close.closer.comm, "nginx", 6);
	caused_expect(&ch, "process_ended", "nginx[80] was killed (signal 9)");
	ch.close.closer_exit = CLOSER_EXITED;
	caused_expect(&ch, "process_ended", "nginx[80] ended without closing it");
	ch = caused_close(ENDING_RESET_SENT);
	ch.close.reset_reason = RESET_LINGER;
	caused_expect(&ch, "linger", "curl[4711] closed with SO_LINGER and 0 s, which sends RST");
	ch.close.reset_reason = RESET_LINGER2;
	caused_expect(&ch, "linger", "curl[4711] does not wait for the peer's FIN (TCP_LINGER2)");
	ch.close.reset_reason = RESET_DATA_AFTER_CLOSE;
	caused_expect(&ch, "data_after_close", "data came after curl[4711] had closed");
	ch.close.idle_ns = known(5 * S);
	caused_expect(
		&ch, "idle_reset",
		"curl[4711] closed after 5.00 s without data, and data of the peer came after that: an idle timeout of "
		"this end");
	ch.close.sent_last = true;
	caused_expect(
		&ch, "data_after_close",
		"curl[4711] closed 5.00 s after it had sent data, and the answer came after that: it did not wait "
		"for it");
	ch.close.sent_last = false;
	ch.close.reset_reason = RESET_DISCONNECT;
	caused_expect(&ch, "disconnected",
		      "curl[4711] disconnected the socket (connect() to AF_UNSPEC)");
	ch.close.reset_reason = RESET_LISTENER_CLOSED;
	ch.accepted = TRISTATE_NO;
	caused_expect(&ch, "listener_closed",
		      "curl[4711] closed its listener while the connection waited for accept()");
	ch.close.reset_reason = RESET_MEMORY;
	ch.accepted = TRISTATE_YES;
	caused_expect(&ch, "no_memory",
		      "TCP is short of memory (net.ipv4.tcp_mem, tcp_max_orphans)");
	ch.close.reset_reason = RESET_KILLED;
	caused_expect(&ch, "killed", "the socket was killed, as ss -K does");
	ch.close.reset_reason = RESET_KEEPALIVE;
	caused_expect(
		&ch, "keepalive",
		"the peer stopped answering: keepalive probes, or data for as long as TCP_USER_TIMEOUT");
	ch.close.reset_reason = RESET_FIN_TIMEOUT;
	caused_expect(&ch, "half_open",
		      "the peer's FIN never came, and the kernel gave up waiting for it");
}

static void peers_resets(void **state)
{
	struct chapter ch = caused_close(ENDING_RESET_RECEIVED);

	(void)state;
	ch.close.idle_ns = known(5 * S);
	ch.close.silent_ns = known(999 * MS);
	ch.close.first_closer = CLOSER_NONE;
	caused_expect(&ch, "peer_reset", "the peer sent an RST");
	ch.close.first_closer = CLOSER_LOCAL;
	caused_expect(&ch, "peer_reset", "the peer sent an RST instead of a FIN");
	ch.close.first_closer = CLOSER_REMOTE;
	caused_expect(
		&ch, "peer_reset",
		"the peer sent an RST after its FIN: it had closed, and data of this end came after that");
	ch.close.silent_ns = known(60 * S);
	ch.close.first_closer = CLOSER_LOCAL;
	caused_expect(&ch, "peer_reset", "the peer sent an RST instead of a FIN");
	ch.close.first_closer = CLOSER_REMOTE;
	caused_expect(
		&ch, "idle_reset",
		"data was sent after 1 min of silence, just when the peer closed: an idle timeout of the peer");
	ch.close.first_closer = CLOSER_NONE;
	caused_expect(
		&ch, "idle_reset",
		"the peer reset it on the first data after 1 min of silence: an idle timeout of the peer, or of a "
		"firewall or NAT between");
	ch = caused_close(ENDING_TIMED_OUT);
	ch.close.retransmits = known(15);
	caused_expect(&ch, "retransmit_timeout",
		      "the peer no longer acknowledged data, sent again 15 times");
	ch.close.retransmits = known(0);
	caused_expect(
		&ch, "keepalive",
		"the peer stopped answering: keepalive probes, or data for as long as TCP_USER_TIMEOUT");
	ch = caused_close(ENDING_ABORTED);
	caused_expect(&ch, "killed", "the socket was killed, as ss -K does");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_ones),
		cmocka_unit_test(slow_closes),
		cmocka_unit_test(our_resets),
		cmocka_unit_test(peers_resets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

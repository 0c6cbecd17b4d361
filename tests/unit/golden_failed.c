// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Golden cases of connections that fail, time out or are reset. */
#include <errno.h>

#include "golden_cases.h"

/* Refused, out of local ports, unreachable by ICMP, and given up by the application. */
void case_failed(struct poster *p)
{
	static const struct {
		uint64_t after_ns;
		int err, err_soft;
		uint32_t more;
	} ways[] = {
		{ 20031 * US, ECONNREFUSED, 0, CLOSE_RST_RECEIVED },
		{ 3 * US, 0, 0, 0 },
		{ 3072 * MS, EHOSTUNREACH, EHOSTUNREACH, 0 },
		{ 250 * MS, 0, 0, 0 },
	};
	struct flow f;

	for (unsigned int i = 0; i < 4; i++) {
		flow_begin(&f, ROLE_CLIENT);
		golden_number(&f, i + 1);
		flow_wait(&f, i * MS);
		flow_syn(&f);
		if (i == 1) {
			f.r.h.flags |= HANDSHAKE_NO_PORT;
			f.r.h.local_port = 0;
		}
		flow_wait(&f, ways[i].after_ns);
		flow_died(&f, ways[i].err, ways[i].err_soft, ways[i].more);
		post_handshake(p, &f);
	}
	post_counts(p, 0, 0);
}

/* No answer: six more SYNs, the default of net.ipv4.tcp_syn_retries. */
void case_timed_out(struct poster *p)
{
	struct flow f;

	flow_begin(&f, ROLE_CLIENT);
	flow_addresses(&f, "2001:db8::1", 40000, "2001:db8::2", 443);
	flow_syn(&f);
	for (unsigned int i = 0; i < 6; i++) {
		flow_wait(&f, (S << i) + 17 * MS);
		flow_syn_again(&f);
	}
	flow_wait(&f, (S << 6) + 17 * MS);
	flow_died(&f, ETIMEDOUT, 0, 0);
	post_handshake(p, &f);
	post_counts(p, 0, 0);
}

void case_half_open(struct poster *p)
{
	struct flow f;

	flow_open(&f, ROLE_CLIENT);
	post_handshake(p, &f);
	flow_data(&f, 100, 200);
	f.now_ns = BEGIN_NS + S;
	flow_fin(&f, 0);
	flow_wait(&f, 20 * MS);
	flow_fin_acked(&f);
	flow_minisocket(&f, 60 * S);
	flow_minisocket_expired(&f);
	post_close(p, &f);
	post_counts(p, 0, 0);
}

/*
 * RSTs: received in ESTABLISHED and in CLOSE_WAIT, sent by close() with unread data, keepalive,
 * `ss -K`.
 */
void case_resets(struct poster *p)
{
	static const struct {
		enum role role;
		bool peer_fin;
		int err;
		uint32_t more;
	} ways[] = {
		{ ROLE_CLIENT, false, ECONNRESET, CLOSE_RST_RECEIVED },
		{ ROLE_CLIENT, true, EPIPE, CLOSE_RST_RECEIVED },
		{ ROLE_SERVER, false, 0, 0 },
		{ ROLE_CLIENT, false, ETIMEDOUT, CLOSE_RST_SENT },
		{ ROLE_CLIENT, false, ECONNABORTED, CLOSE_RST_SENT },
	};
	struct flow f;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		flow_open(&f, ways[i].role);
		golden_number(&f, i + 1);
		post_handshake(p, &f);
		flow_data(&f, 100, 200);
		f.now_ns = BEGIN_NS + S + i * MS;
		if (ways[i].peer_fin) {
			flow_peer_fin(&f);
			flow_wait(&f, 40 * US);
			flow_ack_sent(&f);
			flow_wait(&f, 30 * MS);
		}
		if (!ways[i].err) {
			f.r.c.reset_reason = RESET_UNREAD_DATA;
			f.r.c.unread = 4;
		}
		flow_died(&f, ways[i].err, 0, ways[i].more);
		post_close(p, &f);
	}
	/*
	 * and sent to a half-open peer, which answers the first SYN with an ACK of an older
	 * connection
	 */
	flow_begin(&f, ROLE_CLIENT);
	golden_number(&f, i + 1);
	flow_syn(&f);
	f.r.h.flags |= HANDSHAKE_RST_SENT;
	flow_wait(&f, 8 * MS);
	flow_syn_again(&f);
	flow_wait(&f, 20 * MS);
	flow_established(&f, 0);
	post_handshake(p, &f);
	flow_fin(&f, 0);
	flow_wait(&f, 20 * MS);
	flow_fin_acked(&f);
	flow_peer_fin(&f);
	post_close(p, &f);
	post_counts(p, 0, 0);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Golden cases with a FIN from each side; the times and numbers of the first four are from
 * captures.
 */
#include <errno.h>

#include "golden_cases.h"

/*
 * A client that closes first.  The capture at its end has: FIN,ACK seq 3343 ack 4478 at
 * 195.942889 s; ACK 4478/3344 at .978909; FIN,ACK 4478/3344 at .980874; ACK 3344/4479 at .980942;
 * iRTT 44.892 ms; absolute sequence numbers of the FINs 1409613353 and 3908234668.
 */
#define SSH_ISS (1409613353U - 3343)
#define SSH_IRS (3908234668U - 4478)

void case_ssh_client(struct poster *p)
{
	struct flow f;

	flow_begin(&f, ROLE_CLIENT);
	flow_addresses(&f, "192.168.139.29", 63164, "110.42.175.115", 22);
	flow_numbers(&f, SSH_ISS, SSH_IRS);
	owner_set(&f.r.h.owner, 4821, "ssh");
	flow_syn(&f);
	flow_wait(&f, 44892 * US);
	flow_established(&f, 44890);
	post_handshake(p, &f);
	flow_data(&f, 3342, 4477);
	/* close() is called shortly before its FIN leaves */
	f.now_ns = BEGIN_NS + 195942889 * US - 2 * US;
	f.fin_left_ns = f.now_ns + 2 * US;
	flow_fin(&f, 0);
	f.now_ns = BEGIN_NS + 195978909 * US;
	flow_fin_acked(&f);
	flow_minisocket(&f, 60 * S);
	f.now_ns = BEGIN_NS + 195980874 * US;
	flow_minisocket_fin(&f);
	post_close(p, &f);
	post_counts(p, 0, 0);
}

/* The server's end of it: a forked child closes, 1.965 ms after the kernel's ACK. */
void case_ssh_server(struct poster *p)
{
	struct flow f;

	flow_begin(&f, ROLE_SERVER);
	flow_addresses(&f, "110.42.175.115", 22, "192.168.139.29", 63164);
	flow_numbers(&f, SSH_IRS, SSH_ISS);
	owner_set(&f.r.h.owner, 812, "sshd");
	flow_wait(&f, 44892 * US);
	flow_established(&f, 44871);
	flow_wait(&f, 55 * US);
	flow_accepted(&f, 812, "sshd");
	post_handshake(p, &f);
	flow_data(&f, 4477, 3342);
	f.now_ns = BEGIN_NS + 195960899 * US;
	flow_peer_fin(&f);
	flow_wait(&f, 4 * US);
	flow_ack_sent(&f);
	flow_wait(&f, 1965 * US);
	flow_fin(&f, 0);
	owner_set(&f.r.c.closer, 20417, "sshd");
	flow_wait(&f, 36088 * US);
	flow_last_ack(&f);
	post_close(p, &f);
	post_counts(p, 0, 0);
}

/*
 * An IPv6 server that closes first.  The capture at the client's end has: FIN,ACK seq 538 ack 113
 * at 0.251466 s; ACK 113/539 at .251572; FIN,ACK 113/539 at .251773; ACK 539/114 at .377119.  The
 * absolute sequence numbers are invented: the server's wrap around 2^32.
 */
#define HTTP_SERVER "2a01:111:2003::52"
#define HTTP_CLIENT "240e:45d:ac30:296:fd26:30f5:4e8f:6da6"
#define HTTP_ISS (UINT32_MAX - 299)
#define HTTP_IRS 2718281828U

void case_http_server(struct poster *p)
{
	struct flow f;

	flow_begin(&f, ROLE_SERVER);
	flow_addresses(&f, HTTP_SERVER, 80, HTTP_CLIENT, 64455);
	flow_numbers(&f, HTTP_ISS, HTTP_IRS);
	flow_wait(&f, 125440 * US);
	flow_established(&f, 125440);
	flow_wait(&f, 61 * US);
	flow_accepted(&f, 80, "nginx");
	post_handshake(p, &f);
	flow_data(&f, 537, 112);
	f.now_ns = BEGIN_NS + 251466 * US;
	flow_fin(&f, 0);
	/* the round trip, and the client's own time before each of its segments */
	flow_wait(&f, 125346 * US + 106 * US);
	flow_fin_acked(&f);
	flow_wait(&f, 201 * US);
	flow_peer_fin(&f);
	post_close(p, &f);
	post_counts(p, 0, 0);
}

void case_http_client(struct poster *p)
{
	struct flow f;

	flow_begin(&f, ROLE_CLIENT);
	flow_addresses(&f, HTTP_CLIENT, 64455, HTTP_SERVER, 80);
	flow_numbers(&f, HTTP_IRS, HTTP_ISS);
	flow_syn(&f);
	flow_wait(&f, 125580 * US);
	flow_established(&f, 125570);
	post_handshake(p, &f);
	flow_data(&f, 112, 537);
	f.now_ns = BEGIN_NS + 251466 * US;
	flow_peer_fin(&f);
	flow_wait(&f, 106 * US);
	flow_ack_sent(&f);
	flow_wait(&f, 201 * US);
	flow_fin(&f, 0);
	flow_wait(&f, 125346 * US);
	flow_last_ack(&f);
	post_close(p, &f);
	post_counts(p, 0, 0);
}

/* The FINs cross; ours is lost and sent again. */
void case_simultaneous(struct poster *p)
{
	struct flow f;

	flow_open(&f, ROLE_CLIENT);
	post_handshake(p, &f);
	flow_data(&f, 100, 200);
	f.now_ns = BEGIN_NS + S;
	flow_fin(&f, 0);
	flow_wait(&f, 8 * MS);
	flow_peer_fin(&f);
	flow_wait(&f, 212 * MS);
	f.fin_left_ns = f.now_ns;
	flow_fin_again(&f);
	flow_wait(&f, 20 * MS);
	flow_last_ack(&f);
	post_close(p, &f);
	post_counts(p, 0, 0);
}

/* The peer keeps its half open for 12.5 s after our close(). */
void case_slow_peer(struct poster *p)
{
	struct flow f;

	flow_open(&f, ROLE_CLIENT);
	post_handshake(p, &f);
	flow_data(&f, 48211, 200);
	f.now_ns = BEGIN_NS + 2 * S;
	/* unsent data holds the FIN back for 31 ms */
	flow_fin(&f, CLOSE_FIN_BEHIND_DATA | CLOSE_DATA_OUTSTANDING);
	f.fin_left_ns = f.now_ns + 31 * MS;
	flow_wait(&f, 51 * MS);
	flow_fin_acked(&f);
	flow_minisocket(&f, 60 * S);
	flow_wait(&f, 12500 * MS);
	flow_minisocket_fin(&f);
	post_close(p, &f);
	post_counts(p, 0, 0);
}

/* FIN; FIN,ACK; ACK: both ends of one loopback connection. */
void case_three_segments(struct poster *p)
{
	struct flow c, s;

	flow_open(&c, ROLE_CLIENT);
	flow_open(&s, ROLE_SERVER);
	s.r.h.conn = 2;
	s.r.h.cookie++;
	flow_numbers(&s, 5000, 1000);
	post_handshake(p, &c);
	post_handshake(p, &s);
	flow_data(&c, 100, 200);
	flow_data(&s, 200, 100);
	c.now_ns = BEGIN_NS + S;
	s.now_ns = c.now_ns + 10 * US;
	flow_fin(&c, 0);
	flow_peer_fin(&s);
	flow_wait(&s, 25 * US);
	flow_fin(&s, CLOSE_ACK_PENDING);
	c.now_ns = s.now_ns + 8 * US;
	flow_peer_fin_ack(&c);
	flow_wait(&s, 20 * US);
	flow_last_ack(&s);
	post_close(p, &c);
	post_close(p, &s);
	post_counts(p, 0, 0);
}

/* The SYN,ACK is lost, accept() comes late, and a child with another name closes. */
void case_forked_server(struct poster *p)
{
	struct flow f;

	flow_begin(&f, ROLE_SERVER);
	f.r.h.sent_ns = f.now_ns;
	owner_set(&f.r.h.owner, 100, "inetd");
	flow_wait(&f, S);
	diary_handshake_step(&f.r, f.now_ns, BPF_TCP_NEW_SYN_RECV, BPF_TCP_NEW_SYN_RECV,
			     STEP_RETRANSMIT);
	f.r.h.retransmits = 1;
	flow_wait(&f, 20 * MS);
	flow_established(&f, 20000);
	/* posted after a second in the accept queue, with the listener's owner */
	post_handshake(p, &f);
	flow_wait(&f, 2500 * MS);
	flow_accepted(&f, 100, "inetd");
	f.r.h.accept_fate = ACCEPT_LATE;
	flow_data(&f, 15000, 100);
	flow_wait(&f, 3 * S);
	flow_peer_fin(&f);
	flow_wait(&f, 40 * US);
	flow_ack_sent(&f);
	flow_wait(&f, 700 * MS);
	flow_fin(&f, 0);
	owner_set(&f.r.c.closer, 101, "fingerd");
	flow_wait(&f, 20 * MS);
	flow_last_ack(&f);
	post_close(p, &f);
	post_counts(p, 0, 0);
}

/*
 * Everything as wide as it gets: addresses, numbers, a name of which each byte is escaped,
 * retransmissions of each segment of ours, times of weeks.
 */
void case_widest(struct poster *p)
{
	static const char comm[] = "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17";
	struct flow f;

	flow_begin(&f, ROLE_SERVER);
	f.r.h.conn = UINT64_MAX;
	flow_addresses(&f, "2001:db80:1111:2222:3333:4444:5555:6666", 55555,
		       "fd00:aaaa:bbbb:cccc:dddd:eeee:ffff:9999", 65535);
	flow_numbers(&f, UINT32_MAX - 9, UINT32_MAX - 1009);
	owner_set(&f.r.h.owner, UINT32_MAX, comm);
	f.r.h.sent_ns = f.now_ns;
	for (unsigned int i = 0; i < 3; i++) {
		flow_wait(&f, S << i);
		diary_handshake_step(&f.r, f.now_ns, BPF_TCP_NEW_SYN_RECV, BPF_TCP_NEW_SYN_RECV,
				     STEP_RETRANSMIT);
		f.r.h.retransmits++;
	}
	flow_wait(&f, 20 * MS);
	flow_established(&f, 20000);
	flow_wait(&f, 30 * US);
	flow_accepted(&f, UINT32_MAX, comm);
	post_handshake(p, &f);
	flow_wait(&f, S);
	flow_peer_fin(&f);
	flow_wait(&f, 40 * US);
	flow_ack_sent(&f);
	flow_wait(&f, 50 * 86400 * S);
	flow_fin(&f, 0);
	owner_set(&f.r.c.closer, UINT32_MAX - 1, comm);
	for (unsigned int i = 0; i < 2; i++) {
		flow_wait(&f, 200 * MS);
		f.fin_left_ns = f.now_ns;
		flow_fin_again(&f);
	}
	flow_wait(&f, 20 * MS);
	flow_last_ack(&f);
	post_close(p, &f);
	post_counts(p, 0, 0);
}

/* A state change that was not seen; an ACK without a time, and a FIN that is never answered. */
void case_unseen(struct poster *p)
{
	struct flow f;

	flow_open(&f, ROLE_CLIENT);
	f.r.h.flags |= HANDSHAKE_POSTED;
	flow_fin(&f, 0);
	flow_wait(&f, 30 * MS);
	f.r.h.state = BPF_TCP_FIN_WAIT2;
	f.r.c.flags |= CLOSE_EVENTS_LOST | CLOSE_LOCAL_FIN_ACKED | CLOSE_LOCAL_FIN_LEFT;
	flow_peer_fin(&f);
	post_close(p, &f);

	flow_open(&f, ROLE_SERVER);
	f.r.h.conn = 2;
	f.r.h.flags |= HANDSHAKE_POSTED;
	flow_peer_fin(&f);
	flow_wait(&f, 700 * MS);
	flow_fin(&f, 0);
	for (unsigned int i = 0; i < 3; i++) {
		flow_wait(&f, (200 * MS) << i);
		flow_fin_again(&f);
	}
	flow_wait(&f, 1600 * MS);
	flow_died(&f, ETIMEDOUT, 0, 0);
	post_close(p, &f);
	post_counts(p, 1, 0);
}

/*
 * The same addresses and ports on two links; one whose interface has no name any more; a VRF; the
 * longest name.
 */
void case_two_links(struct poster *p)
{
	static const struct {
		const char *local, *remote, *ifname;
	} links[] = {
		{ "fe80::a", "fe80::b", "eth0" },
		{ "fe80::a", "fe80::b", "eth1" },
		{ "fe80::a", "fe80::b", "" },
		{ "10.0.0.1", "10.0.0.2", "red" },
		{ "169.254.0.1", "169.254.0.2", "\033[2J" },
		{ "2a01:1111:2003:4444:5555:6666:7777:8888", "fd00::1", "enp133s0f1np1.7" },
	};
	struct flow f;

	for (unsigned int i = 0; i < sizeof(links) / sizeof(*links); i++) {
		flow_open(&f, ROLE_CLIENT);
		golden_number(&f, i + 1);
		flow_addresses(&f, links[i].local, 40000, links[i].remote, 179);
		flow_interface(&f, 3 + i, links[i].ifname);
		post_handshake(p, &f);
		f.r.h.flags |= HANDSHAKE_POSTED;
		flow_wait(&f, S);
		flow_fin(&f, 0);
		flow_wait(&f, 20 * MS);
		flow_fin_acked(&f);
		flow_wait(&f, (500 + 400 * i) * MS);
		flow_peer_fin(&f);
		post_close(p, &f);
	}
	post_counts(p, 0, 0);
}

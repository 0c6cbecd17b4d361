// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Golden cases with both ends of each connection, over a link of 20 ms each way. */
#include <errno.h>

#include "golden_cases.h"

#define WAY (20 * MS)

/* The client's end, and the server's with its numbers mirrored. */
static void begin_both(struct flow *client, struct flow *server, unsigned int number)
{
	flow_begin(client, ROLE_CLIENT);
	golden_number(client, number);
	flow_begin(server, ROLE_SERVER);
	flow_numbers(server, 5000, 1000);
	golden_number(server, number + 1);
	server->r.h.remote_port = client->r.h.local_port;
	server->r.h.snd_wscale = 9;
	server->r.h.rcv_wscale = 7;
}

/* The SYN was sent `before` earlier: it arrives now, and is answered at once. */
static void establish_both(struct flow *client, struct flow *server)
{
	flow_wait(client, 2 * WAY);
	flow_established(client, client->r.h.retransmits ? 0 : 40000);
	server->r.h.sent_ns = client->now_ns - WAY;
	server->now_ns = client->now_ns + WAY;
	flow_established(server, 40000);
	server->r.h.snd_wscale = client->r.h.rcv_wscale;
	server->r.h.rcv_wscale = client->r.h.snd_wscale;
}

/* The first SYN and the client's first FIN are lost; accept() comes 300 ms after the handshake. */
static void lossy(struct poster *p)
{
	struct flow client, server;

	begin_both(&client, &server, 1);
	flow_syn(&client);
	flow_wait(&client, S);
	flow_syn_again(&client);
	establish_both(&client, &server);
	flow_wait(&server, 300 * MS);
	flow_accepted(&server, 80, "nginx");
	post_handshake(p, &client);
	post_handshake(p, &server);
	flow_data(&client, 100, 200);
	flow_data(&server, 200, 100);
	client.now_ns = server.now_ns + 100 * MS;
	flow_fin(&client, 0);
	flow_wait(&client, 240 * MS);
	flow_fin_again(&client);
	server.now_ns = client.now_ns + WAY;
	flow_peer_fin(&server);
	flow_ack_sent(&server);
	flow_wait(&client, 2 * WAY);
	flow_fin_acked(&client);
	flow_wait(&server, 31 * MS);
	flow_fin(&server, 0);
	client.now_ns = server.now_ns + WAY;
	flow_peer_fin(&client);
	flow_wait(&server, 2 * WAY);
	flow_last_ack(&server);
	post_close(p, &client);
	post_close(p, &server);
}

/* Both close at once: the FINs cross, and so do their ACKs. */
static void crossing(struct poster *p)
{
	struct flow client, server;

	begin_both(&client, &server, 3);
	flow_syn(&client);
	establish_both(&client, &server);
	flow_accepted(&server, 80, "nginx");
	client.now_ns = server.now_ns = BEGIN_NS + S;
	flow_fin(&client, 0);
	flow_wait(&server, 5 * MS);
	flow_fin(&server, 0);
	flow_wait(&client, 5 * MS + WAY);
	flow_peer_fin(&client);
	flow_wait(&server, WAY - 5 * MS);
	flow_peer_fin(&server);
	flow_wait(&client, 15 * MS);
	flow_last_ack(&client);
	flow_wait(&server, 25 * MS);
	flow_last_ack(&server);
	post_close(p, &client);
	post_close(p, &server);
}

/* Nobody listens: an attempt at the server's host. */
static void refused(struct poster *p)
{
	struct flow client, server;

	begin_both(&client, &server, 5);
	flow_syn(&client);
	server.now_ns = client.now_ns + WAY;
	server.r.h.flags |= HANDSHAKE_NO_SOCKET | HANDSHAKE_IRS;
	server.r.h.owner = (struct owner){ 0 };
	diary_handshake_step(&server.r, server.now_ns, BPF_TCP_CLOSE, BPF_TCP_CLOSE,
			     STEP_SYN_RECEIVED);
	diary_handshake_step(&server.r, server.now_ns, BPF_TCP_CLOSE, BPF_TCP_CLOSE, STEP_RST_SENT);
	server.r.h.state = BPF_TCP_CLOSE;
	post_handshake(p, &server);
	client.r.h.flags |= HANDSHAKE_ISS;
	flow_wait(&client, 2 * WAY);
	flow_died(&client, ECONNREFUSED, 0, 0);
	post_handshake(p, &client);
}

/* One end only, among those that have two. */
static void alone(struct poster *p)
{
	struct flow client, server;

	begin_both(&client, &server, 7);
	flow_syn(&client);
	flow_wait(&client, 2 * WAY);
	flow_established(&client, 40000);
	post_handshake(p, &client);
}

void case_both_ends(struct poster *p)
{
	lossy(p);
	crossing(p);
	refused(p);
	alone(p);
	post_counts(p, 0, 0);
}

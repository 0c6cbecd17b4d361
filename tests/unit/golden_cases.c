// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "golden_cases.h"

#include <errno.h>
#include <string.h>

void golden_number(struct flow *f, unsigned int conn)
{
	f->r.h.conn = conn;
	f->r.h.cookie += conn;
	f->r.h.local_port += f->r.h.role == ROLE_CLIENT ? conn - 1 : 0;
}

/* Process names that attack a terminal, JSON or a spreadsheet, or are only unusual. */
static void hostile_comm(struct poster *p)
{
	static const char *const comms[] = {
		"\033[2J\033]0;pwned\a",
		"a\"b',;\\\n2",
		"=cmd|' /C x'!A",
		"\xff\xc3(\x80\xed\xa0\x80",
		("\xe2\x80\xae"
		 "cod.exe"),
		"\xc3\xa9t\xc3\xa9 \xe2\x82\xac",
	};
	struct flow f;

	for (unsigned int i = 0; i < sizeof(comms) / sizeof(*comms); i++) {
		flow_begin(&f, ROLE_CLIENT);
		golden_number(&f, i + 1);
		owner_set(&f.r.h.owner, 666, comms[i]);
		flow_syn(&f);
		flow_wait(&f, 41 * US);
		flow_died(&f, ECONNREFUSED, 0, CLOSE_RST_RECEIVED);
		post_handshake(p, &f);
	}
	post_counts(p, 0, 0);
}

/* Open at the end: a leaked CLOSE_WAIT, a hanging SYN_SENT, a FIN without an ACK, a minisocket. */
static void open_ones(struct poster *p)
{
	const uint64_t now_ns = BEGIN_NS + 100 * S;
	struct flow f;

	post_item(p, ITEM_SNAPSHOT, NULL, 0);
	flow_open(&f, ROLE_SERVER);
	golden_number(&f, 1);
	f.r.h.flags |= HANDSHAKE_POSTED;
	flow_peer_fin(&f);
	f.now_ns = now_ns;
	post_held(p, &f, 81, "logrotate");

	flow_begin(&f, ROLE_CLIENT);
	golden_number(&f, 2);
	flow_syn(&f);
	flow_wait(&f, 1017 * MS);
	flow_syn_again(&f);
	f.r.h.local_port = 0;
	f.now_ns = BEGIN_NS + 1500 * MS;
	post_held(p, &f, 4711, "curl");

	flow_open(&f, ROLE_CLIENT);
	golden_number(&f, 3);
	f.r.h.flags |= HANDSHAKE_POSTED;
	f.now_ns = now_ns - 500 * MS;
	flow_fin(&f, 0);
	flow_wait(&f, 221 * MS);
	flow_fin_again(&f);
	f.now_ns = now_ns;
	post_open(p, &f);

	flow_open(&f, ROLE_CLIENT);
	golden_number(&f, 4);
	f.r.h.flags |= HANDSHAKE_POSTED;
	f.now_ns = now_ns - 5 * S;
	flow_fin(&f, 0);
	flow_wait(&f, 20 * MS);
	flow_fin_acked(&f);
	flow_minisocket(&f, 60 * S);
	f.now_ns = now_ns;
	post_open(p, &f);
	post_counts(p, 0, 0);
}

/*
 * Older than the trace; a state change not seen, and a handshake inside the close; the table
 * full.
 */
static void incomplete(struct poster *p)
{
	struct flow f;

	flow_begin(&f, ROLE_UNKNOWN);
	f.r.h.state = BPF_TCP_ESTABLISHED;
	f.r.h.flags = HANDSHAKE_BEFORE_TRACE | HANDSHAKE_ESTABLISHED | HANDSHAKE_POSTED;
	flow_data(&f, 100, 200);
	flow_fin(&f, 0);
	flow_wait(&f, 20 * MS);
	flow_fin_acked(&f);
	flow_wait(&f, MS);
	flow_peer_fin(&f);
	post_close(p, &f);

	flow_open(&f, ROLE_CLIENT);
	golden_number(&f, 2);
	flow_data(&f, 100, 200);
	/* our FIN was not seen to leave */
	f.snd_nxt++;
	f.r.c.flags |= CLOSE_LOCAL_FIN_ACKED | CLOSE_LOCAL_FIN_LEFT;
	diary_change(&f.r, f.now_ns + S, BPF_TCP_FIN_WAIT1, BPF_TCP_FIN_WAIT2, STEP_STATE);
	f.now_ns += S + MS;
	flow_peer_fin(&f);
	post_close(p, &f);

	flow_open(&f, ROLE_SERVER);
	golden_number(&f, 3);
	f.r.h.flags |= HANDSHAKE_TABLE_FULL;
	post_handshake(p, &f);
	post_counts(p, 1, 1);
}

/* The state changes of a client, for -o states. */
static void states(struct poster *p)
{
	static const struct {
		uint64_t after_ns;
		uint8_t from, to;
	} changes[] = {
		{ 0, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT },
		{ 20 * MS, BPF_TCP_SYN_SENT, BPF_TCP_ESTABLISHED },
		{ 1500 * MS, BPF_TCP_ESTABLISHED, BPF_TCP_FIN_WAIT1 },
		{ 20017 * US, BPF_TCP_FIN_WAIT1, BPF_TCP_FIN_WAIT2 },
		{ 13 * US, BPF_TCP_FIN_WAIT2, BPF_TCP_CLOSE },
	};
	struct transition tr = { .t_ns = BEGIN_NS, .skaddr = 0xffff8881234567c0, .family = 4 };
	struct flow f;

	flow_begin(&f, ROLE_CLIENT);
	for (unsigned int i = 0; i < 5; i++) {
		tr.t_ns += changes[i].after_ns;
		tr.since_ns = changes[i].after_ns;
		tr.conn = 1;
		memcpy(tr.local, f.r.h.local, 16);
		memcpy(tr.remote, f.r.h.remote, 16);
		memcpy(tr.comm, f.r.h.owner.comm, COMM_LEN);
		tr.pid = f.r.h.owner.pid;
		tr.netns = f.r.h.netns;
		tr.local_port = i ? f.r.h.local_port : 0;
		tr.remote_port = f.r.h.remote_port;
		tr.from = changes[i].from;
		tr.to = changes[i].to;
		post_item(p, ITEM_TRANSITION, &tr, sizeof(tr));
	}
	/* one without an owner, over IPv6, between states that only a newer kernel has */
	flow_addresses(&f, "2a01:111:2003::52", 80, "240e:45d:ac30:296:fd26:30f5:4e8f:6da6", 64455);
	memset(&tr, 0, sizeof(tr));
	tr.t_ns = BEGIN_NS + 2 * S;
	tr.family = 6;
	memcpy(tr.local, f.r.h.local, 16);
	memcpy(tr.remote, f.r.h.remote, 16);
	tr.local_port = 80;
	tr.remote_port = 64455;
	tr.from = 13;
	tr.to = 14;
	post_item(p, ITEM_TRANSITION, &tr, sizeof(tr));
	/* bound to interfaces, of which one has no name any more */
	flow_addresses(&f, "fe80::a", 40000, "fe80::b", 179);
	memcpy(tr.local, f.r.h.local, 16);
	memcpy(tr.remote, f.r.h.remote, 16);
	tr.interface = (struct interface){ .index = 3, .name = "eth0" };
	post_item(p, ITEM_TRANSITION, &tr, sizeof(tr));
	tr.interface = (struct interface){ .index = 3 };
	post_item(p, ITEM_TRANSITION, &tr, sizeof(tr));
	post_counts(p, 0, 0);
}

static void post_listener(struct poster *p, const char *comm, struct item_listener l)
{
	owner_set(&l.owner, 80, comm);
	l.now_ns = BEGIN_NS + 6 * S;
	l.netns = 4026531840;
	l.family = 4;
	l.addr[10] = l.addr[11] = 0xff;
	post_item(p, ITEM_LISTENER, &l, sizeof(l));
}

/* Connections that nobody accepts, and what their listeners say. */
static void listeners(struct poster *p)
{
	struct flow f;

	post_listener(p, "stuck",
		      (struct item_listener){
			      .dropped = 16,
			      .queue = 2,
			      .queue_max = 2,
			      .backlog = 1,
			      .half_open = 3,
			      .port = 8000,
			      .accept_seen = 1,
		      });
	post_listener(p, "slow\033[2J",
		      (struct item_listener){
			      .accepted = 5,
			      .dropped = 1,
			      .queue_max = 129,
			      .backlog = 128,
			      .port = 443,
			      .interface = { .index = 3, .name = "red" },
		      });
	/* not in trouble: for programs only */
	post_listener(p, "nginx",
		      (struct item_listener){
			      .accepted = 5000000000,
			      .queue_max = 7,
			      .backlog = 511,
			      .port = 80,
			      .accept_seen = 1,
		      });
	for (unsigned int i = 0; i < 3; i++) {
		flow_begin(&f, ROLE_SERVER);
		golden_number(&f, i + 1);
		flow_syn(&f);
		flow_wait(&f, 20 * MS);
		flow_established(&f, 20000);
		f.r.h.flags |= HANDSHAKE_POSTED | HANDSHAKE_UNACCEPTED;
		flow_data(&f, 0, 3);
		flow_wait(&f, i ? 4 * S + 987 * MS : 12 * MS);
		if (i == 2) {
			flow_peer_fin(&f);
			flow_wait(&f, 30 * S);
			post_open(p, &f);
		} else {
			flow_died(&f, 0, 0, CLOSE_RST_SENT);
			post_close(p, &f);
		}
	}
	post_counts(p, 0, 0);
}

const struct golden_case golden_cases[] = {
	{ "ssh-client", case_ssh_client },
	{ "ssh-server", case_ssh_server },
	{ "http-server", case_http_server },
	{ "http-client", case_http_client },
	{ "simultaneous", case_simultaneous },
	{ "slow-peer", case_slow_peer },
	{ "three-segments", case_three_segments },
	{ "forked-server", case_forked_server },
	{ "widest", case_widest },
	{ "unseen", case_unseen },
	{ "two-links", case_two_links },
	{ "both-ends", case_both_ends },
	{ "failed", case_failed },
	{ "timed-out", case_timed_out },
	{ "half-open", case_half_open },
	{ "resets", case_resets },
	{ "hostile-comm", hostile_comm },
	{ "open", open_ones },
	{ "stuck", case_stuck },
	{ "older", case_older },
	{ "incomplete", incomplete },
	{ "states", states },
	{ "listeners", listeners },
	{ "attempts", case_attempts },
	{ 0 },
};

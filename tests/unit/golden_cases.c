// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "golden_cases.h"

#include <errno.h>
#include <string.h>

#include "kernel/sweep.h"

void tell_item(struct telling *t, enum item_type type, const void *data, size_t len)
{
	if (!t->err)
		t->err = t->sink(t->ctx, &(struct item){ type, data, len });
}

void tell_handshake(struct telling *t, struct flow *f)
{
	tell_item(t, ITEM_HANDSHAKE, &f->r.h, sizeof(f->r.h));
	f->r.h.flags |= HANDSHAKE_POSTED;
}

void tell_close(struct telling *t, struct flow *f)
{
	tell_item(t, ITEM_CLOSE, &f->r, sizeof(f->r));
}

void tell_open(struct telling *t, const struct flow *f)
{
	struct item_open open;

	memset(&open, 0, sizeof(open));
	open.now_ns = f->now_ns;
	open.record = f->r;
	tell_item(t, ITEM_OPEN, &open, sizeof(open));
}

/* The clock such that the connections begin at 2026-03-01T12:00:00Z, and the path of their cgroup. */
void tell_begin(struct telling *t)
{
	const int64_t offset = 1772366400 * (int64_t)S - (int64_t)BEGIN_NS;
	static const char path[] = "/system.slice/demo.service";
	char cgroup[sizeof(uint64_t) + sizeof(path) - 1];

	tell_item(t, ITEM_CLOCK, &offset, sizeof(offset));
	memcpy(cgroup, &(uint64_t){ 77 }, sizeof(uint64_t));
	memcpy(cgroup + sizeof(uint64_t), path, sizeof(path) - 1);
	tell_item(t, ITEM_CGROUP, cgroup, sizeof(cgroup));
}

void tell_counts(struct telling *t, uint64_t events_lost, uint64_t table_full)
{
	const struct item_counts counts = { events_lost, table_full };

	tell_item(t, ITEM_COUNTS, &counts, sizeof(counts));
}

static void number(struct flow *f, unsigned int conn)
{
	f->r.h.conn = conn;
	f->r.h.cookie += conn;
	f->r.h.local_port += f->r.h.role == ROLE_CLIENT ? conn - 1 : 0;
}

/* Refused, out of ports, unreachable by ICMP, and given up by the application. */
static void failed(struct telling *t)
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
		number(&f, i + 1);
		flow_wait(&f, i * MS);
		flow_syn(&f);
		if (i == 1) {
			f.r.h.flags |= HANDSHAKE_NO_PORT;
			f.r.h.local_port = 0;
		}
		flow_wait(&f, ways[i].after_ns);
		flow_died(&f, ways[i].err, ways[i].err_soft, ways[i].more);
		tell_handshake(t, &f);
	}
	tell_counts(t, 0, 0);
}

/* Nobody answers: net.ipv4.tcp_syn_retries is 6. */
static void timed_out(struct telling *t)
{
	struct flow f;

	flow_begin(&f, ROLE_CLIENT);
	flow_ends(&f, "2001:db8::1", 40000, "2001:db8::2", 443);
	flow_syn(&f);
	for (unsigned int i = 0; i < 6; i++) {
		flow_wait(&f, (S << i) + 17 * MS);
		flow_syn_again(&f);
	}
	flow_wait(&f, (S << 6) + 17 * MS);
	flow_died(&f, ETIMEDOUT, 0, 0);
	tell_handshake(t, &f);
	tell_counts(t, 0, 0);
}

static void half_open(struct telling *t)
{
	struct flow f;

	flow_open(&f, ROLE_CLIENT);
	tell_handshake(t, &f);
	flow_data(&f, 100, 200);
	f.now_ns = BEGIN_NS + S;
	flow_fin(&f, 0);
	flow_wait(&f, 20 * MS);
	flow_fin_acked(&f);
	flow_minisocket(&f, 60 * S);
	flow_minisocket_expired(&f);
	tell_close(t, &f);
	tell_counts(t, 0, 0);
}

/* Received while open and in CLOSE_WAIT, sent by close() with unread data, by keepalive, by `ss -K`. */
static void resets(struct telling *t)
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
		number(&f, i + 1);
		tell_handshake(t, &f);
		flow_data(&f, 100, 200);
		f.now_ns = BEGIN_NS + S + i * MS;
		if (ways[i].peer_fin) {
			flow_peer_fin(&f);
			flow_wait(&f, 40 * US);
			flow_ack_sent(&f);
			flow_wait(&f, 30 * MS);
		}
		flow_died(&f, ways[i].err, 0, ways[i].more);
		tell_close(t, &f);
	}
	/* one more, whose peer answered the first SYN with an ACK of an older connection's */
	flow_begin(&f, ROLE_CLIENT);
	number(&f, i + 1);
	flow_syn(&f);
	f.r.h.flags |= HANDSHAKE_RST_SENT;
	flow_wait(&f, 8 * MS);
	flow_syn_again(&f);
	flow_wait(&f, 20 * MS);
	flow_established(&f, 0);
	tell_handshake(t, &f);
	flow_fin(&f, 0);
	flow_wait(&f, 20 * MS);
	flow_fin_acked(&f);
	flow_peer_fin(&f);
	tell_close(t, &f);
	tell_counts(t, 0, 0);
}

/* What a process may call itself, to a terminal, to JSON and to a spreadsheet. */
static void hostile_comm(struct telling *t)
{
	static const char *const comms[] = {
		"\033[2J\033]0;pwned\a",
		"a\"b',;\\\n2",
		"=cmd|' /C x'!A",
		"\xff\xc3(\x80\xed\xa0\x80",
		"\xe2\x80\xae"
		"cod.exe",
		"\xc3\xa9t\xc3\xa9 \xe2\x82\xac",
	};
	struct flow f;

	for (unsigned int i = 0; i < sizeof(comms) / sizeof(*comms); i++) {
		flow_begin(&f, ROLE_CLIENT);
		number(&f, i + 1);
		owner_set(&f.r.h.owner, 666, comms[i]);
		flow_syn(&f);
		flow_wait(&f, 41 * US);
		flow_died(&f, ECONNREFUSED, 0, CLOSE_RST_RECEIVED);
		tell_handshake(t, &f);
	}
	tell_counts(t, 0, 0);
}

/* At the end: a leaked CLOSE_WAIT, a hanging SYN_SENT, a FIN nobody acknowledges, a minisocket. */
static void open_ones(struct telling *t)
{
	const uint64_t now_ns = BEGIN_NS + 100 * S;
	struct flow f;

	tell_item(t, ITEM_SNAPSHOT, NULL, 0);
	flow_open(&f, ROLE_SERVER);
	number(&f, 1);
	f.r.h.flags |= HANDSHAKE_POSTED;
	flow_peer_fin(&f);
	f.now_ns = now_ns;
	tell_open(t, &f);

	flow_begin(&f, ROLE_CLIENT);
	number(&f, 2);
	flow_syn(&f);
	flow_wait(&f, 1017 * MS);
	flow_syn_again(&f);
	f.r.h.local_port = 0;
	f.now_ns = BEGIN_NS + 1500 * MS;
	tell_open(t, &f);

	flow_open(&f, ROLE_CLIENT);
	number(&f, 3);
	f.r.h.flags |= HANDSHAKE_POSTED;
	f.now_ns = now_ns - 500 * MS;
	flow_fin(&f, 0);
	flow_wait(&f, 221 * MS);
	flow_fin_again(&f);
	f.now_ns = now_ns;
	tell_open(t, &f);

	flow_open(&f, ROLE_CLIENT);
	number(&f, 4);
	f.r.h.flags |= HANDSHAKE_POSTED;
	f.now_ns = now_ns - 5 * S;
	flow_fin(&f, 0);
	flow_wait(&f, 20 * MS);
	flow_fin_acked(&f);
	flow_minisocket(&f, 60 * S);
	f.now_ns = now_ns;
	tell_open(t, &f);
	tell_counts(t, 0, 0);
}

/* Older than the trace; a change not seen; no room in the table; a handshake still inside the close. */
static void incomplete(struct telling *t)
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
	tell_close(t, &f);

	flow_open(&f, ROLE_CLIENT);
	number(&f, 2);
	flow_data(&f, 100, 200);
	f.snd_nxt++; /* our FIN, whose leaving was not seen */
	f.r.c.flags |= CLOSE_LOCAL_FIN_ACKED | CLOSE_LOCAL_FIN_LEFT;
	diary_change(&f.r, f.now_ns + S, BPF_TCP_FIN_WAIT1, BPF_TCP_FIN_WAIT2, STEP_STATE);
	f.now_ns += S + MS;
	flow_peer_fin(&f);
	tell_close(t, &f);

	flow_open(&f, ROLE_SERVER);
	number(&f, 3);
	f.r.h.flags |= HANDSHAKE_TABLE_FULL;
	tell_handshake(t, &f);
	tell_counts(t, 1, 1);
}

/* tcpstates' view of a client. */
static void states(struct telling *t)
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
		tell_item(t, ITEM_TRANSITION, &tr, sizeof(tr));
	}
	/* one of nobody known, over IPv6, between states of a newer kernel */
	flow_ends(&f, "2a01:111:2003::52", 80, "240e:45d:ac30:296:fd26:30f5:4e8f:6da6", 64455);
	memset(&tr, 0, sizeof(tr));
	tr.t_ns = BEGIN_NS + 2 * S;
	tr.family = 6;
	memcpy(tr.local, f.r.h.local, 16);
	memcpy(tr.remote, f.r.h.remote, 16);
	tr.local_port = 80;
	tr.remote_port = 64455;
	tr.from = 13;
	tr.to = 14;
	tell_item(t, ITEM_TRANSITION, &tr, sizeof(tr));
	tell_counts(t, 0, 0);
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
	{ "failed", failed },
	{ "timed-out", timed_out },
	{ "half-open", half_open },
	{ "resets", resets },
	{ "hostile-comm", hostile_comm },
	{ "open", open_ones },
	{ "incomplete", incomplete },
	{ "states", states },
	{ 0 },
};

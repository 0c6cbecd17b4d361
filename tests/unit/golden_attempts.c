// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Golden cases of peers' attempts that make no socket. */
#include <string.h>

#include "golden_cases.h"
#include "shared/config.h"

/* A server's record without an owner. */
static void attempt_begin(struct flow *f, unsigned int number)
{
	flow_begin(f, ROLE_SERVER);
	golden_number(f, number);
	memset(&f->r.h.owner, 0, sizeof(f->r.h.owner));
	f->r.h.cookie = 0;
	f->r.h.irs = 1000 * number;
	f->r.h.flags |= HANDSHAKE_NO_SOCKET | HANDSHAKE_IRS;
}

static void attempt_step(struct flow *f, uint8_t from, uint8_t to, enum step_kind kind)
{
	diary_handshake_step(&f->r, f->now_ns, from, to, kind);
	f->r.h.state = to;
}

static void post_counted(struct poster *p, struct item_counted c)
{
	c.now_ns = BEGIN_NS + 2 * S;
	post_item(p, ITEM_COUNTED, &c, sizeof(c));
}

static void refused(struct poster *p, unsigned int number)
{
	struct flow f;

	attempt_begin(&f, number);
	attempt_step(&f, BPF_TCP_CLOSE, BPF_TCP_CLOSE, STEP_SYN_RECEIVED);
	attempt_step(&f, BPF_TCP_CLOSE, BPF_TCP_CLOSE, STEP_RST_SENT);
	post_handshake(p, &f);
}

/* The SYN,ACK and its retransmissions, at 1, 3, 7 ... s. */
static void request_begin(struct flow *f, unsigned int number, unsigned int retransmits)
{
	attempt_begin(f, number);
	f->r.h.iss = 500 * number;
	f->r.h.flags |= HANDSHAKE_ISS;
	f->r.h.sent_ns = f->now_ns;
	f->r.h.retransmits = (__u16)retransmits;
	f->r.h.state = BPF_TCP_NEW_SYN_RECV;
	for (unsigned int i = 0; i < retransmits; i++) {
		flow_wait(f, S << i);
		attempt_step(f, BPF_TCP_NEW_SYN_RECV, BPF_TCP_NEW_SYN_RECV, STEP_RETRANSMIT);
	}
}

static void half_open(struct poster *p)
{
	static const enum step_kind ends[] = { STEP_EXPIRED, STEP_RST_RECEIVED, STEP_DROPPED };
	struct flow f;

	for (unsigned int i = 0; i < 3; i++) {
		request_begin(&f, 2 + i, 5);
		flow_wait(&f, 32 * S);
		attempt_step(&f, BPF_TCP_NEW_SYN_RECV, BPF_TCP_CLOSE, ends[i]);
		post_handshake(p, &f);
	}
	/* a SYN scan, of which only the RST was seen */
	attempt_begin(&f, 5);
	f.r.h.flags &= ~HANDSHAKE_IRS;
	attempt_step(&f, BPF_TCP_NEW_SYN_RECV, BPF_TCP_CLOSE, STEP_RST_RECEIVED);
	post_handshake(p, &f);
	/* dropped at once */
	attempt_begin(&f, 7);
	f.r.h.flags |= HANDSHAKE_SYN_QUEUE;
	attempt_step(&f, BPF_TCP_LISTEN, BPF_TCP_LISTEN, STEP_DROPPED);
	f.r.h.state = BPF_TCP_CLOSE;
	post_handshake(p, &f);
	request_begin(&f, 6, 2);
	post_open(p, &f);
}

void case_attempts(struct poster *p)
{
	refused(p, 1);
	half_open(p);
	post_counted(p, (struct item_counted){
				.n = 53211, .netns = 4026531840, .ports = 1, .port = 80 });
	post_counted(p, (struct item_counted){ .n = 65000, .netns = 4026531840, .ports = 64999 });
	post_counted(p, (struct item_counted){ .n = 1 });
	post_counts(p, 0, 0);
}

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

void case_attempts(struct poster *p)
{
	refused(p, 1);
	post_counted(p, (struct item_counted){
				.n = 53211, .netns = 4026531840, .ports = 1, .port = 80 });
	post_counted(p, (struct item_counted){ .n = 65000, .netns = 4026531840, .ports = 64999 });
	post_counted(p, (struct item_counted){ .n = 1 });
	post_counts(p, 0, 0);
}

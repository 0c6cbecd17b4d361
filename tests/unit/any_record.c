// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "any_record.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "cases.h"

static uint64_t seed = 1;

uint32_t dice(uint32_t sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed >> 33) % sides;
}

static int16_t any_errno(void)
{
	static const int16_t errs[] = { 0,
					0,
					ECONNREFUSED,
					ECONNRESET,
					EPIPE,
					ETIMEDOUT,
					EHOSTUNREACH,
					ENETUNREACH,
					ECONNABORTED,
					ENOMEM };

	return errs[dice(sizeof(errs) / sizeof(errs[0]))];
}

static void any_close(struct record *r)
{
	static const uint8_t first[] = { BPF_TCP_FIN_WAIT1, BPF_TCP_CLOSE_WAIT, BPF_TCP_CLOSE };
	static const uint8_t later[] = { BPF_TCP_CLOSING, BPF_TCP_TIME_WAIT, BPF_TCP_CLOSE };
	uint64_t t_ns = 2000 * MS;
	uint8_t from = BPF_TCP_ESTABLISHED, to = first[dice(3)];

	diary_close_step(r, t_ns, from, to, STEP_STATE);
	if (to != BPF_TCP_FIN_WAIT1)
		return;
	if (dice(2))
		diary_close_step(r, t_ns += dice(MS), to, to, STEP_RETRANSMIT);
	if (dice(2)) {
		diary_close_step(r, t_ns += dice(100 * MS), to, BPF_TCP_FIN_WAIT2, STEP_STATE);
		diary_close_step(r, t_ns + dice(1000), BPF_TCP_FIN_WAIT2, BPF_TCP_TIME_WAIT,
				 dice(2) ? STEP_SAME_SEGMENT : STEP_STATE);
		return;
	}
	from = later[dice(3)];
	diary_close_step(r, t_ns += dice(100 * MS), to, from, STEP_STATE);
}

void any_record(struct record *r)
{
	static const uint32_t missing[] = {
		0, 0, 0, HANDSHAKE_BEFORE_TRACE, HANDSHAKE_EVENTS_LOST, HANDSHAKE_TABLE_FULL
	};

	memset(r, 0, sizeof(*r));
	r->h.conn = 1;
	r->h.family = 4;
	r->h.role = (uint8_t)dice(3);
	r->h.local_port = (uint16_t)dice(3);
	r->h.remote_port = (uint16_t)dice(3);
	r->h.flags = missing[dice(6)] | (dice(8) ? 0 : HANDSHAKE_NO_PORT);
	r->h.retransmits = (uint16_t)(dice(4) ? 0 : dice(8));
	r->h.rtt_us = dice(3000);
	r->h.sent_ns = dice(2) ? 0 : dice(1000) * MS;
	r->h.err = any_errno();
	r->h.err_soft = dice(2) ? r->h.err : any_errno();
	diary_change(r, (1 + dice(1000)) * MS, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT, STEP_STATE);
	for (uint32_t n = dice(r->h.retransmits + 2U); n; n--)
		diary_retransmit(r, 1000 * MS, BPF_TCP_SYN_SENT);
	diary_change(r, (1000 + dice(1000)) * MS, BPF_TCP_SYN_SENT,
		     dice(2) ? BPF_TCP_ESTABLISHED : BPF_TCP_CLOSE, STEP_STATE);
	if (!diary_established(r))
		return;
	any_close(r);
	r->c.flags = dice(1 << 16) | CLOSE_OVER;
	r->c.err = any_errno();
	r->c.err_soft = any_errno();
	r->c.fin_sent_us = dice(2) ? 0 : 2000000 + dice(1000);
	r->h.state = (uint8_t)(dice(2) ? BPF_TCP_CLOSE : BPF_TCP_TIME_WAIT);
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How long a connection was silent before its close. */
#ifndef IDLE_BPF_H
#define IDLE_BPF_H

#include "common.bpf.h"

static __always_inline __u32 ticks_to_ms(__u32 ticks)
{
	return ticks * cfg.tick_ns / (NS_PER_US * US_PER_MS);
}

/*
 * Data is on its way that the peer has not acknowledged: how long was the connection silent before it was sent?  RACK
 * has the time at which the segment was sent that was acknowledged last.
 */
static __always_inline void facts_silent(struct close_part *c, const struct tcp_sock *tp,
					 __u64 t_ns)
{
	__u32 now = bpf_jiffies64();
	__u32 sent_ms = ticks_to_ms(now - tp->lsndtime);
	__u32 since_ms = ticks_to_ms(now - tp->inet_conn.icsk_ack.lrcvtime);
	__u32 delivered_ms = (t_ns / NS_PER_US - tp->rack.mstamp) / US_PER_MS;

	/* a retransmission sets the time of the last segment sent */
	if (tp->inet_conn.icsk_retransmits)
		return;
	if (delivered_ms < since_ms)
		since_ms = delivered_ms;
	if (since_ms <= sent_ms)
		return;
	c->silent_ms = since_ms - sent_ms;
	c->flags |= CLOSE_SILENT;
}

/* The close begins: since when has no data come or gone?  The kernel's clock ticks. */
static __always_inline void facts_idle(struct close_part *c, const struct tcp_sock *tp, __u64 t_ns)
{
	__u32 sent = tp->lsndtime, received = tp->inet_conn.icsk_ack.lrcvtime;
	bool sent_last = (__s32)(sent - received) > 0;
	__u32 last = sent_last ? sent : received;

	/* without any, both are of the handshake */
	if (!tp->data_segs_in && !tp->bytes_sent)
		return;
	c->idle_ms = ticks_to_ms((__u32)bpf_jiffies64() - last);
	c->flags |= CLOSE_IDLE | (sent_last && tp->bytes_sent ? CLOSE_SENT_LAST : 0);
	/* not packets_out: an RST has cleared the queue */
	if (tp->snd_una != tp->snd_nxt)
		facts_silent(c, tp, t_ns);
}

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the socket shows of its handshake and its close, read at the moment when it is valid.  Where
 * a field is wrong at that moment, another one is read.  The end-to-end tests compare with packet
 * captures.
 */
#ifndef FACTS_BPF_H
#define FACTS_BPF_H

#include "shared/diary_read.h"
#include "common.bpf.h"
#include "socket.bpf.h"

/*
 * Bits of ecn_flags.  Accurate ECN has a bit of its own, unused before 6.15: commit 041fb11d518f
 * ("tcp: helpers for ECN mode handling").
 */
#define ECN_MODE_RFC3168 (1 << 0)
#define ECN_MODE_ACCECN (1 << 4)

/* include/net/tcp.h: TCPOLEN_TSTAMP_ALIGNED */
#define TIMESTAMPS_LEN 12

/* headers without options: IPv4 or IPv6, and TCP */
#define HEADERS_V4 (20 + 20)
#define HEADERS_V6 (40 + 20)

/* srtt_us is in eighths of a microsecond */
#define SRTT_SHIFT 3

/*
 * The MSS option of our SYN.  advmss is the same until the kernel subtracts the length of the
 * timestamps.  For a client it has done so by now.  For a server it may have (commit cd171461b90a,
 * and stable kernels) or not; if not, advmss is what the path's MTU allows, unless a route or
 * TCP_MAXSEG says otherwise.
 */
static __always_inline __u16 facts_advmss(const struct tcp_sock *tp, __u8 family)
{
	__u32 without = tp->advmss + TIMESTAMPS_LEN + (family == 6 ? HEADERS_V6 : HEADERS_V4);

	if (!BPF_CORE_READ_BITFIELD(tp, rx_opt.tstamp_ok))
		return tp->advmss;
	if (tp->inet_conn.icsk_inet.sk.__sk_common.skc_state == BPF_TCP_SYN_SENT ||
	    tp->inet_conn.icsk_pmtu_cookie == without)
		return tp->advmss + TIMESTAMPS_LEN;
	return tp->advmss;
}

/*
 * Does the kernel keep back the ACK of the SYN,ACK (tcp_rcv_synsent_state_process)?  It does with
 * TCP_QUICKACK off and with TCP_DEFER_ACCEPT.  No data has been exchanged yet, so the count of
 * pingpong is 0 or the threshold.  It also does for a write that waits, but that is sent at once.
 */
static __always_inline bool facts_ack_delayed(const struct tcp_sock *tp)
{
	return tp->inet_conn.icsk_ack.pingpong || tp->inet_conn.icsk_accept_queue.rskq_defer_accept;
}

static __always_inline bool is_mptcp(const struct tcp_sock *tp)
{
	return bpf_core_field_exists(tp->is_mptcp) && tp->is_mptcp;
}

/* The socket is about to become ESTABLISHED: what was negotiated. */
static __always_inline void facts_established(struct handshake_part *h, const struct tcp_sock *tp)
{
	const bool server = h->role == ROLE_SERVER;

	/* bytes_acked counts our SYN on the side that opened actively and not on the other */
	h->iss = tp->snd_una - (__u32)tp->bytes_acked - server;
	h->irs = tp->rcv_nxt - (__u32)tp->bytes_received - 1;
	h->rtt_us = tp->srtt_us >> SRTT_SHIFT;
	h->mss = tp->mss_cache;
	h->advmss = facts_advmss(tp, h->family);
	h->peer_mss = tp->rx_opt.mss_clamp;
	h->retransmits = tp->total_retrans;
	h->snd_wscale = BPF_CORE_READ_BITFIELD(tp, rx_opt.snd_wscale);
	h->rcv_wscale = BPF_CORE_READ_BITFIELD(tp, rx_opt.rcv_wscale);
	h->options = OPTION_KNOWN |
		     (BPF_CORE_READ_BITFIELD(tp, rx_opt.wscale_ok) ? OPTION_WSCALE : 0) |
		     (BPF_CORE_READ_BITFIELD(tp, rx_opt.sack_ok) ? OPTION_SACK : 0) |
		     (BPF_CORE_READ_BITFIELD(tp, rx_opt.tstamp_ok) ? OPTION_TIMESTAMPS : 0) |
		     (tp->ecn_flags & (ECN_MODE_RFC3168 | ECN_MODE_ACCECN) ? OPTION_ECN : 0);
	if (cfg.mptcp_known && bpf_core_field_exists(tp->is_mptcp))
		h->flags |= HANDSHAKE_MPTCP_KNOWN | (tp->is_mptcp ? HANDSHAKE_MPTCP : 0);
	/*
	 * Data in the SYN: a server has received it before it reads the last ACK, and a client's is
	 * acknowledged with the SYN.  The kernel's own marks are set later, or for a cookie without
	 * data.
	 */
	h->early_sent = (__u32)tp->bytes_acked - !server;
	h->early_received = (__u32)tp->bytes_received;
	if (server ? h->early_received : BPF_CORE_READ_BITFIELD(tp, syn_data) && h->early_sent)
		h->flags |= HANDSHAKE_FASTOPEN;
	/* the send window is from the last ACK, so snd_wl1 is its number (tcp_ack_update_window) */
	if (server && tp->snd_wl1 != tp->rcv_nxt)
		h->flags |= HANDSHAKE_ACK_AHEAD;
	if (tp->inet_conn.icsk_inet.sk.__sk_common.skc_state == BPF_TCP_SYN_SENT &&
	    facts_ack_delayed(tp))
		h->flags |= HANDSHAKE_ACK_DELAYED;
	/*
	 * The segment last acknowledged is our SYN: RACK has the time when it was sent.  After
	 * crossed SYNs that is when it was sent again as the SYN,ACK.
	 */
	if (tp->inet_conn.icsk_inet.sk.__sk_common.skc_state == BPF_TCP_SYN_SENT &&
	    !h->retransmits && tp->rack.end_seq == tp->snd_una)
		h->sent_ns = tp->rack.mstamp * NS_PER_US;
}

/* Does this change mean that our FIN is queued? */
static __always_inline bool queues_fin(__u8 to)
{
	return to == BPF_TCP_FIN_WAIT1 || to == BPF_TCP_LAST_ACK;
}

/* May the application have aborted the connection? */
static __always_inline bool may_abort(__u8 from, __u8 to, const struct sock *sk)
{
	return to == BPF_TCP_CLOSE && !sk->sk_err &&
	       (from == BPF_TCP_ESTABLISHED || from == BPF_TCP_CLOSE_WAIT ||
		from == BPF_TCP_FIN_WAIT1);
}

/* Our FIN is about to be queued: its number, and what is queued before it. */
static __always_inline void facts_local_fin(struct close_part *c, const struct tcp_sock *tp,
					    __u64 t_ns)
{
	c->local_fin_seq = tp->write_seq;
	c->local_fin_ack = tp->rcv_nxt;
	c->flags |= CLOSE_LOCAL_FIN;
	if (tp->snd_nxt != tp->write_seq)
		c->flags |= CLOSE_FIN_BEHIND_DATA;
	else if (!tp->packets_out && cfg.retransmit_err)
		c->flags |= CLOSE_FIN_ALONE;
	if (tp->packets_out)
		c->flags |= CLOSE_DATA_OUTSTANDING;
	c->retransmits_at_local_fin = tp->total_retrans;
	/* both until the end: see retransmit.bpf.h */
	c->retransmits = tp->total_retrans;
	c->segs_in = tp->segs_in;
	/* as one segment with what is unsent, which no pacing holds back */
	if (tp->tcp_wstamp_ns <= t_ns && tp->write_seq - tp->snd_nxt < tp->mss_cache)
		c->fin_queued_us = t_ns / NS_PER_US;
}

/* Was our FIN sent, or is unsent data before it? */
static __always_inline bool fin_left(const struct close_part *c, const struct tcp_sock *tp)
{
	return (__s32)(tp->snd_nxt - c->local_fin_seq) > 0;
}

/* The peer's FIN has just been received. */
static __always_inline void facts_remote_fin(struct close_part *c, const struct tcp_sock *tp)
{
	c->remote_fin_seq = tp->rcv_nxt - 1;
	c->remote_fin_ack = tp->snd_una;
	c->flags |= CLOSE_REMOTE_FIN;
	if (c->flags & CLOSE_LOCAL_FIN && !fin_left(c, tp))
		c->flags |= CLOSE_REMOTE_FIN_FIRST;
	c->segs_out_at_remote_fin = tp->segs_out;
}

/*
 * A socket goes from LAST_ACK or CLOSING to CLOSE without an error and without the ACK of its FIN:
 * does a system call do it, and send an RST?  close() does for unread data, which it has discarded
 * by now (the peer's FIN is not data), or when memory is short after that (tcp_check_oom);
 * disconnecting does for unsent data (tcp_disconnect).
 */
static __always_inline bool facts_aborted(const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	bool unread = (__s32)(tp->rcv_nxt - 1 - tp->copied_seq) > 0;

	if (!sk->sk_lock.owned)
		return false;
	return (unread && !sk->sk_receive_queue.qlen) || tp->snd_nxt != tp->write_seq ||
	       has_sock_flag(sk, SOCK_DEAD);
}

/* The peer has acknowledged our FIN. */
static __always_inline void facts_local_fin_acked(struct close_part *c, const struct tcp_sock *tp)
{
	c->flags |= CLOSE_LOCAL_FIN_ACKED | CLOSE_LOCAL_FIN_LEFT;
	if (tp->rack.end_seq == tp->snd_una && !(c->flags & CLOSE_FIN_TIME))
		c->fin_sent_us = tp->rack.mstamp;
}

/* What the state alone says of the FINs, for a connection whose beginning was not seen. */
static __always_inline void facts_of_state(struct close_part *c, const struct tcp_sock *tp,
					   __u8 state)
{
	if (state == BPF_TCP_CLOSE_WAIT || state == BPF_TCP_LAST_ACK || state == BPF_TCP_CLOSING)
		facts_remote_fin(c, tp);
	if (state == BPF_TCP_FIN_WAIT1 || state == BPF_TCP_LAST_ACK || state == BPF_TCP_CLOSING) {
		c->flags |= CLOSE_LOCAL_FIN;
		c->local_fin_seq = tp->write_seq - 1;
	}
	if (state == BPF_TCP_FIN_WAIT2) {
		c->flags |= CLOSE_LOCAL_FIN | CLOSE_LOCAL_FIN_LEFT | CLOSE_LOCAL_FIN_ACKED;
		c->local_fin_seq = tp->snd_una - 1;
	}
}

/*
 * Is the namespace's TIME_WAIT table as full as it may get (tcp_max_tw_buckets)?  Then this socket
 * got no minisocket, unless it got the very last one: the two look the same.
 *
 * Since 5.18 the count is a reference count, one more than there are minisockets: commit
 * fbb8295248e1 ("tcp: allocate tcp_death_row outside of struct netns_ipv4").  In 6.1 the table went
 * back into the namespace: commit e9bd0cca09d1 ("tcp: Don't allocate tcp_death_row outside of
 * struct netns_ipv4.").
 */
static __noinline bool facts_timewait_full(const struct tcp_sock *tp)
{
	const struct net *net = tp->inet_conn.icsk_inet.sk.__sk_common.skc_net.net;
	const struct net___6_1 *net_6_1 = (const void *)net;
	const struct net___5_18 *net_5_18 = (const void *)net;
	const struct net___5_8 *net_5_8 = (const void *)net;

	if (bpf_core_field_exists(net_6_1->ipv4.tcp_death_row.tw_refcount))
		return FIELD(net_6_1, ipv4.tcp_death_row.tw_refcount.refs.counter) - 1 >=
		       FIELD(net_6_1, ipv4.tcp_death_row.sysctl_max_tw_buckets);
	if (bpf_core_field_exists(net_5_18->ipv4.tcp_death_row)) {
		const struct inet_timewait_death_row___5_18 *row = FIELD(net_5_18,
									 ipv4.tcp_death_row);

		return FIELD(row, tw_refcount.refs.counter) - 1 >=
		       FIELD(row, sysctl_max_tw_buckets);
	}
	return FIELD(net_5_8, ipv4.tcp_death_row.tw_count.counter) >=
	       FIELD(net_5_8, ipv4.tcp_death_row.sysctl_max_tw_buckets);
}

/* The socket is about to become CLOSE: totals and errors. */
static __always_inline void facts_totals(struct record *r, const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	struct close_part *c = &r->c;

	c->bytes_sent = tp->bytes_sent - tp->bytes_retrans;
	c->bytes_received = tp->bytes_received - (c->flags & CLOSE_REMOTE_FIN ? 1 : 0);
	c->segs_out = tp->segs_out;
	c->segs_in = tp->segs_in;
	if (!diary_fins_seen(c, tp->total_retrans))
		c->flags |= CLOSE_EVENTS_LOST;
	if (c->flags & CLOSE_LOCAL_FIN && c->retransmits != tp->total_retrans)
		c->flags |= CLOSE_RETRANSMIT_UNSEEN;
	c->retransmits = tp->total_retrans;
	c->srtt_us = tp->srtt_us >> SRTT_SHIFT;
	c->min_rtt_us = tp->rtt_min.s[0].v;
	c->err = sk->sk_err;
	c->err_soft = sk->sk_err_soft;
	if (c->flags & CLOSE_LOCAL_FIN && fin_left(c, tp) &&
	    (!(c->flags & CLOSE_FIN_UNSENT) || c->fin_retransmits))
		c->flags |= CLOSE_LOCAL_FIN_LEFT;
	if (tp->data_segs_in)
		c->flags |= CLOSE_DATA_RECEIVED;
}

/*
 * Else by an ICMP port unreachable, which is no segment and may leave no soft error (tcp_v4_err).
 */
static __always_inline bool refused_by_rst(const struct handshake_part *h,
					   const struct tcp_sock *tp)
{
	return h->flags & HANDSHAKE_RST_RECEIVED ||
	       (tp->segs_in && !(h->flags & HANDSHAKE_RST_SENT));
}

/* include/uapi/linux/errqueue.h */
#define SO_EE_ORIGIN_ICMP 2
#define SO_EE_ORIGIN_ICMP6 3

/* How many errors are queued for recvmsg(MSG_ERRQUEUE). */
static __always_inline __u32 facts_errors(const struct tcp_sock *tp)
{
	return tp->inet_conn.icsk_inet.sk.sk_error_queue.qlen;
}

/*
 * The ICMP error that came while a system call held the socket in SYN_SENT; 0: none.  The kernel
 * then leaves the state as it is (tcp_v4_err, tcp_v6_err).  A non-blocking connect() returns first,
 * and getsockopt(SO_ERROR) takes the soft error away; but the error queue has it since 5.10.
 */
static __always_inline __s16 facts_icmp_error(const struct handshake_part *h,
					      const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	struct sock_exterr_skb *cb;
	__u8 origin;

	if (sk->sk_err_soft || facts_errors(tp) <= h->errors_before)
		return sk->sk_err_soft;
	cb = (void *)sk->sk_error_queue.prev->cb;
	origin = BPF_CORE_READ(cb, ee.ee_origin);
	if (origin != SO_EE_ORIGIN_ICMP && origin != SO_EE_ORIGIN_ICMP6)
		return 0;
	return BPF_CORE_READ(cb, ee.ee_errno);
}

/* The socket is about to become CLOSE and was never ESTABLISHED. */
static __always_inline void facts_failed(struct handshake_part *h, const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;

	h->err = sk->sk_err;
	h->err_soft = sk->sk_err_soft;
	if (!sk->sk_err && h->role == ROLE_CLIENT && h->state == BPF_TCP_SYN_SENT)
		h->err = h->err_soft = facts_icmp_error(h, tp);
	if (sk->sk_err == ECONNREFUSED)
		h->err_soft = refused_by_rst(h, tp) ? 0 : ECONNREFUSED;
	h->retransmits = tp->total_retrans;
	/*
	 * the first write sent the SYN, or a connect() without a cookie did, and nothing else was
	 * sent
	 */
	if (h->flags & HANDSHAKE_SYN_AT_WRITE && tp->segs_out && !tp->total_retrans)
		h->sent_ns = tp->tcp_wstamp_ns;
	if (tp->segs_out || h->role == ROLE_SERVER) {
		/* the numbers of a listener's child begin after its SYN */
		h->iss = tp->snd_una - (__u32)tp->bytes_acked - (h->role == ROLE_SERVER);
		h->flags |= HANDSHAKE_ISS;
	} else if (!(h->flags & HANDSHAKE_SYN_AT_WRITE) || !h->local_port) {
		/* no port is free, or the socket's own is in use for this peer */
		h->flags |= HANDSHAKE_NO_PORT;
	}
}

#endif

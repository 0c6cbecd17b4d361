/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the socket tells at each moment; where a field lies at some moment, the code reads another one.
 * The end-to-end tests compare with packet captures. */
#ifndef FACTS_BPF_H
#define FACTS_BPF_H

#include "common.bpf.h"

#define AF_INET 2
#define AF_INET6 10
/* bits of enum sock_flags, unchanged since 2.6 */
#define SOCK_DEAD 0 /* no file refers to it */
#define SOCK_DONE 1 /* the peer's FIN was received */

/*
 * In the state's programs: what a pointer from the kernel leads to.  Where the verifier knows no type of
 * it, it is but a number, and memory that must be read as any other.
 */
#define FIELD(pointer, field) (cfg.typed ? (pointer)->field : BPF_CORE_READ(pointer, field))

/* A socket's copy, one for each level, where the verifier knows no types. */
struct room {
	__u8 bytes[4096];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1); /* LEVELS when it is used */
	__type(key, __u32);
	__type(value, struct room);
} rooms SEC(".maps");

/* The socket as what may be read directly; NULL when it is not one of TCP's. */
static __always_inline const struct tcp_sock *facts_tcp(struct sock *sk, __u32 level)
{
	struct room *room;

	if (cfg.typed)
		return bpf_skc_to_tcp_sock(sk);
	room = bpf_map_lookup_elem(&rooms, &level);
	if (!room || bpf_probe_read_kernel(room, bpf_core_type_size(struct tcp_sock), sk))
		return NULL;
	return (const struct tcp_sock *)room;
}

static __always_inline void v4_mapped(__u8 *to, __be32 v4)
{
	__u32 *w = (__u32 *)to;

	w[0] = w[1] = 0;
	w[2] = bpf_htonl(0xffff);
	w[3] = v4;
}

static __always_inline void v6_copy(__u8 *to, const struct in6_addr *from)
{
	__u32 *w = (__u32 *)to;

	w[0] = from->in6_u.u6_addr32[0];
	w[1] = from->in6_u.u6_addr32[1];
	w[2] = from->in6_u.u6_addr32[2];
	w[3] = from->in6_u.u6_addr32[3];
}

/* Addresses of a full or time-wait socket; an IPv4-mapped one is IPv4.  Returns 4 or 6. */
static __always_inline __u8 facts_addresses(const struct sock_common *sk, __u8 *local, __u8 *remote)
{
	bool v6 = sk->skc_family == AF_INET6;

	if (v6) {
		const struct in6_addr *d = &sk->skc_v6_daddr;

		/* an IPv4 request to an IPv6 listener has no IPv6 address at all */
		v6 = d->in6_u.u6_addr32[0] || d->in6_u.u6_addr32[1] ||
		     (d->in6_u.u6_addr32[2] ? d->in6_u.u6_addr32[2] != bpf_htonl(0xffff)
					    : d->in6_u.u6_addr32[3]);
	}
	if (v6) {
		v6_copy(local, &sk->skc_v6_rcv_saddr);
		v6_copy(remote, &sk->skc_v6_daddr);
		return 6;
	}
	v4_mapped(local, sk->skc_rcv_saddr);
	v4_mapped(remote, sk->skc_daddr);
	return 4;
}

static __always_inline __u32 facts_netns(const struct sock_common *sk)
{
	const struct net *net = sk->skc_net.net;

	return FIELD(net, ns.inum);
}

static __always_inline void tuple_of(struct tuple *t, const struct handshake_part *h)
{
	__builtin_memcpy(t->local, h->local, 16);
	__builtin_memcpy(t->remote, h->remote, 16);
	t->netns = h->netns;
	t->local_port = h->local_port;
	t->remote_port = h->remote_port;
}

/* skc_num is 0 before the port is chosen and again on the way to CLOSE; inet_sport survives the
 * latter but is stale at the former. */
static __always_inline __u16 facts_local_port(const struct tcp_sock *tp, __u8 to)
{
	__u16 port = tp->inet_conn.icsk_inet.sk.__sk_common.skc_num;

	if (port || to == BPF_TCP_SYN_SENT)
		return port;
	return bpf_ntohs(tp->inet_conn.icsk_inet.inet_sport);
}

static __always_inline void facts_identity(struct handshake_part *h, const struct tcp_sock *tp,
					   __u8 to)
{
	const struct sock_common *sk = &tp->inet_conn.icsk_inet.sk.__sk_common;

	h->family = facts_addresses(sk, h->local, h->remote);
	h->netns = facts_netns(sk);
	h->local_port = facts_local_port(tp, to);
	h->remote_port = bpf_ntohs(sk->skc_dport);
}

/*
 * By their addresses: a socket of any kind, such as a request or a minisocket, whose type the verifier
 * need not know.  The port may be 0, see facts_local_port().
 */
static __always_inline void tuple_read(struct tuple *t, const struct sock_common *sk)
{
	__u8 bytes[192] = {};
	const struct sock_common *copy = (const void *)bytes;

	bpf_probe_read_kernel(bytes, bpf_core_type_size(struct sock_common), sk);
	facts_addresses(copy, t->local, t->remote);
	t->netns = BPF_CORE_READ(sk, skc_net.net, ns.inum);
	t->local_port = copy->skc_num;
	t->remote_port = bpf_ntohs(copy->skc_dport);
}

/* What `ss -e` shows.  Where it cannot be asked for, 0 unless somebody else did. */
static __always_inline __u64 facts_cookie(const struct tcp_sock *tp)
{
	return cfg.cookie_helper ? bpf_get_socket_cookie((void *)tp)
				 : (__u64)tp->inet_conn.icsk_inet.sk.__sk_common.skc_cookie.counter;
}

/* A listener has no peer, so only its own address says whether it is IPv4. */
static __always_inline void facts_listener(struct listener_key *key, const struct sock_common *sk,
					   __u16 port)
{
	if (sk->skc_family == AF_INET6)
		v6_copy(key->addr, &sk->skc_v6_rcv_saddr);
	else
		v4_mapped(key->addr, sk->skc_rcv_saddr);
	key->netns = facts_netns(sk);
	key->port = port;
	key->pad = 0;
}

/*
 * Bits of ecn_flags.  Accurate ECN has one of its own, unused before: commit 041fb11d518f ("tcp: helpers
 * for ECN mode handling"), 6.15.
 */
#define ECN_MODE_RFC3168 (1 << 0)
#define ECN_MODE_ACCECN (1 << 4)

#define TIMESTAMPS_LEN 12 /* TCPOLEN_TSTAMP_ALIGNED */

/*
 * The MSS option of our SYN.  advmss is it until what timestamps take is off, which for a client is
 * before this moment and for a server may be (cd171461b90a, and in stable kernels) or not: then it is
 * all of the path's MTU, unless a route or TCP_MAXSEG says otherwise.
 */
static __always_inline __u16 facts_advmss(const struct tcp_sock *tp, __u8 family)
{
	__u32 without = tp->advmss + TIMESTAMPS_LEN + (family == 6 ? 60 : 40);

	if (!BPF_CORE_READ_BITFIELD(tp, rx_opt.tstamp_ok))
		return tp->advmss;
	if (tp->inet_conn.icsk_inet.sk.__sk_common.skc_state == BPF_TCP_SYN_SENT ||
	    tp->inet_conn.icsk_pmtu_cookie == without)
		return tp->advmss + TIMESTAMPS_LEN;
	return tp->advmss;
}

/* The socket is about to become ESTABLISHED: what the handshake settled. */
static __always_inline void facts_established(struct handshake_part *h, const struct tcp_sock *tp)
{
	const bool server = h->role == ROLE_SERVER;

	/* bytes_acked counts our SYN on the side that opened actively and not on the other */
	h->iss = tp->snd_una - (__u32)tp->bytes_acked - server;
	h->irs = tp->rcv_nxt - (__u32)tp->bytes_received - 1;
	h->rtt_us = tp->srtt_us >> 3;
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
	/* data in the SYN: a server has it before the last ACK is looked into, a client's is acknowledged
	 * together with the SYN; the kernel's own marks are set later, or for a cookie alone */
	h->early_sent = (__u32)tp->bytes_acked - !server;
	h->early_received = (__u32)tp->bytes_received;
	if (server ? h->early_received : BPF_CORE_READ_BITFIELD(tp, syn_data) && h->early_sent)
		h->flags |= HANDSHAKE_FASTOPEN;
	/* the window was taken from the last ACK, so this is its number (tcp_ack_update_window) */
	if (server && tp->snd_wl1 != tp->rcv_nxt)
		h->flags |= HANDSHAKE_ACK_AHEAD;
	/*
	 * The segment last acknowledged is our SYN: RACK has the time it left.  When the SYNs crossed it left
	 * again as the SYN,ACK.
	 */
	if (tp->inet_conn.icsk_inet.sk.__sk_common.skc_state == BPF_TCP_SYN_SENT &&
	    !h->retransmits && tp->rack.end_seq == tp->snd_una)
		h->sent_ns = tp->rack.mstamp * 1000;
}

#define RCV_SHUTDOWN 1 /* of sk_shutdown */

/* Our FIN is about to be queued: its number, and what stands before it. */
static __always_inline void facts_local_fin(struct close_part *c, const struct tcp_sock *tp)
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
	c->retransmits = tp->total_retrans;
	if (!(c->flags & CLOSE_REMOTE_FIN) &&
	    tp->inet_conn.icsk_inet.sk.sk_shutdown & RCV_SHUTDOWN) {
		c->flags |= CLOSE_READ_SHUT;
		c->segs_at_fin = tp->data_segs_in;
	}
}

/*
 * Of a socket that was reset: was it by data that came after close()?  The kernel treats itself as it would
 * treat the peer's RST, and sends one then (tcp_rcv_state_process).  It has looked into that segment's ACK
 * before, and into an RST's not (tcp_ack, tcp_validate_incoming).
 */
static __always_inline bool facts_refused_data(const struct close_part *c,
					       const struct tcp_sock *tp)
{
	return c->flags & CLOSE_READ_SHUT && !(c->flags & CLOSE_REMOTE_FIN) &&
	       tp->inet_conn.icsk_inet.sk.sk_err == ECONNRESET &&
	       tp->data_segs_in != c->segs_at_fin && (__u32)bpf_jiffies64() - tp->rcv_tstamp <= 1;
}

/* Has our FIN left, or is it behind data that has not? */
static __always_inline bool fin_left(const struct close_part *c, const struct tcp_sock *tp)
{
	return (__s32)(tp->snd_nxt - c->local_fin_seq) > 0;
}

/* The peer's FIN has just been taken in. */
static __always_inline void facts_remote_fin(struct close_part *c, const struct tcp_sock *tp)
{
	c->remote_fin_seq = tp->rcv_nxt - 1;
	c->remote_fin_ack = tp->snd_una;
	c->flags |= CLOSE_REMOTE_FIN;
	if (c->flags & CLOSE_LOCAL_FIN && !fin_left(c, tp))
		c->flags |= CLOSE_REMOTE_FIN_FIRST;
	c->segs_at_fin = tp->segs_out;
}

/*
 * Of a socket that becomes CLOSE from LAST_ACK or CLOSING without an error: does a system call do it, and an
 * RST follow?  For data, the peer's FIN besides, that was not read and that close() has thrown away by now;
 * for want of memory behind that (tcp_check_oom); or for data that did not leave (tcp_disconnect).
 */
static __always_inline bool facts_aborted(const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	bool unread = (__s32)(tp->rcv_nxt - 1 - tp->copied_seq) > 0;

	if (!sk->sk_lock.owned)
		return false;
	return (unread && !sk->sk_receive_queue.qlen) || tp->snd_nxt != tp->write_seq ||
	       sk->__sk_common.skc_flags & 1 << SOCK_DEAD;
}

static __always_inline void facts_local_fin_acked(struct close_part *c, const struct tcp_sock *tp)
{
	c->flags |= CLOSE_LOCAL_FIN_ACKED | CLOSE_LOCAL_FIN_LEFT;
	if (tp->rack.end_seq == tp->snd_una)
		c->fin_sent_us = tp->rack.mstamp;
}

/* What the state alone says of the FINs, for a connection met on its way. */
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

/* The socket is about to be CLOSE: totals, and why. */
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
	c->retransmits = tp->total_retrans;
	c->srtt_us = tp->srtt_us >> 3;
	c->min_rtt_us = tp->rtt_min.s[0].v;
	c->err = sk->sk_err;
	c->err_soft = sk->sk_err_soft;
	if (c->flags & CLOSE_LOCAL_FIN && fin_left(c, tp))
		c->flags |= CLOSE_LOCAL_FIN_LEFT;
	if (tp->data_segs_in)
		c->flags |= CLOSE_DATA_RECEIVED;
}

#endif

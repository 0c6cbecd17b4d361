// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "cases.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static void address_set(uint8_t addr[16], const char *text)
{
	static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff };

	memcpy(addr, mapped, 16);
	if (inet_pton(AF_INET, text, addr + 12) != 1 && inet_pton(AF_INET6, text, addr) != 1)
		abort();
}

void owner_set(struct owner *o, uint32_t pid, const char *comm)
{
	*o = (struct owner){ .pid = pid, .uid = 1000, .cgroup = 77 };
	memcpy(o->comm, comm, strnlen(comm, COMM_LEN));
}

void flow_addresses(struct flow *f, const char *local, uint16_t local_port, const char *remote,
		    uint16_t remote_port)
{
	address_set(f->r.h.local, local);
	address_set(f->r.h.remote, remote);
	f->r.h.local_port = local_port;
	f->r.h.remote_port = remote_port;
	f->r.h.family = strchr(local, ':') ? 6 : 4;
}

void flow_interface(struct flow *f, uint32_t index, const char *name)
{
	f->r.h.interface = (struct interface){ .index = index };
	memcpy(f->r.h.interface.name, name, strnlen(name, IFNAME_LEN));
}

void flow_numbers(struct flow *f, uint32_t iss, uint32_t irs)
{
	f->r.h.iss = iss;
	f->r.h.irs = irs;
	f->snd_nxt = iss + 1;
	f->rcv_nxt = irs + 1;
}

void flow_begin(struct flow *f, enum role role)
{
	memset(f, 0, sizeof(*f));
	f->now_ns = BEGIN_NS;
	f->r.h.conn = 1;
	f->r.h.cookie = 0x3ea2a9;
	f->r.h.netns = 4026531840;
	f->r.h.role = (uint8_t)role;
	flow_numbers(f, 1000, 5000);
	if (role == ROLE_SERVER) {
		flow_addresses(f, "10.0.0.2", 443, "10.0.0.1", 40000);
		owner_set(&f->r.h.owner, 80, "nginx");
	} else {
		flow_addresses(f, "10.0.0.1", 40000, "10.0.0.2", 443);
		owner_set(&f->r.h.owner, 4711, "curl");
	}
}

void flow_wait(struct flow *f, uint64_t ns)
{
	f->now_ns += ns;
}

void flow_at(struct flow *f, uint64_t ns)
{
	f->now_ns = BEGIN_NS + ns;
}

static void change(struct flow *f, uint8_t to, enum step_kind kind)
{
	diary_change(&f->r, f->now_ns, f->r.h.state, to, kind);
}

void flow_syn(struct flow *f)
{
	diary_change(&f->r, f->now_ns, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT, STEP_STATE);
	f->r.c.segs_out++;
}

void flow_syn_again(struct flow *f)
{
	diary_retransmit(&f->r, f->now_ns, BPF_TCP_SYN_SENT);
	f->r.h.retransmits++;
	f->r.c.retransmits++;
	f->r.c.segs_out++;
}

void flow_synack(struct flow *f)
{
	f->r.h.sent_ns = f->now_ns;
}

void flow_synack_again(struct flow *f)
{
	diary_retransmit(&f->r, f->now_ns, BPF_TCP_NEW_SYN_RECV);
	f->r.h.retransmits++;
}

void flow_established(struct flow *f, uint32_t rtt_us)
{
	struct handshake_part *h = &f->r.h;

	h->rtt_us = rtt_us;
	h->mss = 1448;
	h->advmss = 1460;
	h->peer_mss = 1400;
	h->snd_wscale = 7;
	h->rcv_wscale = 9;
	h->options = OPTION_KNOWN | OPTION_SACK | OPTION_TIMESTAMPS | OPTION_WSCALE;
	h->flags |= HANDSHAKE_MPTCP_KNOWN;
	f->r.c.segs_out++;
	f->r.c.segs_in++;
	diary_change(&f->r, f->now_ns, h->state ? h->state : BPF_TCP_SYN_RECV, BPF_TCP_ESTABLISHED,
		     STEP_STATE);
}

void flow_accepted(struct flow *f, uint32_t pid, const char *comm)
{
	owner_set(&f->r.h.acceptor, pid, comm);
	f->r.h.accept_ns = f->now_ns;
}

void flow_data(struct flow *f, uint32_t sent, uint32_t received)
{
	f->snd_nxt += sent;
	f->rcv_nxt += received;
	f->sent += sent;
	f->received += received;
	f->r.c.segs_out += 1 + sent / 1448;
	f->r.c.segs_in += 1 + received / 1448;
}

void flow_open(struct flow *f, enum role role)
{
	flow_begin(f, role);
	if (role == ROLE_CLIENT) {
		flow_syn(f);
		flow_wait(f, 20 * MS);
		flow_established(f, 19990);
	} else {
		flow_wait(f, 20 * MS);
		flow_established(f, 19990);
		flow_wait(f, 30 * US);
		flow_accepted(f, 80, "nginx");
	}
}

void flow_fin(struct flow *f, uint32_t more)
{
	struct close_part *c = &f->r.c;

	c->closer = f->r.h.accept_ns ? f->r.h.acceptor : f->r.h.owner;
	c->local_fin_seq = f->snd_nxt++;
	c->local_fin_ack = f->rcv_nxt;
	c->flags |= CLOSE_LOCAL_FIN | more;
	c->segs_out++;
	change(f, f->r.h.state == BPF_TCP_CLOSE_WAIT ? BPF_TCP_LAST_ACK : BPF_TCP_FIN_WAIT1,
	       STEP_STATE);
}

void flow_fin_again(struct flow *f)
{
	diary_retransmit(&f->r, f->now_ns, f->r.h.state);
	f->r.c.retransmits++;
	f->r.c.segs_out++;
}

static uint64_t fin_queued_ns(const struct flow *f)
{
	for (unsigned int i = 0; i < f->r.c.n_steps; i++) {
		uint8_t to = step_to(f->r.c.steps[i]);

		if (to == BPF_TCP_FIN_WAIT1 || to == BPF_TCP_LAST_ACK)
			return f->r.c.t0_ns + step_t_ns(f->r.c.steps[i]);
	}
	return 0;
}

/* As facts_local_fin_acked(): RACK has the time when the segment left, in whole microseconds. */
static void acked(struct flow *f)
{
	f->r.c.flags |= CLOSE_LOCAL_FIN_ACKED | CLOSE_LOCAL_FIN_LEFT;
	f->r.c.fin_sent_us = (f->fin_left_ns ? f->fin_left_ns : fin_queued_ns(f)) / US;
	f->r.c.segs_in++;
}

void flow_fin_acked(struct flow *f)
{
	acked(f);
	change(f, BPF_TCP_FIN_WAIT2, STEP_STATE);
}

/* As facts_totals(), which the BPF programs call at the end, or when a minisocket takes over. */
static void totals(struct flow *f)
{
	f->r.c.bytes_sent = f->sent;
	f->r.c.bytes_received = f->received;
	f->r.c.srtt_us = f->r.h.rtt_us;
	f->r.c.min_rtt_us = f->r.h.rtt_us;
	if (f->r.c.flags & CLOSE_LOCAL_FIN && !f->fin_held)
		f->r.c.flags |= CLOSE_LOCAL_FIN_LEFT;
}

static void over(struct flow *f, uint8_t to, enum step_kind kind)
{
	totals(f);
	f->r.c.flags |= CLOSE_OVER | (to == BPF_TCP_TIME_WAIT ? CLOSE_TIME_WAIT : 0);
	change(f, to, kind);
}

static void peer_fin(struct flow *f)
{
	/*
	 * remote_fin_ack is the kernel's snd_una, which is after our FIN once that is
	 * acknowledged
	 */
	bool waiting = f->r.c.flags & CLOSE_LOCAL_FIN && !(f->r.c.flags & CLOSE_LOCAL_FIN_ACKED);

	f->r.c.remote_fin_seq = f->rcv_nxt++;
	f->r.c.remote_fin_ack = f->snd_nxt - waiting;
	f->r.c.flags |= CLOSE_REMOTE_FIN;
	if (waiting && f->fin_left_ns > f->now_ns)
		f->r.c.flags |= CLOSE_REMOTE_FIN_FIRST;
	f->r.c.segs_in++;
}

void flow_peer_fin(struct flow *f)
{
	uint8_t state = f->r.h.state;

	peer_fin(f);
	if (state == BPF_TCP_FIN_WAIT2) {
		f->r.c.segs_out++;
		over(f, BPF_TCP_TIME_WAIT, STEP_STATE);
	} else {
		change(f, state == BPF_TCP_FIN_WAIT1 ? BPF_TCP_CLOSING : BPF_TCP_CLOSE_WAIT,
		       STEP_STATE);
	}
}

void flow_peer_fin_ack(struct flow *f)
{
	flow_fin_acked(f);
	/* the kernel's way from one state to the next */
	flow_wait(f, 7 * US);
	peer_fin(f);
	over(f, BPF_TCP_TIME_WAIT, STEP_SAME_SEGMENT);
}

void flow_ack_sent(struct flow *f)
{
	diary_close_step(&f->r, f->now_ns, BPF_TCP_CLOSE_WAIT, BPF_TCP_CLOSE_WAIT, STEP_ACK_SENT);
	f->r.c.segs_out++;
}

void flow_last_ack(struct flow *f)
{
	acked(f);
	over(f, f->r.h.state == BPF_TCP_CLOSING ? BPF_TCP_TIME_WAIT : BPF_TCP_CLOSE, STEP_STATE);
}

void flow_died(struct flow *f, int err, int err_soft, uint32_t more)
{
	f->r.c.err = (int16_t)err;
	f->r.c.err_soft = (int16_t)err_soft;
	f->r.c.flags |= more;
	if (!diary_established(&f->r)) {
		f->r.h.err = (int16_t)err;
		f->r.h.err_soft = (int16_t)err_soft;
		f->r.h.flags |= HANDSHAKE_ISS;
		if (more & CLOSE_RST_RECEIVED)
			f->r.h.flags |= HANDSHAKE_RST_RECEIVED;
	} else if (!err &&
		   (f->r.h.state == BPF_TCP_ESTABLISHED || f->r.h.state == BPF_TCP_CLOSE_WAIT)) {
		f->r.c.closer = f->r.h.accept_ns ? f->r.h.acceptor : f->r.h.owner;
	}
	over(f, BPF_TCP_CLOSE, STEP_STATE);
}

void flow_minisocket(struct flow *f, uint64_t timeout_ns)
{
	totals(f);
	f->r.c.flags |= CLOSE_MINISOCKET;
	f->r.c.end_ns = f->now_ns + timeout_ns;
}

void flow_minisocket_fin(struct flow *f)
{
	f->r.c.remote_fin_seq = f->rcv_nxt++;
	f->r.c.flags |= CLOSE_REMOTE_FIN | CLOSE_TIME_WAIT | CLOSE_OVER;
	change(f, BPF_TCP_TIME_WAIT, STEP_STATE);
}

void flow_minisocket_rst(struct flow *f)
{
	f->r.c.flags |= CLOSE_RST_RECEIVED | CLOSE_OVER;
	change(f, BPF_TCP_CLOSE, STEP_RST_RECEIVED);
}

void flow_minisocket_expired(struct flow *f)
{
	f->r.c.flags |= CLOSE_OVER | CLOSE_EXPIRED;
	f->now_ns = f->r.c.end_ns;
	change(f, BPF_TCP_CLOSE, STEP_EXPIRED);
}

void flow_handshake_chapter(const struct flow *f, struct chapter *ch)
{
	chapter_handshake(ch, &f->r.h, 0);
}

void flow_close_chapter(const struct flow *f, struct chapter *ch)
{
	chapter_close(ch, &f->r, 0);
}

void flow_open_with_data(struct flow *f, enum role role)
{
	flow_open(f, role);
	flow_data(f, 100, 200);
	f->now_ns = BEGIN_NS + S;
}

void flow_until_fin_wait2(struct flow *f)
{
	flow_open_with_data(f, ROLE_CLIENT);
	flow_fin(f, 0);
	flow_wait(f, 20 * MS);
	flow_fin_acked(f);
}

void flow_until_last_ack(struct flow *f, uint64_t after_ns, uint32_t more)
{
	flow_open_with_data(f, ROLE_SERVER);
	flow_peer_fin(f);
	flow_wait(f, after_ns);
	flow_fin(f, more);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The handshake chapter: from the SYN to ESTABLISHED, or to the failure. */
#include <errno.h>
#include <linux/bpf.h>

#include "chapter_parts.h"
#include "shared/verdict.h"

/* The sequence number n after seq, modulo 2^32. */
static struct maybe seq_after(struct maybe seq, uint32_t n)
{
	return known_if(seq.known, (uint32_t)((uint32_t)seq.value + n));
}

static enum missing handshake_missing(const struct handshake_part *h)
{
	if (h->flags & HANDSHAKE_BEFORE_TRACE)
		return MISSING_BEFORE_TRACE;
	if (h->flags & HANDSHAKE_TABLE_FULL)
		return MISSING_TABLE_FULL;
	if (h->flags & HANDSHAKE_EVENTS_LOST || !diary_retransmits_seen(h))
		return MISSING_EVENTS_LOST;
	return MISSING_NOTHING;
}

static bool was_reset(const struct handshake_part *h, enum outcome outcome)
{
	return outcome == OUTCOME_REFUSED || outcome == OUTCOME_RESET ||
	       (h->flags & HANDSHAKE_RST_RECEIVED && h->err);
}

/* The last step of a handshake that ended in CLOSE: the RST that was sent or received, if any. */
static void set_failed_segment(struct chapter *ch, struct step *s, const struct handshake_part *h,
			       enum outcome outcome)
{
	/* in SYN_RECV close() and disconnect() send an RST (tcp_need_reset(), tcp_disconnect()) */
	if (outcome == OUTCOME_ABANDONED && s->from == BPF_TCP_SYN_RECV) {
		struct maybe seq = seq_after(ch->iss, 1);

		/* an accepted fast-open server may have sent data by then */
		seq.known &= !h->accept_ns;
		step_set_segment(s, true, SEGMENT_RST | SEGMENT_ACK, seq,
				 seq_after(ch->irs, 1 + h->early_received));
		ch->completeness |= COMPLETE_RST | COMPLETE_ACK;
	}
	if (!was_reset(h, outcome))
		return;
	/* SYN_SENT accepts an RST only when it acknowledges our SYN (RFC 9293, 3.10.7.3) */
	step_set_segment(s, false, SEGMENT_RST | SEGMENT_ACK, (struct maybe){ 0 },
			 seq_after(ch->iss, 1));
	ch->completeness |= COMPLETE_RST | COMPLETE_ACK;
}

static void set_client_segment(struct chapter *ch, struct step *s, const struct handshake_part *h,
			       enum outcome outcome)
{
	const struct maybe none = { 0 };
	struct maybe snd_next = seq_after(ch->iss, 1 + h->early_sent);
	struct maybe rcv_next = seq_after(ch->irs, 1);

	if (s->to == BPF_TCP_SYN_SENT && h->flags & HANDSHAKE_SYN_AT_WRITE && !h->sent_ns) {
		/* connect() sent nothing; only what followed shows whether the SYN left later */
		s->t_ns = none;
		if (!h->retransmits && !(h->flags & HANDSHAKE_ESTABLISHED))
			return;
	}
	if (s->to == BPF_TCP_SYN_SENT && outcome != OUTCOME_NO_PORT) {
		step_set_segment(s, true, SEGMENT_SYN, ch->iss, none);
		ch->completeness |= COMPLETE_SYN;
		return;
	}
	if (s->from == BPF_TCP_SYN_SENT && s->to == BPF_TCP_SYN_RECV) {
		struct step *answer;

		step_set_segment(s, false, SEGMENT_SYN, ch->irs, none);
		answer = chapter_add_step(ch, s->t_ns, s->to, s->to);
		answer->derived = true;
		step_set_segment(answer, true, SEGMENT_SYN | SEGMENT_ACK, ch->iss, rcv_next);
		ch->completeness |= COMPLETE_SYNACK;
		return;
	}
	if (s->to == BPF_TCP_ESTABLISHED) {
		bool syns_crossed = s->from == BPF_TCP_SYN_RECV;

		step_set_segment(s, false, SEGMENT_SYN | SEGMENT_ACK, ch->irs, snd_next);
		ch->completeness |= COMPLETE_SYNACK;
		if (syns_crossed || !(h->flags & HANDSHAKE_ACK_DELAYED))
			ch->completeness |= COMPLETE_ACK;
		if (!syns_crossed && !(h->flags & HANDSHAKE_ACK_DELAYED)) {
			s = chapter_add_step(ch, s->t_ns, s->to, s->to);
			s->derived = true;
			step_set_segment(s, true, SEGMENT_ACK, snd_next, rcv_next);
		}
		return;
	}
	if (s->to == BPF_TCP_CLOSE)
		set_failed_segment(ch, s, h, outcome);
}

/*
 * What precedes a server's first state change: the SYN, and the SYN,ACK that answers it.
 * has_time: the chapter begins when the SYN,ACK left.
 */
static void add_server_opening(struct chapter *ch, const struct handshake_part *h, bool has_time)
{
	const struct maybe none = { 0 };
	struct step *s = chapter_add_step(ch, none, BPF_TCP_LISTEN, BPF_TCP_NEW_SYN_RECV);

	step_set_segment(s, false, SEGMENT_SYN, ch->irs, none);
	s = chapter_add_step(ch, has_time ? known(0) : none, BPF_TCP_NEW_SYN_RECV,
			     BPF_TCP_NEW_SYN_RECV);
	s->derived = true;
	step_set_segment(s, true, SEGMENT_SYN | SEGMENT_ACK, ch->iss,
			 seq_after(ch->irs, 1 + h->early_received));
	ch->completeness |= COMPLETE_SYN | COMPLETE_SYNACK;
}

/* Of an attempt of which no SYN,ACK came. */
static bool begins_with_syn(const struct handshake_part *h)
{
	enum step_kind kind = step_kind(h->steps[0]);

	return h->flags & HANDSHAKE_NO_SOCKET &&
	       (kind == STEP_SYN_RECEIVED ||
		(kind == STEP_DROPPED && step_from(h->steps[0]) == BPF_TCP_LISTEN));
}

/* The last ACK, as a server gets it. */
static void set_last_ack(struct chapter *ch, struct step *s, const struct handshake_part *h)
{
	struct maybe seq = seq_after(ch->irs, 1 + h->early_received);

	if (h->flags & HANDSHAKE_ACK_AHEAD && !(h->flags & HANDSHAKE_ACK_DROPPED))
		seq.known = false;
	step_set_segment(s, false, SEGMENT_ACK, seq, seq_after(ch->iss, 1 + h->early_sent));
	ch->completeness |= COMPLETE_ACK;
}

static void set_server_segment(struct chapter *ch, struct step *s, const struct handshake_part *h,
			       enum outcome outcome)
{
	if (s->to == BPF_TCP_ESTABLISHED) {
		/* else it came before: this is data, a FIN, or one more ACK */
		if (!(h->flags & HANDSHAKE_ACK_DROPPED))
			set_last_ack(ch, s, h);
	} else if (s->to == BPF_TCP_CLOSE) {
		set_failed_segment(ch, s, h, outcome);
	}
}

/* Of an attempt that made no socket.  The RST answers the SYN (RFC 9293, 3.10.7.1). */
static void set_attempt_segment(struct chapter *ch, struct step *s, const struct handshake_part *h,
				enum step_kind kind)
{
	if (kind == STEP_SYN_RECEIVED || (kind == STEP_DROPPED && s->from == BPF_TCP_LISTEN)) {
		step_set_segment(s, false, SEGMENT_SYN, ch->irs, (struct maybe){ 0 });
		ch->completeness |= COMPLETE_SYN;
	} else if (kind == STEP_RST_SENT) {
		step_set_segment(s, true, SEGMENT_RST | SEGMENT_ACK, known(0),
				 seq_after(ch->irs, 1 + h->early_received));
		ch->completeness |= COMPLETE_RST | COMPLETE_ACK;
	} else if (kind == STEP_RST_RECEIVED) {
		step_set_segment(s, false, SEGMENT_RST, seq_after(ch->irs, 1), (struct maybe){ 0 });
		ch->completeness |= COMPLETE_RST;
	} else if (kind == STEP_EXPIRED || kind == STEP_DROPPED) {
		/* when the kernel's timer was due */
		s->derived = true;
	}
}

static void read_steps(struct chapter *ch, const struct handshake_part *h, uint64_t begin_ns,
		       enum outcome outcome)
{
	unsigned int n = h->n_steps < HANDSHAKE_STEPS ? h->n_steps : HANDSHAKE_STEPS;
	/* of a client's SYNs those count that left */
	uint8_t syns_sent = n && step_kind(h->steps[0]) == STEP_UNSENT ? 0 : 1;
	/* the ACK that the kernel dropped; 0: none, or it is among the steps by now */
	uint64_t dropped_ns = h->flags & HANDSHAKE_ACK_DROPPED ? diary_acked_ns(h, 0) : 0;

	for (unsigned int i = 0; i < n; i++) {
		uint64_t step = h->steps[i], t_ns = h->t0_ns + step_t_ns(step);
		struct maybe t = known_delay(begin_ns, t_ns);
		struct step *s;

		if (dropped_ns && dropped_ns <= t_ns) {
			s = chapter_add_step(ch, known_delay(begin_ns, dropped_ns),
					     BPF_TCP_NEW_SYN_RECV, BPF_TCP_NEW_SYN_RECV);
			set_last_ack(ch, s, h);
			dropped_ns = 0;
		}
		s = chapter_add_step(ch, t, step_from(step), step_to(step));
		if (step_kind(step) == STEP_UNSENT || step_kind(step) == STEP_RETRANSMIT_UNSENT) {
			step_set_unsent(s, SEGMENT_SYN, ch->iss);
		} else if (step_kind(step) == STEP_RETRANSMIT) {
			if (h->role == ROLE_SERVER)
				step_set_segment(s, true, SEGMENT_SYN | SEGMENT_ACK, ch->iss,
						 seq_after(ch->irs, 1 + h->early_received));
			else
				step_set_segment(s, true, SEGMENT_SYN, ch->iss,
						 (struct maybe){ 0 });
			s->segment.number = ++syns_sent;
			ch->completeness |= COMPLETE_SYN;
		} else if (h->flags & HANDSHAKE_NO_SOCKET) {
			set_attempt_segment(ch, s, h, step_kind(step));
		} else if (h->role == ROLE_SERVER) {
			set_server_segment(ch, s, h, outcome);
		} else {
			set_client_segment(ch, s, h, outcome);
		}
	}
}

/* A retransmission does not change it. */
uint64_t chapter_handshake_since_ns(const struct handshake_part *h)
{
	/* of a request: its SYN,ACK */
	uint64_t since_ns = h->flags & HANDSHAKE_NO_SOCKET ? h->sent_ns : 0;

	if (handshake_missing(h))
		return 0;
	for (unsigned int i = 0; i < h->n_steps && i < HANDSHAKE_STEPS; i++)
		if (step_from(h->steps[i]) != step_to(h->steps[i]))
			since_ns = h->t0_ns + step_t_ns(h->steps[i]);
	return since_ns;
}

/* The first SYN that leaves this host is no retransmission. */
static uint32_t syn_retransmits(const struct handshake_part *h)
{
	return h->unsent > h->retransmits ? 0 : h->retransmits - h->unsent;
}

void chapter_handshake(struct chapter *ch, const struct handshake_part *h, uint64_t now_ns)
{
	struct handshake *hs = &ch->handshake;
	uint64_t end_ns = diary_handshake_end_ns(h), begin_ns, begun_ns;
	bool established = h->flags & HANDSHAKE_ESTABLISHED,
	     over = established || h->state == BPF_TCP_CLOSE;

	chapter_begin(ch, h);
	ch->type = CHAPTER_HANDSHAKE;
	ch->missing = handshake_missing(h);
	ch->open = now_ns && !over;
	hs->outcome = verdict_outcome(h);
	if (hs->outcome == OUTCOME_NO_PORT)
		ch->err = EADDRNOTAVAIL;
	else if (!established && h->err > 0)
		ch->err = h->err;

	begun_ns = diary_handshake_begin_ns(h, end_ns);
	/* the chapter begins with the first SYN, even if it did not leave */
	begin_ns = begun_ns && !h->unsent ? begun_ns : h->t0_ns;
	ch->t_ns = known_unless_0(begin_ns);
	if (h->role == ROLE_SERVER && !begins_with_syn(h))
		add_server_opening(ch, h, begun_ns);
	if (begin_ns)
		read_steps(ch, h, begin_ns, hs->outcome);
	if (over && hs->outcome != OUTCOME_NO_PORT)
		hs->handshake_ns = known_span(begun_ns, diary_acked_ns(h, end_ns));
	if (ch->open) {
		ch->state = h->state;
		ch->state_ns = known_span(chapter_handshake_since_ns(h), now_ns);
	}

	if (established)
		hs->rtt_ns = known_unless_0((uint64_t)diary_rtt_us(h) * 1000);
	if (h->role == ROLE_CLIENT)
		hs->syn_retransmits = known_if(!ch->missing, syn_retransmits(h));
	else if (h->role == ROLE_SERVER)
		hs->synack_retransmits = known_if(established || ch->no_socket, h->retransmits);
	if (h->accept_ns && established && h->role == ROLE_SERVER)
		hs->accept_ns = known_delay(end_ns, h->accept_ns);
	hs->awaits_accept = h->flags & HANDSHAKE_AWAITS_ACCEPT;
	hs->ack_queue_full = h->flags & HANDSHAKE_ACK_QUEUE_FULL;
	if (hs->ack_queue_full && established)
		hs->late_ns = known_span(diary_acked_ns(h, end_ns), end_ns);
	if (hs->outcome == OUTCOME_DROPPED)
		hs->drop_reason = h->flags & HANDSHAKE_SYN_QUEUE ? DROP_SYN_QUEUE
								 : DROP_ACCEPT_QUEUE;
	if (h->early_sent || h->early_received)
		ch->completeness |= COMPLETE_DATA;
	if (h->flags & HANDSHAKE_RST_SENT)
		ch->completeness |= COMPLETE_RST;
	hs->iss = ch->iss;
	hs->irs = ch->irs;
	chapter_read_options(hs, h);
}

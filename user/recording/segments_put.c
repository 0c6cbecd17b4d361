// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Makes packets of the segments, with their sequence numbers, and markers for the data between them. */
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "chapter/names.h"
#include "segments_parts.h"

/*
 * Data between two segments is this many markers at most, unless a marker would exceed the
 * window.
 */
#define MARKERS 16

/* Of more data than this, in bytes, whole cycles of the sequence numbers (4 GiB) are left out. */
#define DATA_MAX (256ULL << 30)

#define WHAT_MAX 200
#define COMMENT_MAX 400

/* Whose record has what this side sends: its own, or the only one. */
static int recorded_by(const struct work *w, int side)
{
	return side < w->n_ends ? side : 0;
}

static int other_side(const struct work *w, int side)
{
	return w->itself ? side : !side;
}

static const struct handshake_part *handshake_of(const struct work *w, int end)
{
	return &w->s->ends[end].record->h;
}

static void put_options(struct packet *p, const struct work *w, int side)
{
	int end = recorded_by(w, side);
	const struct handshake_part *h = handshake_of(w, end);
	const struct handshake *hs = &w->chapters[end].handshake;
	bool own = end == side;

	p->sack = hs->sack == TRISTATE_YES;
	p->scales = hs->rcv_wscale.known;
	p->wscale = own ? h->rcv_wscale & 15 : h->snd_wscale & 15;
	/* a SYN cookie keeps one of four MSS values, not the peer's own, and no round trip */
	if (own)
		p->mss = h->advmss;
	else if (hs->syncookie == TRISTATE_NO ||
		 (hs->syncookie == TRISTATE_UNKNOWN && hs->rtt_ns.known))
		p->mss = h->peer_mss;
}

/* "#5 curl[4711] client > SYN CLOSE -> SYN_SENT netns 4026531840", in the words of the timeline. */
static void put_comment(char buf[COMMENT_MAX], const struct work *w, int end, const char *what)
{
	const struct chapter *ch = &w->chapters[end];
	char who[PERSON_TEXT_MAX], ifname[IFNAME_TEXT_MAX];

	snprintf(buf, COMMENT_MAX, "#%llu %s %s %s netns %u%s%s", (unsigned long long)ch->conn,
		 name_person(who, &ch->owner), name_or_dash(name_role(ch->role)), what, ch->netns,
		 *ch->ifname ? " ifname " : "", text_foreign(ifname, sizeof(ifname), ch->ifname));
}

static void describe(char buf[WHAT_MAX], const struct work *w, const struct sent_segment *s)
{
	const struct chapter *ch = &w->chapters[s->end];
	const struct step *step = s->step;
	char who[PERSON_TEXT_MAX], from[32];
	struct word segment;
	const char *name = name_segment(&segment, &step->segment);
	int len;

	snprintf(from, sizeof(from), "%s", name_state(step->from));
	len = snprintf(buf, WHAT_MAX, "%s %s", name_or_dash(name), from);
	if (step->to != step->from)
		len += snprintf(buf + len, WHAT_MAX - (size_t)len, " -> %s", name_state(step->to));
	if (ch->type == CHAPTER_CLOSE && step->segment.sent && s->kind != KIND_ACK &&
	    ch->close.closer.pid.known && ch->close.closer.pid.value != ch->owner.pid.value)
		len += snprintf(buf + len, WHAT_MAX - (size_t)len, " by %s",
				name_person(who, &ch->close.closer));
	if (s->derived)
		snprintf(buf + len, WHAT_MAX - (size_t)len, ", time %s,",
			 step->t_ns.known ? "computed" : "not known");
}

static int put_packet(struct work *w, struct packet *p, int end, int side, struct maybe t_ns,
		      const char *what)
{
	const struct segments_end *e = &w->s->ends[end];
	const struct chapter *ch = &w->chapters[end];
	bool out = end == side;
	char comment[COMMENT_MAX];

	put_comment(comment, w, end, what);
	p->comment = comment;
	p->outbound = out;
	p->t_ns = number_add(t_ns.value, e->clock_offset_ns);
	p->family = ch->family;
	memcpy(out ? p->from : p->to, ch->local, 16);
	memcpy(out ? p->to : p->from, ch->remote, 16);
	*(out ? &p->from_port : &p->to_port) = (uint16_t)ch->local_port.value;
	*(out ? &p->to_port : &p->from_port) = (uint16_t)ch->remote_port.value;
	return w->s->put(w->s->ctx, p);
}

/* The other side acknowledges everything that this side has sent. */
static int acknowledge(struct work *w, int side, struct maybe t_ns)
{
	int other = other_side(w, side);
	struct packet p = {
		.flags = PACKET_ACK,
		.seq = w->streams[other].next,
		.ack = w->streams[side].next,
	};

	w->streams[side].unacknowledged = 0;
	if (!w->streams[other].known)
		return 0;
	return put_packet(w, &p, recorded_by(w, other), other, t_ns,
			  recorded_by(w, other) == other ? "> ACK of the preceding data,"
							 : "< ACK of the preceding data,");
}

/* Markers for n bytes that this side sent before t_ns. */
static int send_data(struct work *w, int side, uint64_t n, struct maybe t_ns)
{
	struct stream *stream = &w->streams[side], *other = &w->streams[other_side(w, side)];
	uint64_t size, left_out = n > DATA_MAX ? (n - DATA_MAX) >> 32 << 32 : 0;
	int end = recorded_by(w, side), err = 0;
	char what[96];

	if (!n || !other->known)
		return 0;
	stream->pos += left_out;
	n -= left_out;
	size = n / MARKERS + 1;
	if (size < PACKET_PAYLOAD_IP)
		size = PACKET_PAYLOAD_IP;
	if (size > PACKET_PAYLOAD_MAX)
		size = PACKET_PAYLOAD_MAX;
	while (n && !err) {
		struct packet p = { .flags = PACKET_ACK, .seq = stream->next, .ack = other->next };

		p.payload = (uint32_t)(n < size ? n : size);
		if (stream->unacknowledged + p.payload > PACKET_PAYLOAD_MAX) {
			err = acknowledge(w, side, t_ns);
			if (err)
				return err;
		}
		snprintf(what, sizeof(what), "%s %u bytes of data, at this time or before,",
			 end == side ? ">" : "<", p.payload);
		err = put_packet(w, &p, end, side, t_ns, what);
		stream->next += p.payload;
		stream->pos += p.payload;
		stream->unacknowledged += p.payload;
		other->unacknowledged = 0;
		n -= p.payload;
	}
	return err;
}

static uint64_t bytes_left(const struct stream *s)
{
	uint64_t total = (uint64_t)s->total.value;

	return s->total.known && total > s->pos ? total - s->pos : 0;
}

/*
 * Payload from the stream's end so far to a sequence number, in bytes; it may be more than 4 GiB.
 */
static uint64_t bytes_up_to(const struct stream *s, uint32_t seq)
{
	uint32_t n = seq - s->next;
	uint64_t rest = bytes_left(s);

	if (n <= rest)
		return n + ((rest - n) >> 32 << 32);
	/* the number is below what was sent already */
	if (n > INT32_MAX)
		return 0;
	return s->total.known ? rest : n;
}

/* A segment at t_ns shows that this side has sent everything before seq. */
static int send_up_to(struct work *w, int side, uint32_t seq, struct maybe t_ns)
{
	struct stream *s = &w->streams[side];

	/* the other segments were written before: there is no number to count from */
	if (s->known && !w->s->written)
		return send_data(w, side, bytes_up_to(s, seq), t_ns);
	if (!s->known || is_after(seq, s->next))
		*s = (struct stream){ .known = true, .next = seq };
	return 0;
}

/* In which order both sides sent their data is not known; a client mostly speaks first. */
static int first_side(const struct work *w)
{
	return w->chapters[0].role == ROLE_SERVER;
}

static int send_up_to_both(struct work *w, const struct sent_segment *s)
{
	int side = first_side(w), err = 0;

	for (int i = 0; i < 2 && !err; i++, side = !side) {
		struct maybe number = side == s->side ? s->step->seq : s->step->ack;

		if (number.known)
			err = send_up_to(w, w->itself ? 0 : side, (uint32_t)number.value, s->t_ns);
	}
	return err;
}

/* At the end of the connection: the data that the totals have and no number showed. */
static int send_rest(struct work *w, struct maybe t_ns)
{
	int side = first_side(w), err = 0;

	for (int i = 0; i < 2 && !err; i++, side = !side)
		if (w->streams[side].known && !w->s->written)
			err = send_data(w, side, bytes_left(&w->streams[side]), t_ns);
	return err;
}

/* Bytes of data in a SYN that were acknowledged with it (TCP Fast Open). */
static uint32_t syn_payload(const struct work *w, const struct sent_segment *s)
{
	const struct handshake_part *h = handshake_of(w, s->end);
	uint32_t n = s->side == s->end ? h->early_sent : h->early_received;

	if (s->kind != KIND_SYN || s->step->segment.number > 1 ||
	    !(h->flags & HANDSHAKE_FASTOPEN) ||
	    h->role != (s->side == s->end ? ROLE_CLIENT : ROLE_SERVER))
		return 0;
	return n < PACKET_PAYLOAD_IP ? n : 0;
}

static int put_syn(struct work *w, const struct sent_segment *s)
{
	const struct step *step = s->step;
	struct stream *stream = &w->streams[s->side];
	struct packet p = {
		.flags = PACKET_SYN | (s->kind == KIND_SYNACK ? PACKET_ACK : 0),
		.seq = (uint32_t)step->seq.value,
		.ack = (uint32_t)step->ack.value,
		.payload = syn_payload(w, s),
	};
	char what[WHAT_MAX];

	if (!step->seq.known)
		return 0;
	if (!stream->known) {
		*stream = (struct stream){ .known = true, .next = p.seq + 1 + p.payload };
		stream->unacknowledged = p.payload;
	}
	put_options(&p, w, s->side);
	describe(what, w, s);
	return put_packet(w, &p, s->end, s->side, s->t_ns, what);
}

/* Does this RST have an ACK?  Its receiver's record does not say, except for a handshake's. */
static bool rst_with_ack(const struct work *w, const struct sent_segment *s)
{
	const struct record *r = w->s->ends[s->end].record;

	if (s->side != s->end)
		return s->step->segment.flags & SEGMENT_ACK;
	return !chapter_reset_answers(r);
}

static int put_segment(struct work *w, const struct sent_segment *s)
{
	const struct step *step = s->step;
	struct stream *ours = &w->streams[s->side];
	struct stream *theirs = &w->streams[other_side(w, s->side)];
	bool ack = s->kind != KIND_RST || rst_with_ack(w, s);
	struct packet p = { 0 };
	char what[WHAT_MAX];
	int err;

	/* without its number an ACK says nothing */
	if (s->kind == KIND_ACK && !step->ack.known)
		return 0;
	err = s->kind == KIND_RST ? send_rest(w, s->t_ns) : send_up_to_both(w, s);
	if (err)
		return err;
	if (!ours->known && !(s->kind == KIND_RST && w->s->part == SEGMENTS_HANDSHAKE))
		return 0;
	if (ack && !step->ack.known && !theirs->known)
		return 0;
	p.flags = (s->kind == KIND_RST ? PACKET_RST : 0) | (s->kind == KIND_FIN ? PACKET_FIN : 0) |
		  (ack ? PACKET_ACK : 0);
	p.seq = step->seq.known ? (uint32_t)step->seq.value : ours->known ? ours->next : 0;
	if (ack)
		p.ack = step->ack.known ? (uint32_t)step->ack.value : theirs->next;
	if (ack)
		theirs->unacknowledged = 0;
	if (s->kind == KIND_FIN && !is_after(ours->next, p.seq))
		*ours = (struct stream){ .known = true, .next = p.seq + 1 };
	describe(what, w, s);
	return put_packet(w, &p, s->end, s->side, s->t_ns, what);
}

/* Where the handshake left what this side sends, by the record of an end that knows it. */
static void begin_stream(struct stream *s, const struct handshake_part *h, bool own)
{
	uint32_t early = own ? h->early_sent : h->early_received;

	if (s->known || !(h->options & OPTION_KNOWN))
		return;
	s->known = true;
	s->next = (own ? h->iss : h->irs) + 1 + early;
	s->pos = early;
}

/* Both streams, and how much payload they carried in all. */
static void begin_streams(struct work *w)
{
	for (int side = 0; w->s->part == SEGMENTS_CLOSE && side < 2; side++) {
		int end = recorded_by(w, side);
		const struct close *cl = &w->chapters[end].close;

		w->streams[side].total = end == side ? cl->bytes_sent : cl->bytes_received;
		begin_stream(&w->streams[side], handshake_of(w, end), end == side);
		if (w->n_ends == 2)
			begin_stream(&w->streams[side], handshake_of(w, !end), false);
	}
}

int segments_put(struct work *w)
{
	int err = 0;

	begin_streams(w);
	for (size_t i = 0; i < w->n && !err; i++) {
		const struct sent_segment *s = &w->list[i];
		bool opens = s->kind == KIND_SYN || s->kind == KIND_SYNACK;

		err = opens ? put_syn(w, s) : put_segment(w, s);
	}
	if (!err && w->s->part == SEGMENTS_CLOSE && !w->chapters[0].open && w->end_ns.known)
		err = send_rest(w, w->end_ns);
	return err;
}

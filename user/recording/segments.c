// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Finds the segments, each in one record, and sorts them. */
#include "segments_parts.h"

#include <string.h>

#include "base/number.h"

static enum kind kind_of(const struct step *step)
{
	uint8_t flags = step->segment.flags;

	if (flags & SEGMENT_RST)
		return KIND_RST;
	if (flags & SEGMENT_SYN)
		return flags & SEGMENT_ACK ? KIND_SYNACK : KIND_SYN;
	return flags & SEGMENT_FIN ? KIND_FIN : KIND_ACK;
}

static uint16_t bit_of(int side, enum kind kind)
{
	return (uint16_t)(1U << (kind + side * KINDS_SHIFT));
}

static uint16_t kinds_in(const struct work *w)
{
	uint16_t mask = 0;

	for (size_t i = 0; i < w->n; i++)
		mask |= bit_of(w->list[i].side, w->list[i].kind);
	return mask;
}

/*
 * Adds the segments of one end's chapter that it sent, or received, and whose time is known, or
 * is not; but none of the kinds in `except`.
 */
static void gather(struct work *w, int end, bool sent, bool timed, uint16_t except)
{
	const struct chapter *ch = &w->chapters[end];

	for (size_t i = 0;
	     i < chapter_step_count(ch) && w->n < sizeof(w->list) / sizeof(w->list[0]); i++) {
		const struct step *step = &ch->steps[i];
		int side = sent ? end : !end;
		enum kind kind = kind_of(step);
		bool has_time = ch->t_ns.known && step->t_ns.known;

		if (!step->segment.flags || step->segment.unsent || step->segment.sent != sent ||
		    has_time != timed || except & bit_of(side, kind))
			continue;
		w->list[w->n++] = (struct sent_segment){
			.t_ns = known_if(timed, number_add(ch->t_ns.value, step->t_ns.value)),
			.end = (uint8_t)end,
			.side = (uint8_t)side,
			.kind = kind,
			.derived = step->derived || !timed,
			.step = step,
		};
	}
}

/*
 * The sender's record goes first where it has the time.  Without a time only a handshake's
 * segments are taken: they crossed the wire for sure, while an ACK may have left inside another
 * segment.
 */
static void gather_all(struct work *w)
{
	uint16_t except = w->s->written;

	for (int end = 0; end < w->n_ends; end++)
		gather(w, end, true, true, except);
	except |= kinds_in(w);
	for (int end = 0; end < w->n_ends && !w->itself; end++)
		gather(w, end, false, true, except);
	if (w->s->part != SEGMENTS_HANDSHAKE)
		return;
	for (int sent = 1; sent >= (w->itself ? 1 : 0); sent--)
		for (int end = 0; end < w->n_ends; end++)
			gather(w, end, sent, false, w->s->written | kinds_in(w));
}

/* Does `a` acknowledge the SYN or FIN `b` of the other side? */
static bool acknowledges(const struct sent_segment *a, const struct sent_segment *b)
{
	return a->side != b->side && b->kind != KIND_ACK && b->kind != KIND_RST &&
	       b->step->segment.number <= 1 && a->step->ack.known && b->step->seq.known &&
	       is_after((uint32_t)a->step->ack.value, (uint32_t)b->step->seq.value);
}

/*
 * Did the receiver see this ACK before this FIN of the same side?  The ACK has the time of its
 * arrival and the FIN that of its departure, so that the FIN may look earlier.
 */
static bool came_before(const struct work *w, const struct sent_segment *ack,
			const struct sent_segment *fin)
{
	const struct chapter *ch = &w->chapters[ack->end];
	const struct step *end = ch->steps + chapter_step_count(ch);

	if (ack->side != fin->side || ack->end == ack->side || ack->kind != KIND_ACK ||
	    fin->kind != KIND_FIN)
		return false;
	for (const struct step *step = ack->step + 1; step < end; step++)
		if (step->segment.flags && !step->segment.sent && kind_of(step) == KIND_FIN)
			return true;
	return false;
}

static void move_up(struct sent_segment *list, size_t from, size_t to)
{
	struct sent_segment moved = list[from];

	memmove(list + to + 1, list + to, (from - to) * sizeof(*list));
	list[to] = moved;
}

static bool is_before(const struct sent_segment *a, const struct sent_segment *b)
{
	return b->t_ns.known && (!a->t_ns.known || a->t_ns.value < b->t_ns.value);
}

/*
 * By time; but some times were computed, so a segment also comes after those it acknowledges, and
 * segments stay in the order of their arrival.
 */
static void sort(struct work *w)
{
	/* a limit, for in a damaged record segments may acknowledge each other */
	size_t moves = w->n;

	for (size_t i = 1; i < w->n; i++) {
		size_t to = i;

		while (to && is_before(&w->list[i], &w->list[to - 1]))
			to--;
		move_up(w->list, i, to);
	}
	for (size_t i = 0; i < w->n; i++) {
		for (size_t j = i + 1; j < w->n && moves; j++) {
			bool came_first = came_before(w, &w->list[j], &w->list[i]);

			if (!came_first && !acknowledges(&w->list[i], &w->list[j]))
				continue;
			/* its departure, which is not known, was earlier than its arrival */
			w->list[j].derived |= came_first;
			move_up(w->list, j, i);
			moves--;
			j = i;
		}
	}
}

/* The time of the last step of all, with a segment or without. */
static struct maybe end_time(const struct work *w)
{
	struct maybe end = { 0 };

	for (int i = 0; i < w->n_ends; i++) {
		const struct chapter *ch = &w->chapters[i];
		size_t n = chapter_step_count(ch);
		int64_t t_ns;

		if (!n || !ch->t_ns.known || !ch->steps[n - 1].t_ns.known)
			continue;
		t_ns = number_add(ch->t_ns.value, ch->steps[n - 1].t_ns.value);
		if (!end.known || end.value < t_ns)
			end = known(t_ns);
	}
	return end;
}

/*
 * No computed time is later than that of the next segment, and an unknown one becomes equal to
 * it.  Without any known time there are no packets.
 */
static void settle_times(struct work *w)
{
	struct maybe next_ns = w->end_ns;

	for (size_t i = w->n; i-- > 0;) {
		struct sent_segment *s = &w->list[i];

		if (!s->t_ns.known ||
		    (s->derived && next_ns.known && s->t_ns.value > next_ns.value))
			s->t_ns = next_ns;
		next_ns = s->t_ns;
	}
	if (!next_ns.known)
		w->n = 0;
}

static void begin_work(struct work *w, struct segments *s)
{
	w->s = s;
	w->n_ends = s->ends[1].record ? 2 : 1;
	w->n = 0;
	memset(w->streams, 0, sizeof(w->streams));
	for (int end = 0; end < w->n_ends; end++) {
		const struct segments_end *e = &s->ends[end];

		if (s->part == SEGMENTS_HANDSHAKE)
			chapter_handshake(&w->chapters[end], &e->record->h, e->now_ns);
		else
			chapter_close(&w->chapters[end], e->record, e->now_ns);
	}
	w->itself = !memcmp(w->chapters[0].local, w->chapters[0].remote, 16) &&
		    w->chapters[0].local_port.value == w->chapters[0].remote_port.value;
}

int segments_put_part(struct segments *s)
{
	struct work w;
	int err;

	begin_work(&w, s);
	gather_all(&w);
	sort(&w);
	w.end_ns = end_time(&w);
	settle_times(&w);
	err = segments_put(&w);
	s->written |= kinds_in(&w);
	return err;
}

uint16_t segments_mirror(uint16_t written)
{
	return (uint16_t)(written << KINDS_SHIFT | written >> KINDS_SHIFT);
}

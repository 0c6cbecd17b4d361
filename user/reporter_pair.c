// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * --pair: the two ends of a connection as one conversation.  A format that prints both ends in one picture waits with
 * the chapters until it is known whether there is another end; the others print the conversation besides.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/number.h"
#include "chapter/cause.h"
#include "conversation/conversation.h"
#include "conversation/expected.h"
#include "conversation/witnesses.h"
#include "recording/recordings.h"
#include "reporter_parts.h"

/* So long a chapter waits in a live trace for one of an end that was not met before. */
#define PATIENCE_NS NS_PER_S

struct pairs {
	struct pairing *pairing;
	struct clocks *clocks;
	struct witnesses witnesses;
	struct expected *expected; /* NULL: it is not known which ends will come */
	int64_t clock_offset_ns;   /* while the recordings are looked at */
	struct conversation conversation;
};

static bool wants_pairs(const struct reporter *reporter)
{
	const struct options *o = reporter->options;
	const struct renderer *renderer = reporter->renderer;

	return renderer->conversation && (o->pair || (o->read_file && renderer->pairs_recordings));
}

/* Their times are those of the end's host. */
static void set_clock(struct reporter *reporter, const struct end *end, int64_t *before)
{
	*before = reporter->context.clock_offset_ns;
	reporter->context.clock_offset_ns = end->clock_offset_ns;
}

static void report_both(void *ctx, const struct end *client, const struct end *server,
			enum matched matched)
{
	struct reporter *reporter = ctx;
	struct conversation *c = &reporter->pairs->conversation;
	const struct conversation_context with = {
		.matched = matched,
		.clocks = reporter->pairs->clocks,
		.slow = &reporter->options->slow,
	};
	int64_t before;

	conversation_set(c, client, server, &with);
	set_clock(reporter, client, &before);
	reporter->renderer->conversation(&reporter->context, c);
	reporter->context.clock_offset_ns = before;
}

/* Has anything come from the peer? */
static bool is_answered(const struct chapter *ch)
{
	for (size_t i = 0; i < chapter_step_count(ch); i++)
		if (ch->steps[i].segment.flags && !ch->steps[i].segment.sent)
			return true;
	return false;
}

void reporter_find_witness(const struct reporter *reporter, struct chapter *ch)
{
	const struct pairs *p = reporter->pairs;
	const struct witness *w;
	uint32_t host;
	int64_t t_ns;

	/* what is held may have another end, which the selection leaves out */
	if (!p || !p->expected || reporter->held || ch->type != CHAPTER_HANDSHAKE ||
	    ch->role != ROLE_CLIENT || !ch->t_ns.known ||
	    ch->handshake.outcome == OUTCOME_NO_PORT || is_answered(ch))
		return;
	host = clocks_host(p->clocks);
	w = witnesses_find(&p->witnesses, host, ch->remote);
	if (!w)
		return;
	t_ns = number_add(number_add(ch->t_ns.value, reporter->context.clock_offset_ns),
			  clocks_offset(p->clocks, host, w->host).ns);
	if (t_ns >= w->first_ns && t_ns <= w->last_ns)
		ch->unseen_by = clocks_host_name(p->clocks, w->host);
}

static void report_alone(void *ctx, const struct end *end)
{
	struct reporter *reporter = ctx;
	struct chapter ch;
	int64_t before;

	if (!reporter->renderer->pairs_instead)
		return;
	set_clock(reporter, end, &before);
	if (!end->handshake_reported) {
		chapter_handshake(&ch, &end->record.h, end->has_close ? 0 : end->now_ns);
		chapter_set_cause(&ch, &reporter->options->slow);
		reporter_render(reporter, &ch, NULL);
	}
	if (end->has_close) {
		reporter_close_chapter(reporter, &ch, end);
		reporter_render(reporter, &ch, &end->record);
	}
	reporter->context.clock_offset_ns = before;
}

static void note(struct pairs *p, const struct handshake_part *h)
{
	uint64_t t_ns = diary_handshake_end_ns(h);

	if (p->expected)
		expected_note(p->expected, h);
	if (t_ns && t_ns <= INT64_MAX)
		witnesses_note(&p->witnesses, clocks_host(p->clocks), h,
			       number_add((int64_t)t_ns, p->clock_offset_ns));
}

static int look(void *ctx, const struct item *item)
{
	struct pairs *p = ctx;
	union {
		struct handshake_part handshake;
		struct item_open open;
	} u;

	clocks_item(p->clocks, item);
	if (item->len < item_size(item->type))
		return 0;
	if (item->type == ITEM_CLOCK) {
		memcpy(&p->clock_offset_ns, item->data, sizeof(p->clock_offset_ns));
	} else if (item->type == ITEM_OPEN) {
		memcpy(&u.open, item->data, sizeof(u.open));
		note(p, &u.open.record.h);
	} else if (item->type == ITEM_HANDSHAKE || item->type == ITEM_CLOSE) {
		memcpy(&u.handshake, item->data, sizeof(u.handshake));
		note(p, &u.handshake);
	}
	return 0;
}

/*
 * Recordings are read twice: before anything is printed the clocks of their hosts are compared, and which connections
 * have both ends in them is known, unless one is from a pipe.
 */
static void look_ahead(struct reporter *reporter)
{
	const struct options *o = reporter->options;
	struct pairs *p = reporter->pairs;
	bool all;

	p->expected = expected_create();
	all = recordings_peek(o->read_files, o->n_read_files, look, p) && p->expected;
	if (!all) {
		expected_destroy(p->expected);
		p->expected = NULL;
	}
	if (o->clock_offset_ns.known)
		clocks_set_offset(p->clocks, o->clock_offset_ns.value);
}

int reporter_open_pairs(struct reporter *reporter)
{
	const struct pairing_sink sink = { report_both, report_alone, reporter };
	const struct options *o = reporter->options;
	uint64_t patience_ns = PATIENCE_NS;
	struct pairs *p;

	if (!wants_pairs(reporter))
		return 0;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	reporter->pairs = p;
	p->clocks = clocks_create();
	if (!p->clocks)
		return -ENOMEM;
	/* without a look ahead, from a pipe, all wait until its end */
	if (o->n_read_files) {
		look_ahead(reporter);
		patience_ns = UINT64_MAX;
	}
	p->pairing = pairing_create(&sink, patience_ns);
	return p->pairing ? 0 : -ENOMEM;
}

/* What is open is the last of its connection in the recording; its handshake was reported before. */
static bool set_end(struct end *end, enum item_type type, const void *data)
{
	const struct item_open *open = data;
	const struct record *record = data;

	memset(end, 0, sizeof(*end));
	switch (type) {
	case ITEM_HANDSHAKE:
		memcpy(&end->record.h, data, sizeof(end->record.h));
		return true;
	case ITEM_CLOSE:
		end->record = *record;
		end->has_close = true;
		end->handshake_reported = chapter_handshake_posted(record);
		return true;
	case ITEM_OPEN:
		end->record = open->record;
		end->holder = open->holder;
		end->now_ns = open->now_ns;
		end->has_close = end->handshake_reported = open->record.h.flags &
							   HANDSHAKE_ESTABLISHED;
		return true;
	default:
		return false;
	}
}

/* When it was reported, by the clock of the trace. */
static uint64_t now_ns(const struct reporter *reporter, const struct end *end)
{
	uint64_t close_ns = end->has_close ? diary_close_end_ns(&end->record) : 0;

	if (!reporter->options->read_file)
		return clock_monotonic_ns();
	return end->now_ns ?: close_ns ?: diary_handshake_end_ns(&end->record.h);
}

bool reporter_pair(struct reporter *reporter, enum item_type type, const void *data)
{
	struct pairs *p = reporter->pairs;
	struct end end;
	uint64_t at_ns;
	bool held;

	if (!p)
		return false;
	/* what was looked at before is known already, but for whose it is */
	if (type == ITEM_HOST || (!p->expected && type != ITEM_CGROUP))
		clocks_item(p->clocks, &(struct item){ type, data, item_size(type) });
	if (!set_end(&end, type, data) ||
	    (p->expected && !expected_other(p->expected, &end.record.h)))
		return false;
	end.host = clocks_host(p->clocks);
	end.clock_offset_ns = reporter->context.clock_offset_ns;
	at_ns = now_ns(reporter, &end);
	held = pairing_add(p->pairing, &end, at_ns);
	pairing_expire(p->pairing, at_ns);
	return held;
}

void reporter_pairs_expire(struct reporter *reporter)
{
	if (reporter->pairs && !reporter->options->read_file)
		pairing_expire(reporter->pairs->pairing, clock_monotonic_ns());
}

void reporter_flush_pairs(struct reporter *reporter)
{
	if (reporter->pairs)
		pairing_flush(reporter->pairs->pairing);
}

void reporter_free_pairs(struct reporter *reporter)
{
	struct pairs *p = reporter->pairs;

	if (!p)
		return;
	pairing_destroy(p->pairing);
	clocks_destroy(p->clocks);
	expected_destroy(p->expected);
	free(p);
}

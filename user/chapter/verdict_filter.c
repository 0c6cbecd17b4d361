// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "verdict_filter.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/number.h"
#include "cause.h"
#include "chapter.h"
#include "shared/transition.h"

/* A time of day is that of the day, local time, on which this event was. */
static int64_t resolve(const struct moment *m, int64_t event_ns)
{
	time_t event_s = (time_t)(event_ns / (int64_t)NS_PER_S);
	struct tm tm;

	if (!m->of_day)
		return m->ns;
	if (!localtime_r(&event_s, &tm))
		return m->ns;
	tm.tm_hour = (int)(m->ns / (int64_t)NS_PER_S / 3600);
	tm.tm_min = (int)(m->ns / (int64_t)NS_PER_S / 60 % 60);
	tm.tm_sec = (int)(m->ns / (int64_t)NS_PER_S % 60);
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) * (int64_t)NS_PER_S + m->ns % (int64_t)NS_PER_S;
}

/* t_ns: CLOCK_MONOTONIC of the first event; one that is not known was before the trace. */
static bool in_window(struct verdict_filter *f, struct maybe t_ns)
{
	const struct options *o = f->options;
	int64_t real_ns;

	if (!o->since.given && !o->until.given)
		return true;
	if (!t_ns.known)
		return !o->since.given;
	real_ns = number_add(t_ns.value, f->clock_offset_ns);
	if (!f->window_known) {
		f->since_ns = o->since.given ? resolve(&o->since, real_ns) : INT64_MIN;
		f->until_ns = o->until.given ? resolve(&o->until, real_ns) : INT64_MAX;
		f->window_known = true;
		if (f->since_ns >= f->until_ns)
			message("--since: not before --until, on the day of the recording: nothing is selected (give both dates)");
	}
	return real_ns >= f->since_ns && real_ns < f->until_ns;
}

static bool in_window_at(struct verdict_filter *f, uint64_t t_ns)
{
	return in_window(f, known_if(t_ns, (int64_t)t_ns));
}

static bool waited(const struct options *o, struct maybe accept_ns)
{
	return accept_ns.known && (uint64_t)accept_ns.value >= o->min_accept_ns;
}

static bool waited_for_accept(const struct options *o, const struct chapter *ch)
{
	if (!o->min_accept_ns)
		return true;
	if (ch->type == CHAPTER_HANDSHAKE)
		return waited(o, ch->handshake.accept_ns);
	return waited(o, ch->close.accept_ns) || waited(o, ch->close.queued_ns);
}

static bool selected(struct verdict_filter *f, const struct chapter *ch)
{
	return in_window(f, ch->t_ns) && waited_for_accept(f->options, ch) &&
	       bits_have(&f->options->causes, ch->cause);
}

static bool handshake_selected(struct verdict_filter *f, const struct handshake_part *h,
			       uint64_t now_ns)
{
	struct chapter ch;

	chapter_handshake(&ch, h, now_ns);
	chapter_set_cause(&ch, &f->options->slow);
	return selected(f, &ch);
}

static bool close_selected(struct verdict_filter *f, const struct record *r, uint64_t now_ns)
{
	struct chapter ch;

	chapter_close(&ch, r, now_ns);
	chapter_set_cause(&ch, &f->options->slow);
	return selected(f, &ch);
}

static const struct item *filter_record(struct verdict_filter *f)
{
	struct record *r = &f->record;
	bool handshake = !chapter_handshake_posted(r) && handshake_selected(f, &r->h, 0);

	if (close_selected(f, r, 0)) {
		if (!handshake)
			r->h.flags |= HANDSHAKE_POSTED;
		f->item = (struct item){ ITEM_CLOSE, r, sizeof(*r) };
		return &f->item;
	}
	f->item = (struct item){ ITEM_HANDSHAKE, &r->h, sizeof(r->h) };
	return handshake ? &f->item : NULL;
}

static bool open_selected(struct verdict_filter *f, const struct item_open *open)
{
	return open->record.h.flags & HANDSHAKE_ESTABLISHED
		       ? close_selected(f, &open->record, open->now_ns)
		       : handshake_selected(f, &open->record.h, open->now_ns);
}

/* What reports no chapter of its own has no cause, and waited for nothing. */
static bool other_selected(struct verdict_filter *f, uint64_t t_ns)
{
	const struct options *o = f->options;

	return !o->causes.included && !o->min_accept_ns && in_window_at(f, t_ns);
}

const struct item *verdict_filter(struct verdict_filter *f, const struct item *item)
{
	union {
		int64_t clock;
		struct handshake_part handshake;
		struct item_open open;
		struct transition transition;
		struct item_listener listener;
		struct item_counted counted;
	} u;
	size_t size = item_size(item->type);

	if (!options_by_verdict(f->options))
		return item;
	if (size <= sizeof(u))
		memcpy(&u, item->data, size);
	switch (item->type) {
	case ITEM_CLOCK:
		f->clock_offset_ns = u.clock;
		return item;
	case ITEM_HANDSHAKE:
		return handshake_selected(f, &u.handshake, 0) ? item : NULL;
	case ITEM_CLOSE:
		memcpy(&f->record, item->data, sizeof(f->record));
		return filter_record(f);
	case ITEM_OPEN:
		return open_selected(f, &u.open) ? item : NULL;
	case ITEM_TRANSITION:
		return in_window_at(f, u.transition.t_ns) ? item : NULL;
	case ITEM_LISTENER:
		return other_selected(f, u.listener.now_ns) ? item : NULL;
	case ITEM_COUNTED:
		return other_selected(f, u.counted.now_ns) ? item : NULL;
	default:
		return item;
	}
}

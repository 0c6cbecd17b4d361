// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "reporter.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/output.h"
#include "chapter/select.h"
#include "kernel/sweep.h"
#include "chapter/tally_chapter.h"
#include "base/text.h"
#include "shared/wanted.h"

static const char *cgroup_path(void *ctx, uint64_t id)
{
	struct reporter *t = ctx;
	bool fresh;

	return cgroups_path(t->cgroups, id, &fresh);
}

/* The recording ends alone, unless it was all there was to do.  err: 0 or -errno. */
static int recorded(struct reporter *t, int err)
{
	bool all = !t->renderer->chapter && !t->renderer->transition && !t->options->summary;

	if (!err)
		return 0;
	if (err != -EPIPE) /* who read it has seen enough */
		message("%s: %s (the recording ends here)", recorder_name(t->recorder),
			output_why(-err));
	recorder_abandon(t->recorder);
	t->recorder = NULL;
	t->recording_failed = err != -EPIPE;
	return all ? err : 0;
}

/* record: the whole of which the chapter is the close; NULL for a handshake */
static void render(struct reporter *t, const struct chapter *ch, const struct record *record)
{
	const struct renderer *renderer = t->renderer;
	struct chapter handshake;
	bool seen = record && chapter_handshake_seen(record);

	if (record && renderer->connection) {
		if (seen)
			chapter_handshake(&handshake, &record->h, 0);
		renderer->connection(&t->context, seen ? &handshake : NULL, ch);
	} else if (renderer->chapter) {
		renderer->chapter(&t->context, ch);
	}
}

static void tell(struct reporter *t, const struct chapter *ch, const struct record *record)
{
	if (!t->context.first_ns && ch->t_ns.known)
		t->context.first_ns = (uint64_t)ch->t_ns.value;
	summary_add(t->summary, ch);
	if (t->interval && !ch->open) /* it counts when it is over */
		summary_add(t->interval, ch);
	if (!ch->open &&
	    (ch->type == CHAPTER_CLOSE || ch->handshake.outcome != OUTCOME_ESTABLISHED ||
	     (t->options->min_connect_ns && !t->options->min_close_ns)))
		t->finished++;
	render(t, ch, record);
}

static bool is_alone(const struct reporter *t, const struct record *r)
{
	const struct config cfg = select_wanted(t->options);

	return !wanted_handshake(&cfg, r);
}

static void report_record(struct reporter *t, const struct record *r)
{
	struct chapter ch;

	if (!chapter_handshake_posted(r)) {
		chapter_handshake(&ch, &r->h, 0);
		tell(t, &ch, NULL);
	}
	chapter_close(&ch, r, 0);
	ch.alone = is_alone(t, r);
	tell(t, &ch, r);
}

static void report_open(struct reporter *t, const struct item_open *open)
{
	bool close = open->record.h.flags & HANDSHAKE_ESTABLISHED;
	struct chapter ch;

	if (close)
		chapter_close(&ch, &open->record, open->now_ns);
	else
		chapter_handshake(&ch, &open->record.h, open->now_ns);
	ch.alone = close && is_alone(t, &open->record);
	tell(t, &ch, close ? &open->record : NULL);
}

static void report_transition(struct reporter *t, const struct transition *tr)
{
	if (!t->context.first_ns)
		t->context.first_ns = tr->t_ns;
	if (t->renderer->transition)
		t->renderer->transition(&t->context, tr);
}

static void report_tally(struct reporter *t, const struct item_tally *i)
{
	struct chapter ch;

	tally_chapter(&ch, &i->key);
	summary_add_tally(t->summary, &ch, i->key.bucket, i->tally.n, i->tally.max_ns);
	if (t->interval)
		summary_add_tally(t->interval, &ch, i->key.bucket, i->tally.n, i->tally.max_ns);
}

static size_t item_size(enum item_type type)
{
	switch (type) {
	case ITEM_CLOCK:
		return sizeof(int64_t);
	case ITEM_HANDSHAKE:
		return sizeof(struct handshake_part);
	case ITEM_CLOSE:
		return sizeof(struct record);
	case ITEM_OPEN:
		return sizeof(struct item_open);
	case ITEM_TRANSITION:
		return sizeof(struct transition);
	case ITEM_CGROUP:
		return sizeof(uint64_t);
	case ITEM_SNAPSHOT:
		return 0;
	case ITEM_TALLY:
		return sizeof(struct item_tally);
	case ITEM_COUNTS:
		return sizeof(struct item_counts);
	}
	return SIZE_MAX;
}

void reporter_begin(struct reporter *t, FILE *out, bool colour)
{
	t->context = (struct render_context){
		.out = out,
		.time_style = t->options->time_style,
		.colour = colour,
		.verbose = t->options->verbose,
		.cgroup_path = cgroup_path,
		.cgroup_ctx = t,
		.summary = t->summary,
	};
}

/* Why the output failed, of the first time it did; errno is still that of the last write. */
static int output_error(struct reporter *t)
{
	if (!t->error && ferror(t->context.out))
		t->error = errno ? -errno : -EIO;
	return t->error;
}

int reporter_item(void *reporter, const struct item *item)
{
	struct reporter *t = reporter;
	union {
		int64_t clock;
		struct handshake_part handshake;
		struct record record;
		struct item_open open;
		struct transition transition;
		uint64_t cgroup;
		struct item_tally tally;
		struct item_counts counts;
	} u;
	size_t size = item_size(item->type);
	struct chapter ch;
	int err;

	/* what this version does not know, or what is cut short, is not told */
	if (item->len < size)
		return 0;
	err = t->recorder ? recorded(t, recorder_item(t->recorder, item, clock_monotonic_ns())) : 0;
	if (err)
		return err;
	if (size)
		memcpy(&u, item->data, size);
	errno = 0;
	switch (item->type) {
	case ITEM_CLOCK:
		t->context.clock_offset_ns = u.clock;
		break;
	case ITEM_HANDSHAKE:
		chapter_handshake(&ch, &u.handshake, 0);
		tell(t, &ch, NULL);
		break;
	case ITEM_CLOSE:
		report_record(t, &u.record);
		break;
	case ITEM_OPEN:
		report_open(t, &u.open);
		break;
	case ITEM_TRANSITION:
		report_transition(t, &u.transition);
		break;
	case ITEM_CGROUP:
		cgroups_learn(t->cgroups, u.cgroup, (const char *)item->data + size,
			      item->len - size);
		break;
	case ITEM_SNAPSHOT:
		summary_open_begin(t->summary);
		break;
	case ITEM_TALLY:
		report_tally(t, &u.tally);
		break;
	case ITEM_COUNTS:
		t->totals.events_lost = u.counts.events_lost;
		t->totals.table_full = u.counts.table_full;
		t->counted = true;
		break;
	}
	err = output_error(t);
	if (err)
		return err;
	return t->options->count && t->finished >= t->options->count ? REPORTER_ENOUGH : 0;
}

int reporter_flush(struct reporter *t)
{
	int err = t->recorder ? recorded(t, recorder_flush(t->recorder, clock_monotonic_ns())) : 0;

	errno = 0;
	if (!t->error)
		fflush(t->context.out);
	return err ? err : output_error(t);
}

/* A table has no place between machine-readable records. */
static FILE *table_out(const struct reporter *t)
{
	return t->renderer->machine_readable ? stderr : t->context.out;
}

void reporter_print_interval(struct reporter *t, uint64_t from_ns, uint64_t to_ns)
{
	FILE *out = table_out(t);
	char from[TIME_MAX], to[TIME_MAX];

	fprintf(out, "%s to %s\n", text_wall(from, (int64_t)from_ns + t->context.clock_offset_ns),
		text_wall(to, (int64_t)to_ns + t->context.clock_offset_ns));
	summary_print(out, t->interval, true);
	fputc('\n', out);
	summary_reset(t->interval);
}

int reporter_end(struct reporter *t)
{
	summary_totals(t->summary, &t->totals);
	if (t->error) {
		if (t->options->summary)
			summary_print(stderr, t->summary, false);
		return t->error;
	}
	if (t->renderer->end)
		t->renderer->end(&t->context, &t->totals);
	if (t->interval)
		fputs("the whole trace\n", table_out(t));
	if (t->options->summary)
		summary_print(table_out(t), t->summary, false);
	return reporter_flush(t);
}

void reporter_end_recording(struct reporter *t)
{
	int err = recorder_close(t->recorder);

	t->recorder = NULL;
	if (!err || err == -EPIPE)
		return;
	message("%s: %s", t->options->write_file, output_why(-err));
	t->recording_failed = true;
}

void reporter_free(struct reporter *t)
{
	if (t->renderer->free)
		t->renderer->free(&t->context);
	cgroups_close(t->cgroups);
	summary_destroy(t->summary);
	summary_destroy(t->interval);
}

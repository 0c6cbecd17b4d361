// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "reporter_parts.h"

#include <errno.h>
#include <string.h>

#include "base/message.h"
#include "base/output.h"
#include "base/text.h"
#include "chapter/cause.h"
#include "chapter/tally_chapter.h"

void reporter_render(struct reporter *reporter, const struct chapter *ch,
		     const struct record *record)
{
	const struct renderer *renderer = reporter->renderer;
	struct chapter handshake;
	bool seen = record && chapter_handshake_seen(record);

	if (record && renderer->connection) {
		if (seen) {
			chapter_handshake(&handshake, &record->h, 0);
			chapter_set_cause(&handshake, &reporter->options->slow);
		}
		renderer->connection(&reporter->context, seen ? &handshake : NULL, ch);
	} else if (renderer->chapter) {
		renderer->chapter(&reporter->context, ch);
	}
}

/* Are handshakes all that is reported? */
static bool counts_handshakes(const struct options *o)
{
	return (o->min_connect_ns || o->min_accept_ns) && !o->min_close_ns;
}

/* Is a handshake selected by what its close may not have?  To exclude some causes leaves most connections whole. */
static bool may_lack_close(const struct options *o)
{
	return counts_handshakes(o) || o->causes.included || o->since.given || o->until.given;
}

static void report_chapter(struct reporter *reporter, struct chapter *ch,
			   const struct record *record)
{
	reporter_explain(reporter, ch);
	if (!reporter->context.first_ns && ch->t_ns.known)
		reporter->context.first_ns = (uint64_t)ch->t_ns.value;
	summary_add(reporter->summary, ch);
	/* an open chapter counts in the interval in which it ends */
	if (reporter->interval && !ch->open)
		summary_add(reporter->interval, ch);
	if (!ch->open &&
	    (ch->type == CHAPTER_CLOSE || ch->handshake.outcome != OUTCOME_ESTABLISHED ||
	     counts_handshakes(reporter->options)))
		reporter->finished++;
	if (!reporter->held)
		reporter_render(reporter, ch, record);
}

static void report_record(struct reporter *reporter, const struct record *r)
{
	struct chapter ch;

	if (!chapter_handshake_posted(r)) {
		chapter_handshake(&ch, &r->h, 0);
		report_chapter(reporter, &ch, NULL);
	}
	chapter_close(&ch, r, 0);
	ch.alone = reporter_is_alone(reporter, r);
	report_chapter(reporter, &ch, r);
}

static void report_open(struct reporter *reporter, const struct item_open *open)
{
	struct chapter ch;

	reporter_open_chapter(reporter, &ch, open);
	report_chapter(reporter, &ch, ch.type == CHAPTER_CLOSE ? &open->record : NULL);
}

static void report_transition(struct reporter *reporter, const struct transition *tr)
{
	if (!reporter->context.first_ns)
		reporter->context.first_ns = tr->t_ns;
	if (reporter->renderer->transition)
		reporter->renderer->transition(&reporter->context, tr);
}

/* With --summary those in trouble are printed even if the format has no line for them. */
static void report_listener(struct reporter *reporter, const struct item_listener *item)
{
	struct render_context *context = &reporter->context;
	struct listener_report l;

	if (!context->first_ns)
		context->first_ns = item->now_ns;
	listener_report(&l, item);
	if (reporter->renderer->listener)
		reporter->renderer->listener(context, &l);
	else if (reporter->options->summary)
		render_listener(context, reporter_table_out(reporter), 0, &l);
}

static void report_counted(struct reporter *reporter, const struct item_counted *counted)
{
	summary_add_counted(reporter->summary, counted);
	if (reporter->interval)
		summary_add_counted(reporter->interval, counted);
	if (reporter->renderer->counted)
		reporter->renderer->counted(&reporter->context, counted);
}

static void report_tally(struct reporter *reporter, const struct item_tally *i)
{
	struct chapter ch;

	tally_chapter(&ch, &i->key);
	summary_add_tally(reporter->summary, &ch, i->key.bucket, i->tally.n, i->tally.max_ns);
	if (reporter->interval)
		summary_add_tally(reporter->interval, &ch, i->key.bucket, i->tally.n,
				  i->tally.max_ns);
}

static void set_paths(struct reporter *reporter, struct summary *s)
{
	summary_set_paths(s, &(struct summary_paths){ reporter_cgroup_path, reporter });
}

void reporter_begin(struct reporter *reporter, FILE *out, bool colour)
{
	reporter->filter = (struct verdict_filter){ .options = reporter->options };
	reporter->context = (struct render_context){
		.out = out,
		.time_style = reporter->options->time_style,
		.colour = colour,
		.narrow = reporter->options->narrow,
		.handshakes_alone = may_lack_close(reporter->options),
		.verbose = reporter->options->verbose,
		.cgroup_path = reporter_cgroup_path,
		.workload = reporter_workload,
		.cgroup_ctx = reporter,
		.summary = reporter->summary,
	};
	set_paths(reporter, reporter->summary);
	if (reporter->interval)
		set_paths(reporter, reporter->interval);
}

/* The first error of the output.  Call it while errno is that of the last write. */
static int output_error(struct reporter *reporter)
{
	if (!reporter->error && ferror(reporter->context.out))
		reporter->error = errno ? -errno : -EIO;
	return reporter->error;
}

static void report_counts(struct reporter *reporter, const struct item *item)
{
	struct item_counts counts = { 0 };

	memcpy(&counts, item->data, item->len < sizeof(counts) ? item->len : sizeof(counts));
	/* a recording may be of several traces */
	reporter->totals.events_lost += counts.events_lost;
	reporter->totals.table_full += counts.table_full;
	summary_set_established(reporter->summary, known_if(counts.established > 0,
							    (int64_t)(counts.established - 1)));
	reporter_number_next_trace(reporter);
}

union item_data {
	int64_t clock;
	struct handshake_part handshake;
	struct record record;
	struct item_open open;
	struct transition transition;
	uint64_t cgroup;
	struct item_tally tally;
	struct item_listener listener;
	struct item_counted counted;
	struct item_host host;
};

/* data: the first item_size() bytes of the item. */
static void report_item(struct reporter *reporter, const struct item *item,
			const union item_data *data)
{
	struct chapter ch;

	switch (item->type) {
	case ITEM_CLOCK:
		reporter->context.clock_offset_ns = data->clock;
		break;
	case ITEM_HANDSHAKE:
		chapter_handshake(&ch, &data->handshake, 0);
		report_chapter(reporter, &ch, NULL);
		break;
	case ITEM_CLOSE:
		report_record(reporter, &data->record);
		break;
	case ITEM_OPEN:
		report_open(reporter, &data->open);
		break;
	case ITEM_TRANSITION:
		report_transition(reporter, &data->transition);
		break;
	case ITEM_CGROUP:
		cgroups_learn(reporter->cgroups, data->cgroup,
			      (const char *)item->data + sizeof(data->cgroup),
			      item->len - sizeof(data->cgroup));
		break;
	case ITEM_SNAPSHOT:
		summary_open_begin(reporter->summary);
		if (reporter->renderer->open_begin)
			reporter->renderer->open_begin(&reporter->context);
		break;
	case ITEM_TALLY:
		report_tally(reporter, &data->tally);
		break;
	case ITEM_LISTENER:
		report_listener(reporter, &data->listener);
		break;
	case ITEM_COUNTED:
		report_counted(reporter, &data->counted);
		break;
	case ITEM_COUNTS:
		report_counts(reporter, item);
		break;
	case ITEM_CUT_OFF:
		reporter_number_next_trace(reporter);
		break;
	case ITEM_HOST:
		break;
	}
}

int reporter_item(void *ctx, const struct item *item)
{
	struct reporter *reporter = ctx;
	uint32_t count = reporter->options->count;
	size_t size = item_size(item->type);
	union item_data data;
	struct item numbered;
	int err;

	/* ignore what this version does not know, and what is too short */
	if (item->len < size)
		return 0;
	reporter_note_close(reporter, item);
	item = verdict_filter(&reporter->filter, item);
	if (!item)
		return 0;
	if (reporter->metrics)
		metrics_item(reporter->metrics, item);
	size = item_size(item->type);
	if (size && size <= sizeof(data))
		memcpy(&data, item->data, size);
	if (reporter_number(reporter, item->type, &data)) {
		numbered = (struct item){ item->type, &data, size };
		item = &numbered;
	}
	reporter_hint_cgroups(reporter, item);
	err = reporter_record_item(reporter, item);
	if (err)
		return err;
	errno = 0;
	reporter->held = reporter->renderer->pairs_instead &&
			 reporter_pair(reporter, item->type, &data);
	report_item(reporter, item, &data);
	if (!reporter->renderer->pairs_instead)
		reporter_pair(reporter, item->type, &data);
	err = output_error(reporter);
	if (err)
		return err;
	return count && reporter->finished >= count ? REPORTER_ENOUGH : 0;
}

int reporter_flush(struct reporter *reporter)
{
	int err = reporter_flush_recorder(reporter);

	errno = 0;
	reporter_pairs_expire(reporter);
	/* a failure that is not known yet shows its reason again */
	if (!reporter->error || !ferror(reporter->context.out))
		fflush(reporter->context.out);
	return err ? err : output_error(reporter);
}

/* The summary goes to stderr if the output is for programs. */
FILE *reporter_table_out(const struct reporter *reporter)
{
	return reporter->renderer->machine_readable ? stderr : reporter->context.out;
}

int reporter_end(struct reporter *reporter)
{
	summary_totals(reporter->summary, &reporter->totals);
	reporter_flush_pairs(reporter);
	if (reporter->numbering.no_memory)
		message("memory: the two chapters of some connections have different numbers");
	if (reporter->error) {
		if (reporter->options->summary)
			summary_print(stderr, reporter->summary, false);
		return reporter->error;
	}
	if (reporter->renderer->end)
		reporter->renderer->end(&reporter->context, &reporter->totals);
	if (!reporter->error)
		reporter->error = reporter->context.error;
	if (reporter->interval && !reporter->renderer->interval)
		fputs("the whole trace\n", reporter_table_out(reporter));
	if (reporter->options->summary)
		summary_print(reporter_table_out(reporter), reporter->summary, false);
	return reporter_flush(reporter);
}

void reporter_free(struct reporter *reporter)
{
	if (reporter->renderer->free)
		reporter->renderer->free(&reporter->context);
	cgroups_close(reporter->cgroups);
	summary_destroy(reporter->summary);
	summary_destroy(reporter->interval);
	time_waits_destroy(reporter->time_waits);
	other_ends_destroy(reporter->other_ends);
	numbering_forget(&reporter->numbering);
	reporter_free_pairs(reporter);
}

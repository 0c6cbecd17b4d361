// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "summary_json.h"

#include <stdlib.h>

#include "chapter/names.h"
#include "render_parts.h"
#include "summary_by_table.h"

static void put_count(struct printer *p, const char *key, uint64_t count)
{
	json_key(p, key);
	json_uint(p, count);
}

/* An object with a count for each name, from the first one on. */
static void put_counts(struct printer *p, const char *key, const uint64_t *counts,
		       unsigned int first, unsigned int n, const char *(*name)(unsigned int))
{
	json_key(p, key);
	json_open(p, '{');
	for (unsigned int i = first; i < n; i++)
		put_count(p, name(i), counts[i]);
	json_close(p, '}');
}

/* Those that there are: most rows have none of most causes. */
static void put_causes(struct printer *p, const uint64_t *counts)
{
	json_key(p, "causes");
	json_open(p, '{');
	for (unsigned int i = 0; i < CAUSES; i++)
		if (counts[i] && name_cause(i))
			put_count(p, name_cause(i), counts[i]);
	json_close(p, '}');
}

/* A damaged recording may have times that do not fit: they become the largest that does. */
static void put_us(struct printer *p, const char *key, uint64_t ns)
{
	json_key(p, key);
	json_us(p, ns < INT64_MAX ? (int64_t)ns : INT64_MAX);
}

static void put_key(struct printer *p, unsigned int by_key, const char *text)
{
	json_key(p, by_key_name(by_key));
	if (*text && summary_key_is_number(by_key))
		json_uint(p, strtoull(text, NULL, 10));
	else
		json_text(p, *text ? text : NULL);
}

static void put_keys(struct printer *p, const struct by *by, const struct by_row *row)
{
	bool pid = false, comm = false;

	json_key(p, "other");
	json_bool(p, !row->key);
	for (unsigned int i = 0; i < by->n; i++) {
		put_key(p, by->keys[i], row->key ? summary_key_part(row->key, i) : "");
		pid |= by->keys[i] == BY_PID;
		comm |= by->keys[i] == BY_COMM;
	}
	if (pid && !comm)
		put_key(p, BY_COMM, row->comm);
}

static void put_open(struct printer *p, const struct by_row *row)
{
	json_key(p, "open_states");
	json_open(p, '{');
	for (unsigned int i = 0; i < BY_STATES; i++) {
		const struct by_open *o = &row->open[i];

		if (!o->n)
			continue;
		json_key(p, i == BY_STATE_UNACCEPTED ? "unaccepted" : name_state(i));
		json_open(p, '{');
		put_count(p, "count", o->n);
		put_count(p, "before_trace", o->older);
		json_key(p, "oldest_us");
		if (o->oldest_ns)
			json_us(p, o->oldest_ns < INT64_MAX ? (int64_t)o->oldest_ns : INT64_MAX);
		else
			json_null(p);
		json_close(p, '}');
	}
	json_close(p, '}');
}

/* null: none was measured. */
static void put_latency(struct printer *p, const char *key, const struct histogram *h)
{
	json_key(p, key);
	if (!h->total) {
		json_null(p);
		return;
	}
	json_open(p, '{');
	put_count(p, "count", h->total);
	put_us(p, "p50", histogram_percentile(h, 50));
	put_us(p, "p99", histogram_percentile(h, 99));
	put_us(p, "max", histogram_percentile(h, 100));
	json_close(p, '}');
}

static void put_row(struct printer *p, const struct by *by, const struct by_row *row)
{
	const struct by_counts *c = &row->counts;

	json_open(p, '{');
	put_keys(p, by, row);
	put_count(p, "connections", c->connections);
	put_count(p, "handshakes", c->handshakes);
	put_count(p, "failed", c->failed);
	put_count(p, "closes", c->closes);
	put_count(p, "open", c->open);
	put_counts(p, "outcomes", c->outcomes, OUTCOME_UNKNOWN + 1, OUTCOMES, name_outcome);
	put_counts(p, "endings", c->endings, ENDING_UNKNOWN + 1, ENDINGS, name_ending);
	put_counts(p, "first_closer", c->closers, CLOSER_UNKNOWN + 1, CLOSERS, name_first_closer);
	put_causes(p, c->causes);
	put_open(p, row);
	put_latency(p, "handshake_us", &row->latency[BY_CONNECT]);
	put_latency(p, "accept_us", &row->latency[BY_ACCEPT]);
	put_latency(p, "close_us", &row->latency[BY_CLOSE]);
	put_latency(p, "app_close_us", &row->latency[BY_CLOSE_WAIT]);
	json_close(p, '}');
}

static void put_rows(struct printer *p, const struct summary_by *b)
{
	const struct by *by = summary_by_keys(b);
	struct by_table t;

	json_key(p, "by");
	json_open(p, '[');
	for (unsigned int i = 0; i < by->n; i++)
		json_word(p, by_key_name(by->keys[i]));
	json_close(p, ']');
	json_key(p, "rows");
	if (summary_by_table(&t, b, by->limit)) {
		json_null(p);
		return;
	}
	json_open(p, '[');
	for (size_t i = 0; i < summary_by_printed(&t); i++)
		put_row(p, by, summary_by_row(&t, i));
	json_close(p, ']');
	put_count(p, "without_row", t.overflowed);
	summary_by_table_free(&t);
}

static void put_interval(struct printer *p, const struct render_context *rc,
			 const struct summary_interval *i)
{
	json_key(p, "interval");
	json_open(p, '{');
	render_time_json(p, "from", rc, known((int64_t)i->from_ns));
	render_time_json(p, "to", rc, known((int64_t)i->to_ns));
	json_close(p, '}');
}

static void put_if(struct printer *p, const char *key, uint64_t count, bool is_known)
{
	json_key(p, key);
	if (is_known)
		json_uint(p, count);
	else
		json_null(p);
}

void summary_json(struct render_context *rc, const struct summary *s, const struct totals *totals,
		  const struct summary_interval *interval)
{
	const struct summary_by *by = summary_grouped(s);
	struct printer p;

	printer_begin(&p, rc->out);
	json_open(&p, '{');
	json_key(&p, "type");
	json_word(&p, "summary");
	if (interval)
		put_interval(&p, rc, interval);
	put_count(&p, "connections", totals->connections);
	put_count(&p, "handshakes", totals->handshakes);
	put_count(&p, "counted", totals->counted);
	put_count(&p, "closes", totals->closes);
	put_if(&p, "open", totals->open, !interval || by);
	put_if(&p, "established", (uint64_t)totals->established.value,
	       !interval && totals->established.known);
	/* what was lost is known at the end */
	put_if(&p, "events_lost", totals->events_lost, !interval);
	put_if(&p, "table_full", totals->table_full, !interval);
	put_count(&p, "incomplete", totals->incomplete);
	put_counts(&p, "outcomes", totals->outcomes, OUTCOME_UNKNOWN + 1, OUTCOMES, name_outcome);
	put_counts(&p, "endings", totals->endings, ENDING_UNKNOWN + 1, ENDINGS, name_ending);
	if (by)
		put_rows(&p, by);
	json_close(&p, '}');
	json_end_line(&p);
}

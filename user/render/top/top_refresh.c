// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Once a second: the rates, and the rows. */
#include <string.h>

#include "base/clock.h"
#include "top_parts.h"

static uint64_t failed_of(const struct totals *totals)
{
	uint64_t n = 0;

	for (unsigned int i = OUTCOME_ESTABLISHED + 1; i < OUTCOMES; i++)
		n += totals->outcomes[i];
	return n;
}

/* In a thousand seconds. */
static uint64_t rate(uint64_t n, uint64_t before, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t ms = to_ns > from_ns ? (to_ns - from_ns) / NS_PER_MS : 0;

	return ms && n > before ? (n - before) * 1000 * 1000 / ms : 0;
}

static void refresh_rates(struct top *t)
{
	struct top_moment now = { .ns = t->now.ns ? t->now.ns : t->last_ns };
	size_t oldest = t->ticks < TOP_WINDOW ? 0 : t->ticks % TOP_WINDOW;
	struct top_moment before = t->moments[oldest];
	struct totals totals = { 0 };

	if (!t->ticks)
		before = (struct top_moment){ .ns = t->begin_ns };
	summary_totals(t->views[TOP_BY_PROCESS].summary, &totals);
	now.connections = totals.connections;
	now.failed = failed_of(&totals);
	t->new_rate = rate(now.connections, before.connections, before.ns, now.ns);
	t->failed_rate = rate(now.failed, before.failed, before.ns, now.ns);
	t->moments[t->ticks % TOP_WINDOW] = now;
}

static void refresh_percentiles(struct top *t)
{
	struct histogram sum = { 0 };

	for (unsigned int i = 0; i < TOP_WINDOW; i++)
		histogram_add_all(&sum, &t->connect[i]);
	t->p50_ns = histogram_percentile(&sum, 50);
	t->p99_ns = histogram_percentile(&sum, 99);
	histogram_free(&sum);
}

void top_refresh(struct top *t, const struct top_now *now)
{
	if (t->frozen)
		return;
	t->now = *now;
	if (!t->begin_ns)
		t->begin_ns = now->ns;
	memset(t->open, 0, sizeof(t->open));
	for (unsigned int i = 0; i < TOP_VIEWS; i++)
		top_rows_refresh(t, &t->views[i]);
	refresh_rates(t);
	refresh_percentiles(t);
	t->ticks++;
	if (now->ns)
		histogram_free(&t->connect[t->ticks % TOP_WINDOW]);
	top_rows_show(t);
	if (t->level >= TOP_CONNECTIONS)
		top_list_refresh(t);
	if (t->level == TOP_LADDER)
		top_ladder_refresh(t);
}

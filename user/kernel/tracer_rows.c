// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What --metrics reads from the kernel: the rows, how many connections are in which state, and what was missed. */
#include "tracer_parts.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int tracer_enter_rows(struct tracer *t)
{
	struct kernel_row *none;
	int err = 0;

	if (!t->skel->rodata->cfg.rows)
		return 0;
	none = calloc((size_t)t->n_cpus, sizeof(*none));
	if (!none)
		return -ENOMEM;
	for (uint8_t role = 0; role < ROLES && !err; role++) {
		const struct row_key key = { .role = role, .port = ROW_OTHER };

		err = bpf_map_update_elem(bpf_map__fd(t->skel->maps.rows), &key, none, BPF_ANY);
	}
	free(none);
	return err;
}

static void add_exemplar(struct exemplar *to, const struct exemplar *e, uint32_t period)
{
	if (e->begun == e->done && e->period == period && e->ns > to->ns)
		*to = *e;
}

/* A row is nothing but counts of 64 bits. */
static void add_row(struct kernel_row *to, const struct kernel_row *row, uint32_t period)
{
	uint64_t *sum = (uint64_t *)&to->counted;
	const uint64_t *n = (const uint64_t *)&row->counted;

	for (size_t i = 0; i < sizeof(row->counted) / sizeof(*n); i++)
		sum[i] += n[i];
	for (int i = 0; i < ROW_HISTOGRAMS; i++)
		add_exemplar(&to->exemplars[i], &row->exemplars[i], period);
}

static bool pass_on(struct tracer *t, const struct row_key *key, struct kernel_row *per_cpu,
		    row_fn sink, void *ctx)
{
	struct kernel_row sum = { 0 };

	if (bpf_map_lookup_elem(bpf_map__fd(t->skel->maps.rows), key, per_cpu))
		return false;
	for (int cpu = 0; cpu < t->n_cpus; cpu++)
		add_row(&sum, &per_cpu[cpu], t->skel->data->exemplar_period);
	return sink(ctx, key, &sum);
}

/*
 * Nobody else removes a row, so that a walk from key to key meets each.  What comes between the reading of a row
 * and the new period is no exemplar of either.
 */
int tracer_rows(struct tracer *t, row_fn sink, void *ctx)
{
	int fd = bpf_map__fd(t->skel->maps.rows), err;
	struct kernel_row *per_cpu;
	struct row_key key, next;

	if (!t->skel->rodata->cfg.rows)
		return 0;
	per_cpu = calloc((size_t)t->n_cpus, sizeof(*per_cpu));
	if (!per_cpu)
		return -ENOMEM;
	err = bpf_map_get_next_key(fd, NULL, &key);
	while (!err) {
		err = bpf_map_get_next_key(fd, &key, &next);
		if (pass_on(t, &key, per_cpu, sink, ctx))
			bpf_map_delete_elem(fd, &key);
		key = next;
	}
	free(per_cpu);
	t->skel->data->exemplar_period++;
	return err == -ENOENT ? 0 : err;
}

/* A walk through a large table takes milliseconds, and most hosts have none of these. */
static void count_minisockets(struct tracer *t)
{
	const struct state_count(*counts)[STATE_NUMBERS] = t->skel->bss->state_counts;
	uint64_t before = 0, after = 0;

	if (!t->skel->bss->minisockets_any || !for_each_ready(&t->minisocket_counter))
		return;
	t->skel->bss->minisockets_any = false;
	for (int role = 0; role < ROLES; role++)
		before += counts[role][BPF_TCP_FIN_WAIT2].n;
	for_each_run(&t->minisocket_counter);
	for (int role = 0; role < ROLES; role++)
		after += counts[role][BPF_TCP_FIN_WAIT2].n;
	if (after != before)
		t->skel->bss->minisockets_any = true;
}

bool tracer_count_states(struct tracer *t, struct state_count counts[ROLES][STATE_NUMBERS])
{
	if (!for_each_ready(&t->alive_check))
		return false;
	memset(t->skel->bss->state_counts, 0, sizeof(t->skel->bss->state_counts));
	/* once is enough: one that is skipped is on the next page */
	t->skel->bss->check_number++;
	for_each_run(&t->alive_check);
	count_minisockets(t);
	memcpy(counts, t->skel->bss->state_counts, sizeof(t->skel->bss->state_counts));
	return true;
}

/* State changes that neither the primary program nor the relay saw. */
static uint64_t changes_missed(struct tracer *t)
{
	uint64_t missed = t->missed, relayed = t->relayed;

	if (!t->stopped) {
		missed = tracer_runs_missed(t->progs[FEATURE_STATE]) - missed;
		relayed = tracer_counter(t, COUNT_RELAY) - relayed;
	}
	return missed > relayed ? missed - relayed : 0;
}

void tracer_shortfalls(struct tracer *t, struct shortfalls *to)
{
	*to = (struct shortfalls){
		.events_lost = tracer_counter(t, COUNT_LOST_HANDSHAKE) +
			       tracer_counter(t, COUNT_LOST_CLOSE) +
			       tracer_counter(t, COUNT_LOST_TRANSITION) +
			       tracer_counter(t, COUNT_LOST_TALLY) + changes_missed(t),
		.table_full = tracer_counter(t, COUNT_TABLE_FULL),
		.rows_full = tracer_counter(t, COUNT_ROWS_FULL),
	};
}

enum hook_kind tracer_hook(const struct tracer *t, enum feature feature)
{
	return t->found.of[feature].kind;
}

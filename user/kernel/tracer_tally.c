// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Reads the chapters that the BPF side counted: the sum over all CPUs, less what was read before. */
#include "tracer_parts.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "chapter/tally_chapter.h"

/* keys that one system call reads */
#define BATCH 256

static int pass_on(struct tracer *t, const struct tally_key *key, const struct tally *per_cpu,
		   item_fn sink, void *ctx)
{
	struct item_tally item = { .key = *key };

	for (int i = 0; i < t->n_cpus; i++) {
		item.tally.n += per_cpu[i].n;
		if (per_cpu[i].max_ns > item.tally.max_ns)
			item.tally.max_ns = per_cpu[i].max_ns;
	}
	item.tally.n = tally_counts_take(t->passed_on, key, item.tally.n);
	if (!item.tally.n)
		return 0;
	return sink(ctx, &(struct item){ ITEM_TALLY, &item, sizeof(item) });
}

static int read_map(struct tracer *t, int fd, struct tally_key *keys, struct tally *values,
		    item_fn sink, void *ctx)
{
	__u32 position = 0, n;
	void *from = NULL;
	int err = 0, end;

	do {
		n = BATCH;
		end = bpf_map_lookup_batch(fd, from, &position, keys, values, &n, NULL);
		if (end && end != -ENOENT)
			return end;
		for (__u32 i = 0; i < n && !err; i++)
			err = pass_on(t, &keys[i], values + (size_t)i * (size_t)t->n_cpus, sink,
				      ctx);
		from = &position;
	} while (!err && !end);
	return err;
}

int tracer_tally(struct tracer *t, item_fn sink, void *ctx)
{
	struct tally_key *keys;
	struct tally *values;
	int err = 0;

	if (!t->skel->rodata->cfg.tally)
		return 0;
	if (!t->passed_on)
		t->passed_on = tally_counts_create();
	keys = calloc(BATCH, sizeof(*keys));
	values = calloc(BATCH, sizeof(*values) * (size_t)t->n_cpus);
	if (!t->passed_on || !keys || !values)
		err = -ENOMEM;
	if (!err)
		err = read_map(t, bpf_map__fd(t->skel->maps.tallies), keys, values, sink, ctx);
	if (!err)
		err = read_map(t, bpf_map__fd(t->skel->maps.tallies_other), keys, values, sink,
			       ctx);
	free(keys);
	free(values);
	return err;
}

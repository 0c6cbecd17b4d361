// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* When the attempts that were counted are read and reported. */
#include "tracer_parts.h"

#include "base/clock.h"

#define ATTEMPTS_EVERY_NS NS_PER_S

static int report(struct tracer *t, item_fn sink, void *ctx, uint64_t now_ns)
{
	struct attempts_request q = {
		.counted_fd = bpf_map__fd(t->skel->maps.counted),
		.period = t->skel->bss->counted_period,
		.last = t->stopped,
		.rest = (const uint64_t *)t->skel->bss->counted_rest,
		.sink = sink,
		.ctx = ctx,
	};

	/* they are over */
	return t->options->open ? 0 : attempts_report(&t->attempts, &q, now_ns);
}

/* A period lasts at least as long as any run of a program that has read its number. */
int tracer_sweep_attempts(struct tracer *t, item_fn sink, void *ctx, uint64_t now_ns)
{
	int err;

	if (now_ns < t->attempts.at_ns)
		return 0;
	t->attempts.at_ns = now_ns + ATTEMPTS_EVERY_NS;
	err = report(t, sink, ctx, now_ns);
	t->skel->bss->counted_period++;
	return err;
}

int tracer_finish_attempts(struct tracer *t, item_fn sink, void *ctx)
{
	return report(t, sink, ctx, clock_monotonic_ns());
}

bool tracer_sees_drops(const struct tracer *t)
{
	return t->found.of[FEATURE_DROPPED].kind != HOOK_NONE;
}

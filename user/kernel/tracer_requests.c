// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* When half-open handshakes are looked at and reported. */
#include "tracer_parts.h"

#include "base/clock.h"

#define REQUESTS_EVERY_NS NS_PER_S

static struct requests_request make_request(const struct tracer *t, item_fn sink, void *ctx)
{
	return (struct requests_request){
		.cfg = &t->skel->rodata->cfg,
		.options = t->options,
		.synacks_fd = bpf_map__fd(t->skel->maps.synacks),
		.listening_fd = bpf_map__fd(t->skel->maps.listening),
		.pids_fd = bpf_map__fd(t->skel->maps.pids),
		.counted_fd = bpf_map__fd(t->skel->maps.counted),
		.number = t->skel->bss->requests_number,
		.last = t->stopped,
		.sink = sink,
		.ctx = ctx,
	};
}

/* Nothing is looked at before a SYN,ACK has been retransmitted. */
static bool may_have_some(const struct tracer *t)
{
	return for_each_ready(&t->request_check) &&
	       (t->requests.any || t->requests.seen != t->skel->bss->synacks_seen);
}

bool tracer_handshakes_hang(const struct tracer *t)
{
	return may_have_some(t);
}

static int report(struct tracer *t, item_fn sink, void *ctx, uint64_t now_ns)
{
	struct requests_request q = make_request(t, sink, ctx);

	t->requests.seen = t->skel->bss->synacks_seen;
	return requests_report(&t->requests, &q, now_ns);
}

int tracer_sweep_requests(struct tracer *t, item_fn sink, void *ctx, uint64_t now_ns)
{
	if (now_ns < t->requests.at_ns || !may_have_some(t))
		return 0;
	t->requests.at_ns = now_ns + REQUESTS_EVERY_NS;
	tracer_check_requests(t);
	return report(t, sink, ctx, clock_monotonic_ns());
}

int tracer_half_open(struct tracer *t, item_fn sink, void *ctx, struct requests_request *q,
		     bool *any)
{
	int err = 0;

	*any = may_have_some(t);
	if (*any && t->stopped)
		err = report(t, sink, ctx, clock_monotonic_ns());
	else if (*any)
		tracer_check_requests(t);
	/* with the number of that check */
	*q = make_request(t, sink, ctx);
	return err;
}

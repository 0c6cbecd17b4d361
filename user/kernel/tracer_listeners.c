// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* When listening sockets are read and reported. */
#include "tracer_parts.h"

#include "base/clock.h"
#include "listeners.h"

#define LISTENERS_EVERY_NS NS_PER_S
#define LISTENERS_FRESH_NS (NS_PER_S / 20)
/* of a processor, at most one part in so many */
#define LISTENERS_SHARE 100

static struct listeners_request make_request(const struct tracer *t, item_fn sink, void *ctx)
{
	return (struct listeners_request){
		.cfg = &t->skel->rodata->cfg,
		.options = t->options,
		.listening_fd = bpf_map__fd(t->skel->maps.listening),
		.pids_fd = bpf_map__fd(t->skel->maps.pids),
		.number = t->skel->bss->listeners_number,
		.sink = sink,
		.ctx = ctx,
	};
}

int tracer_sweep_listeners(struct tracer *t, item_fn sink, void *ctx, uint64_t now_ns)
{
	struct listeners_request q;
	uint64_t cpu_ns, pause_ns;
	int err;

	if (!for_each_ready(&t->listener_reader) || now_ns < t->listeners_at_ns)
		return 0;
	cpu_ns = clock_cpu_ns();
	tracer_read_listeners(t);
	q = make_request(t, sink, ctx);
	err = listeners_report(t->listeners, &q, now_ns, false);
	pause_ns = LISTENERS_SHARE * (clock_cpu_ns() - cpu_ns);
	t->listeners_at_ns = now_ns +
			     (pause_ns > LISTENERS_EVERY_NS ? pause_ns : LISTENERS_EVERY_NS);
	return err;
}

int tracer_report_listeners(struct tracer *t, item_fn sink, void *ctx)
{
	struct listeners_request q;

	if (!for_each_ready(&t->listener_reader))
		return 0;
	/* after the last reading no hook shows that a listener ends */
	if (!t->stopped)
		tracer_read_listeners(t);
	q = make_request(t, sink, ctx);
	return listeners_report(t->listeners, &q, clock_monotonic_ns(), true);
}

void tracer_count_listeners(struct tracer *t, item_fn sink, void *ctx)
{
	t->counted_listeners = listeners_create();
	t->counted_sink = sink;
	t->counted_ctx = ctx;
}

int tracer_read_counted_listeners(struct tracer *t)
{
	struct listeners_request q;

	if (!for_each_ready(&t->listener_reader) || !t->counted_listeners)
		return 0;
	/* the sweep before a page may just have done it */
	if (t->listeners_read_ns + LISTENERS_FRESH_NS < clock_monotonic_ns())
		tracer_read_listeners(t);
	q = make_request(t, t->counted_sink, t->counted_ctx);
	return listeners_report(t->counted_listeners, &q, clock_monotonic_ns(), true);
}

int tracer_listener_ends(struct tracer *t, const struct listening *end)
{
	struct listeners_request q = make_request(t, t->counted_sink, t->counted_ctx);
	int err = t->counted_listeners
			  ? listeners_end(t->counted_listeners, &q, end, clock_monotonic_ns())
			  : 0;

	q = make_request(t, t->sink, t->ctx);
	return err ? err : listeners_end(t->listeners, &q, end, clock_monotonic_ns());
}

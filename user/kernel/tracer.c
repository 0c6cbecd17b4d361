// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "tracer_parts.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "chapter/tally_chapter.h"
#include "shared/wanted.h"
#include "sweep.h"

/* how long a reset connection is kept until a hook says why; most are for some microseconds */
#define RESET_WAIT_NS (NS_PER_S / 5)
/* items that one tracer_read() passes on, so that timers and signals do not wait for too long */
#define READ_MAX 4096
/* a sweep of those that wait for accept() may take one part in so many of the processor's time */
#define UNACCEPTED_SHARE 100
/* the table of minisockets may be large, and they live for a minute */
#define MINISOCKETS_EVERY_NS (2 * NS_PER_S)

int tracer_receive(void *ctx, void *data, size_t len)
{
	struct tracer *t = ctx;
	struct item item = { .data = data, .len = len };
	int err;

	switch (len) {
	case sizeof(struct handshake_part):
		item.type = ITEM_HANDSHAKE;
		break;
	case sizeof(struct record):
		item.type = ITEM_CLOSE;
		break;
	case sizeof(struct transition):
		item.type = ITEM_TRANSITION;
		break;
	case sizeof(struct listening):
		return tracer_listener_ends(t, data);
	default:
		return 0;
	}
	err = t->sink(t->ctx, &item);
	return err || ++t->n_read < READ_MAX ? err : -EINPROGRESS;
}

uint64_t tracer_runs_missed(const struct bpf_program *prog)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return 0;
	return info.recursion_misses;
}

void tracer_count_missed(struct tracer *t)
{
	t->missed = tracer_runs_missed(t->progs[FEATURE_STATE]) - t->missed;
	t->relayed = tracer_counter(t, COUNT_RELAY) - t->relayed;
}

uint64_t tracer_counter(struct tracer *t, enum counter which)
{
	__u64 *values = calloc((size_t)t->n_cpus, sizeof(*values)), sum = 0;

	if (values &&
	    !bpf_map_lookup_elem(bpf_map__fd(t->skel->maps.counters), &(__u32){ which }, values))
		for (int i = 0; i < t->n_cpus; i++)
			sum += values[i];
	free(values);
	return sum;
}

int tracer_fd(struct tracer *t)
{
	return ring_buffer__epoll_fd(t->ring);
}

int tracer_read(struct tracer *t, item_fn sink, void *ctx)
{
	int n;

	t->sink = sink;
	t->ctx = ctx;
	t->n_read = 0;
	n = ring_buffer__consume(t->ring);
	if (n == -EINPROGRESS)
		return 1;
	return n < 0 ? n : 0;
}

static struct sweep make_sweep(struct tracer *t, item_fn sink, void *ctx)
{
	return (struct sweep){
		.cfg = &t->skel->rodata->cfg,
		.options = t->options,
		.table_fd = bpf_map__fd(t->skel->maps.table),
		.unaccepted_fd = bpf_map__fd(t->skel->maps.unaccepted),
		.minisockets_fd = bpf_map__fd(t->skel->maps.minisockets),
		.preexisting_fd = bpf_map__fd(t->skel->maps.preexisting),
		.holders_fd = bpf_map__fd(t->skel->maps.holders),
		.find_holders = tracer_find_holders,
		.check_unaccepted = tracer_check_unaccepted,
		.finder = t,
		.resets_fd = bpf_map__fd(t->skel->maps.resets),
		.sink = sink,
		.ctx = ctx,
		.check = t->skel->bss->check_number,
		.checked_ns = t->checked_ns,
		.last = t->stopped,
	};
}

static int report_expired(struct tracer *t, const struct sweep *s, uint64_t now_ns)
{
	uint64_t missed;
	int err;

	if (!s->cfg->minisockets_seen)
		return 0;
	missed = tracer_runs_missed(t->progs[FEATURE_TIMEWAIT]);
	err = sweep_minisockets(s, now_ns, missed != t->segments_missed);
	t->segments_missed = missed;
	return err;
}

/* Of those that were reset before before_ns, no hook says more.  Most sweeps find that there are none. */
static int report_resets(struct tracer *t, const struct sweep *s, uint64_t before_ns)
{
	uint32_t number = t->skel->bss->resets_number;

	if (number == t->resets_number && !t->resets_left)
		return 0;
	t->resets_number = number;
	return sweep_resets(s, before_ns, &t->resets_left);
}

/* The more connections wait, the longer a sweep takes, and the later the next one comes. */
static int report_unaccepted(struct tracer *t, const struct sweep *s, uint64_t now_ns)
{
	uint64_t before_ns = now_ns - ACCEPT_WAIT_NS, cpu_ns = clock_cpu_ns(), pause_ns;
	/* an entry is made a little later than the time in it */
	uint64_t from_ns = t->unaccepted_ns > ACCEPT_WAIT_NS ? t->unaccepted_ns - ACCEPT_WAIT_NS
							     : 0;
	int err = sweep_unaccepted(s, from_ns, before_ns);

	if (!err)
		t->unaccepted_ns = before_ns;
	pause_ns = UNACCEPTED_SHARE * (clock_cpu_ns() - cpu_ns);
	t->unaccepted_at_ns = now_ns + (pause_ns < ACCEPT_WAIT_NS ? pause_ns : ACCEPT_WAIT_NS);
	return err;
}

int tracer_sweep(struct tracer *t, item_fn sink, void *ctx)
{
	struct sweep s = make_sweep(t, sink, ctx);
	uint64_t now_ns = clock_monotonic_ns();
	int err = now_ns < t->unaccepted_at_ns ? 0 : report_unaccepted(t, &s, now_ns);

	if (!err)
		err = report_resets(t, &s, now_ns - RESET_WAIT_NS);
	if (!err)
		err = tracer_sweep_listeners(t, sink, ctx, now_ns);
	if (!err)
		err = tracer_sweep_attempts(t, sink, ctx, now_ns);
	if (!err)
		err = tracer_sweep_requests(t, sink, ctx, now_ns);
	if (err || now_ns < t->minisockets_at_ns)
		return err;
	t->minisockets_at_ns = now_ns + MINISOCKETS_EVERY_NS;
	return report_expired(t, &s, now_ns);
}

int tracer_report_open(struct tracer *t, item_fn sink, void *ctx)
{
	struct requests_request requests;
	struct sweep s;
	bool any;
	int err;

	if (!t->stopped)
		tracer_check_sockets(t);
	err = tracer_half_open(t, sink, ctx, &requests, &any);
	s = make_sweep(t, sink, ctx);
	if (!err)
		err = sweep_open(&s, any ? &requests : NULL, clock_monotonic_ns(), &t->established);
	return err ? err : tracer_report_listeners(t, sink, ctx);
}

struct maybe tracer_established(const struct tracer *t, uint64_t table_full)
{
	uint32_t scanned = t->skel->bss->scanned_netns; /* 0: all */

	return known_if(!table_full && (!scanned || scanned == t->options->netns),
			(int64_t)t->established);
}

bool tracer_processes_ended(struct tracer *t)
{
	return t->options->pids.included.n && processes_ended(bpf_map__fd(t->skel->maps.pids));
}

int tracer_count_open(struct tracer *t)
{
	struct sweep s = make_sweep(t, NULL, NULL);

	return sweep_count(&s);
}

/*
 * Waits for the programs that were still running when they were detached.  On more than one processor, this
 * system call calls synchronize_rcu() (kernel/sched/membarrier.c), which waits for them.  A record in the ring
 * buffer that is reserved and not submitted would hide all that follow.
 */
static void await_programs(void)
{
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

int tracer_stop(struct tracer *t, item_fn sink, void *ctx)
{
	int err;

	/* before detaching, so that the hooks see what changes meanwhile */
	tracer_check_sockets(t);
	tracer_read_listeners(t);
	tracer_check_requests(t);
	t->stopped = true;
	tracer_count_missed(t);
	tracer_detach(t);
	await_programs();
	do
		err = tracer_read(t, sink, ctx);
	while (err > 0);
	return err;
}

int tracer_finish(struct tracer *t, item_fn sink, void *ctx)
{
	struct sweep s = make_sweep(t, sink, ctx);
	struct item_counts counts = { 0 };
	struct shortfalls missed;
	struct maybe established;
	unsigned long long not_followed = tracer_counter(t, COUNT_NOT_FOLLOWED);
	unsigned long long unseen = tracer_counter(t, COUNT_ACCEPT_UNSEEN);
	int err = tracer_tally(t, sink, ctx);

	tracer_shortfalls(t, &missed);
	counts.events_lost = missed.events_lost;
	counts.table_full = missed.table_full;
	if (unseen && wanted_by_owner(s.cfg))
		message("%llu %s accepted by calls that no hook shows: the owner is not known (see LIMITS in the manual)",
			unseen, unseen == 1 ? "connection was" : "connections were");
	if (not_followed)
		message("%llu %s not followed, nor are their children: too many run at once",
			not_followed, not_followed == 1 ? "process is" : "processes are");
	if (!err)
		err = report_resets(t, &s, UINT64_MAX);
	if (!err)
		err = report_expired(t, &s, clock_monotonic_ns());
	if (!err)
		err = sweep_unposted(&s);
	if (!err)
		err = tracer_report_open(t, sink, ctx);
	if (!err)
		err = tracer_finish_attempts(t, sink, ctx);
	established = tracer_established(t, counts.table_full);
	if (!err && established.known)
		counts.established = (__u64)established.value + 1;
	if (!err)
		err = sink(ctx, &(struct item){ ITEM_COUNTS, &counts, sizeof(counts) });
	if (t->options->verbose)
		message("hook runs skipped: %llu, of which the relay handled %llu; unknown sockets: %llu",
			(unsigned long long)t->missed, (unsigned long long)t->relayed,
			(unsigned long long)tracer_counter(t, COUNT_UNKNOWN));
	return err;
}

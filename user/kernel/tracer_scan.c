// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Runs the programs that read what the kernel has: what existed before the trace, and which of the recorded sockets still exist. */
#include "tracer_parts.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "keys.h"
#include "namespaces.h"
#include "preexisting.h"

static int run_in_namespace(void *program)
{
	return for_each_run(program);
}

/*
 * result: of namespaces_visit().  Sets the network namespaces that were scanned completely: an unknown socket
 * in another one may have existed before the trace.
 */
static void set_scanned(struct tracer *t, int result, uint32_t own)
{
	if (!result)
		return;
	t->skel->bss->scanned_netns = result < 0 ? SCANNED_NONE : own;
	if (result > 0 && t->options->verbose)
		message("connections from before the trace: %s (CAP_SYS_ADMIN and CAP_SYS_PTRACE are required to find all)",
			t->found.of[FEATURE_SCAN].kind == HOOK_ITER
				? "found in other network namespaces only if a process has them open"
				: "found in this network namespace only");
}

static void scan_by_sock_diag(struct tracer *t)
{
	struct tcpstates_bpf *skel = t->skel;
	const struct preexisting_request request = {
		.options = t->options,
		.connections_fd = bpf_map__fd(skel->maps.preexisting),
		.listeners_fd = bpf_map__fd(skel->maps.listeners),
		.pids_fd = bpf_map__fd(skel->maps.pids),
		.cfg = &skel->rodata->cfg,
	};
	uint32_t own = 0;

	set_scanned(t, preexisting_scan(&request, &own), own);
}

static void scan_sockets(struct tracer *t)
{
	struct tcpstates_bpf *skel = t->skel;
	struct for_each scan;
	uint32_t own = 0;
	int result = -ENOENT;

	if (t->found.of[FEATURE_SCAN].kind == HOOK_PROC) {
		scan_by_sock_diag(t);
		return;
	}
	if (!t->progs[FEATURE_SCAN]) {
		skel->bss->scanned_netns = SCANNED_NONE;
		return;
	}
	for_each_begin(&scan, t->progs[FEATURE_SCAN], NULL);
	if (for_each_ready(&scan))
		for_each_run(&scan);
	for_each_end(&scan);
	for_each_begin(&scan, skel->progs.scan_tcp, NULL);
	if (for_each_ready(&scan))
		result = namespaces_visit(t->options, run_in_namespace, &scan, &own);
	for_each_end(&scan);
	set_scanned(t, result, own);
}

static void begin_of(struct tracer *t, enum feature feature, struct for_each *f,
		     const struct bpf_map *map)
{
	if (t->progs[feature])
		for_each_begin(f, t->progs[feature], map);
}

void tracer_scan(struct tracer *t)
{
	const struct tcpstates_bpf *skel = t->skel;
	bool by_iterator = t->found.of[FEATURE_ALIVE].kind == HOOK_ITER;

	scan_sockets(t);
	t->skel->data->scanning = 0;
	begin_of(t, FEATURE_ALIVE, &t->alive_check, skel->maps.table);
	if (t->progs[FEATURE_ALIVE])
		for_each_begin(&t->queue_check,
			       by_iterator ? skel->progs.check_unaccepted
					   : skel->progs.check_unaccepted_run,
			       skel->maps.unaccepted);
	if (t->progs[FEATURE_ALIVE] && skel->rodata->cfg.count_states)
		for_each_begin(&t->minisocket_counter,
			       by_iterator ? skel->progs.count_minisocket
					   : skel->progs.count_minisocket_run,
			       skel->maps.minisockets);
	begin_of(t, FEATURE_HOLDER, &t->holder_finder, NULL);
	if (skel->rodata->cfg.by_pid && t->found.of[FEATURE_SCAN].kind == HOOK_ITER)
		for_each_begin(&t->held_finder, skel->progs.scan_files, NULL);
	begin_of(t, FEATURE_LISTENER, &t->listener_reader, skel->maps.listening);
	begin_of(t, FEATURE_HALF_OPEN, &t->request_check, skel->maps.synacks);
}

/*
 * It runs twice: if an entry is removed while the program is at it, and its memory is used again, the kernel
 * skips the rest of the bucket.
 */
void tracer_check_sockets(struct tracer *t)
{
	uint64_t now_ns;

	/* first: what is found is checked, too */
	if (for_each_ready(&t->held_finder))
		for_each_run(&t->held_finder);
	now_ns = clock_monotonic_ns();
	if (!for_each_ready(&t->alive_check))
		return;
	t->skel->bss->check_number++;
	for (int i = 0; i < 2; i++)
		if (for_each_run(&t->alive_check))
			return;
	t->checked_ns = now_ns;
}

void tracer_find_holders(void *tracer)
{
	struct tracer *t = tracer;

	if (!for_each_ready(&t->holder_finder))
		return;
	keys_delete_all(bpf_map__fd(t->skel->maps.holders), sizeof(__u64),
			sizeof(struct socket_holder));
	for_each_run(&t->holder_finder);
}

void tracer_check_unaccepted(void *tracer)
{
	struct tracer *t = tracer;

	if (for_each_ready(&t->queue_check))
		for_each_run(&t->queue_check);
}

/* Once is enough: one that is skipped has its turn a second later. */
void tracer_read_listeners(struct tracer *t)
{
	if (!for_each_ready(&t->listener_reader))
		return;
	t->listeners_read_ns = clock_monotonic_ns();
	t->skel->bss->listeners_number++;
	for_each_run(&t->listener_reader);
}

/* Once is enough, too. */
void tracer_check_requests(struct tracer *t)
{
	if (!for_each_ready(&t->request_check))
		return;
	t->skel->bss->requests_number++;
	for_each_run(&t->request_check);
}

bool tracer_can_read_maps(void *tracer)
{
	struct tracer *t = tracer;
	__u64 *values = calloc((size_t)t->n_cpus, sizeof(*values));
	__u32 first = 0;
	bool works;

	works = values && !bpf_map_lookup_elem(bpf_map__fd(t->skel->maps.counters), &first, values);
	if (works && for_each_ready(&t->alive_check))
		works = for_each_allowed(&t->alive_check);
	free(values);
	return works;
}

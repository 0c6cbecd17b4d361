// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Runs the iterators: what existed before the trace, and which of the recorded sockets still exist. */
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

static int run_iterator(void *link)
{
	int fd = bpf_iter_create(bpf_link__fd(link));
	char nothing[64];
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, nothing, sizeof(nothing))) > 0 || (n < 0 && errno == EAGAIN))
		;
	close(fd);
	return n < 0 ? -errno : 0;
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
		.by_pid = skel->rodata->cfg.by_pid,
	};
	uint32_t own = 0;

	set_scanned(t, preexisting_scan(&request, &own), own);
}

static void scan_sockets(struct tracer *t)
{
	struct tcpstates_bpf *skel = t->skel;
	struct bpf_link *link;
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
	link = bpf_program__attach_iter(t->progs[FEATURE_SCAN], NULL);
	if (link)
		run_iterator(link);
	bpf_link__destroy(link);
	link = bpf_program__attach_iter(skel->progs.scan_tcp, NULL);
	if (link)
		result = namespaces_visit(t->options, run_iterator, link, &own);
	bpf_link__destroy(link);
	set_scanned(t, result, own);
}

void tracer_scan(struct tracer *t)
{
	union bpf_iter_link_info info = { .map.map_fd = (__u32)bpf_map__fd(t->skel->maps.table) };
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &info, .link_info_len = sizeof(info));

	scan_sockets(t);
	t->skel->data->scanning = 0;
	if (t->progs[FEATURE_ALIVE])
		t->alive_check = bpf_program__attach_iter(t->progs[FEATURE_ALIVE], &opts);
	info.map.map_fd = (__u32)bpf_map__fd(t->skel->maps.unaccepted);
	if (t->progs[FEATURE_ALIVE])
		t->queue_check = bpf_program__attach_iter(t->skel->progs.check_unaccepted, &opts);
	if (t->progs[FEATURE_HOLDER])
		t->holder_finder = bpf_program__attach_iter(t->progs[FEATURE_HOLDER], NULL);
	if (t->skel->rodata->cfg.by_pid && t->found.of[FEATURE_SCAN].kind == HOOK_ITER)
		t->held_finder = bpf_program__attach_iter(t->skel->progs.scan_files, NULL);
	info.map.map_fd = (__u32)bpf_map__fd(t->skel->maps.listening);
	if (t->progs[FEATURE_LISTENER])
		t->listener_reader = bpf_program__attach_iter(t->progs[FEATURE_LISTENER], &opts);
	info.map.map_fd = (__u32)bpf_map__fd(t->skel->maps.synacks);
	if (t->progs[FEATURE_HALF_OPEN])
		t->request_check = bpf_program__attach_iter(t->progs[FEATURE_HALF_OPEN], &opts);
}

/*
 * The iterator runs twice: if an entry is removed while the iterator is at it, and its memory is used again,
 * the iterator skips the rest of the bucket.
 */
void tracer_check_sockets(struct tracer *t)
{
	uint64_t now_ns;

	/* first: what is found is checked, too */
	if (t->held_finder)
		run_iterator(t->held_finder);
	now_ns = clock_monotonic_ns();
	if (!t->alive_check)
		return;
	t->skel->bss->check_number++;
	for (int i = 0; i < 2; i++)
		if (run_iterator(t->alive_check))
			return;
	t->checked_ns = now_ns;
}

void tracer_find_holders(void *tracer)
{
	struct tracer *t = tracer;

	if (!t->holder_finder)
		return;
	keys_delete_all(bpf_map__fd(t->skel->maps.holders), sizeof(__u64),
			sizeof(struct socket_holder));
	run_iterator(t->holder_finder);
}

void tracer_check_unaccepted(void *tracer)
{
	struct tracer *t = tracer;

	if (t->queue_check)
		run_iterator(t->queue_check);
}

/* Once is enough: one that is skipped has its turn a second later. */
void tracer_read_listeners(struct tracer *t)
{
	if (!t->listener_reader)
		return;
	t->skel->bss->listeners_number++;
	run_iterator(t->listener_reader);
}

/* Once is enough, too. */
void tracer_check_requests(struct tracer *t)
{
	if (!t->request_check)
		return;
	t->skel->bss->requests_number++;
	run_iterator(t->request_check);
}

bool tracer_can_read_maps(void *tracer)
{
	struct tracer *t = tracer;
	__u64 *values = calloc((size_t)t->n_cpus, sizeof(*values));
	__u32 first = 0;
	bool works;
	int fd;

	works = values && !bpf_map_lookup_elem(bpf_map__fd(t->skel->maps.counters), &first, values);
	if (works && t->alive_check) {
		fd = bpf_iter_create(bpf_link__fd(t->alive_check));
		works = fd >= 0;
		if (works)
			close(fd);
	}
	free(values);
	return works;
}

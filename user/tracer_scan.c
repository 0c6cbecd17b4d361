// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Runs the iterators over all sockets: what is older than the trace, and which sockets are alive. */
#include "tracer_parts.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

#include "clock.h"
#include "namespaces.h"

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

static void scan_sockets(struct tracer *t)
{
	struct tcpstates_bpf *skel = t->skel;
	struct bpf_link *link;

	link = bpf_program__attach_iter(t->files, NULL);
	if (link)
		run_iterator(link);
	bpf_link__destroy(link);
	link = bpf_program__attach_iter(skel->progs.scan_tcp, NULL);
	if (link)
		namespaces_visit(t->options->netns, run_iterator, link);
	bpf_link__destroy(link);
}

void tracer_scan(struct tracer *t)
{
	scan_sockets(t);
	t->skel->data->scanning = 0;
}

void tracer_check(struct tracer *t)
{
	t->checked_ns = clock_monotonic_ns();
	t->skel->bss->check_number++;
	scan_sockets(t);
}

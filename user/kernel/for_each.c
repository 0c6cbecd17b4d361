// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "for_each.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

void for_each_begin(struct for_each *f, const struct bpf_program *prog, const struct bpf_map *map)
{
	union bpf_iter_link_info info = { .map.map_fd = map ? (__u32)bpf_map__fd(map) : 0 };
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &info, .link_info_len = sizeof(info));

	*f = (struct for_each){ 0 };
	if (bpf_program__type(prog) == BPF_PROG_TYPE_SYSCALL)
		f->run_fd = bpf_program__fd(prog);
	else
		f->link = bpf_program__attach_iter(prog, map ? &opts : NULL);
}

void for_each_end(struct for_each *f)
{
	bpf_link__destroy(f->link);
	*f = (struct for_each){ 0 };
}

bool for_each_ready(const struct for_each *f)
{
	return f->link || f->run_fd > 0;
}

static int run_iterator(const struct bpf_link *link)
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

int for_each_run(const struct for_each *f)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	return f->link ? run_iterator(f->link) : bpf_prog_test_run_opts(f->run_fd, &opts);
}

bool for_each_allowed(const struct for_each *f)
{
	int fd;

	if (!f->link)
		return !for_each_run(f);
	fd = bpf_iter_create(bpf_link__fd(f->link));
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

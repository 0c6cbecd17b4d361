// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Who sees accept() return: the rungs below fexit, which can be known only by trying. */
#include "tracer_parts.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "message.h"

static struct bpf_link *attach_syscall_exit(struct bpf_program *prog, const char *name, int *err)
{
	int fd = kernel_open_tracepoint("syscalls", name);
	struct bpf_link *link;

	if (fd < 0) {
		*err = fd;
		return NULL;
	}
	link = bpf_program__attach_perf_event(prog, fd);
	if (!link) {
		*err = -errno;
		close(fd);
	}
	return link;
}

static void say_none(int err)
{
	message("accept(): its return is not seen: %s (as with --no-accept%s)", strerror(-err),
		err == -EACCES	? "; CAP_DAC_READ_SEARCH lets tracefs be read"
		: err == -EPERM ? "; mount tracefs on /sys/kernel/tracing, or run it as root"
				: "");
}

/*
 * A kretprobe is the last resort: it remembers twice as many callers as there are processors (at least
 * ten), and who blocks in accept() is one of them all the while, so a pool of threads exhausts it.
 */
int tracer_attach_accept(struct tracer *t)
{
	struct tcpstates_bpf *skel = t->skel;
	const char *rung = "system call exit";
	int err = 0;

	if (!bpf_program__autoload(skel->progs.accept_kretprobe))
		return 0; /* not wanted, or fexit, which is attached with the others */
	t->accept[0] = attach_syscall_exit(skel->progs.accept_exit, "sys_exit_accept", &err);
	t->accept[1] = attach_syscall_exit(skel->progs.accept4_exit, "sys_exit_accept4", &err);
	if (!err && t->io_uring)
		t->accept[2] = bpf_program__attach(t->io_uring);
	if (err) {
		t->accept[2] = bpf_program__attach(skel->progs.accept_kretprobe);
		if (t->accept[2])
			err = 0;
		rung = "kretprobe";
	}
	if (err)
		say_none(err);
	else if (t->options->verbose)
		message("accept(): %s", rung);
	return err;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "processes.h"

#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"

/* of /proc/PID/stat, see proc_pid_stat(5); the name before them may have blanks and brackets */
#define FIELDS_AFTER_COMM \
	" %*c %u %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu"

struct process {
	uint32_t parent;
	uint64_t started; /* since boot, in clock ticks */
};

/* False: there is no such process. */
static bool read_process(uint32_t pid, struct process *process)
{
	char path[64], line[1024], *after;
	unsigned long long started;
	unsigned int parent;
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	after = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	if (after && sscanf(after + 1, FIELDS_AFTER_COMM, &parent, &started) == 2) {
		*process = (struct process){ parent, started };
		found = true;
	}
	fclose(f);
	return found;
}

static bool still_runs(uint32_t pid, uint64_t started)
{
	struct process now;

	return read_process(pid, &now) && now.started == started;
}

int processes_note(struct processes *p, const struct options *options)
{
	const struct pid_list *pids = &options->pids;

	*p = (struct processes){ .options = options };
	if (!pids->n)
		return 0;
	p->started = calloc(pids->n, sizeof(*p->started));
	if (!p->started) {
		message("memory: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	for (size_t i = 0; i < pids->n; i++) {
		struct process process;

		if (!read_process(pids->items[i], &process)) {
			message("--pid %u: the process has ended", pids->items[i]);
			return -ESRCH;
		}
		p->started[i] = process.started;
	}
	return 0;
}

/* The hook on exit is attached, so a process that ends after it was entered is removed. */
static bool enter(int pids_fd, uint32_t pid, uint64_t started)
{
	__u8 one = 1;

	if (bpf_map_update_elem(pids_fd, &pid, &one, BPF_NOEXIST))
		return false;
	if (still_runs(pid, started))
		return true;
	bpf_map_delete_elem(pids_fd, &pid);
	return false;
}

/* Enters the children of those in the map; the hook on fork does so for those that are born now. */
static bool enter_children(int pids_fd)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	struct process process;
	bool more = false;
	__u8 one;

	while (proc && (entry = readdir(proc))) {
		uint32_t pid = (uint32_t)strtoul(entry->d_name, NULL, 10);

		if (isdigit((unsigned char)entry->d_name[0]) && read_process(pid, &process) &&
		    !bpf_map_lookup_elem(pids_fd, &process.parent, &one))
			more |= enter(pids_fd, pid, process.started);
	}
	if (proc)
		closedir(proc);
	return more;
}

void processes_settle(const struct processes *p, int pids_fd)
{
	const struct pid_list *pids = &p->options->pids;

	for (size_t i = 0; i < pids->n; i++)
		if (!still_runs(pids->items[i], p->started[i]))
			bpf_map_delete_elem(pids_fd, &pids->items[i]);
	/* a child that was born before its parent was entered is found the next time round */
	while (pids->n && p->options->follow && enter_children(pids_fd))
		;
}

bool processes_ended(int pids_fd)
{
	__u32 pid;

	return bpf_map_get_next_key(pids_fd, NULL, &pid) && errno == ENOENT;
}

void processes_free(struct processes *p)
{
	free(p->started);
	p->started = NULL;
}

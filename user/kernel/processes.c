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

static int note(struct processes *p, const struct pid_array *pids)
{
	for (size_t i = 0; i < pids->n; i++) {
		struct process process;

		if (!read_process(pids->items[i], &process)) {
			message("--pid %u: the process has ended", pids->items[i]);
			return -ESRCH;
		}
		p->noted[p->n++] = (struct noted_process){ pids->items[i], process.started };
	}
	return 0;
}

int processes_note(struct processes *p, const struct options *options)
{
	const struct pid_list *pids = &options->pids;
	int err;

	*p = (struct processes){ .options = options };
	if (!pid_list_given(pids))
		return 0;
	p->noted = calloc(pids->included.n + pids->excluded.n, sizeof(*p->noted));
	if (!p->noted) {
		message("memory: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	err = note(p, &pids->included);
	return err ? err : note(p, &pids->excluded);
}

/* The hook on exit is attached, so a process that ends after it was entered is removed. */
static bool enter(int pids_fd, uint32_t pid, uint64_t started, uint8_t element)
{
	if (bpf_map_update_elem(pids_fd, &pid, &element, BPF_NOEXIST))
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
	uint8_t element;

	while (proc && (entry = readdir(proc))) {
		uint32_t pid = (uint32_t)strtoul(entry->d_name, NULL, 10);

		if (isdigit((unsigned char)entry->d_name[0]) && read_process(pid, &process) &&
		    !bpf_map_lookup_elem(pids_fd, &process.parent, &element))
			more |= enter(pids_fd, pid, process.started, element);
	}
	if (proc)
		closedir(proc);
	return more;
}

void processes_settle(const struct processes *p, int pids_fd)
{
	for (size_t i = 0; i < p->n; i++)
		if (!still_runs(p->noted[i].pid, p->noted[i].started))
			bpf_map_delete_elem(pids_fd, &p->noted[i].pid);
	/* a child that was born before its parent was entered is found the next time round */
	while (p->n && p->options->follow && enter_children(pids_fd))
		;
}

bool processes_ended(int pids_fd)
{
	__u32 pid, *last = NULL;
	uint8_t element;

	while (!bpf_map_get_next_key(pids_fd, last, &pid)) {
		if (!bpf_map_lookup_elem(pids_fd, &pid, &element) && element == ELEMENT_INCLUDED)
			return false;
		last = &pid;
	}
	return errno == ENOENT;
}

bool processes_include(int pids_fd, uint32_t pid)
{
	uint8_t element;

	return !bpf_map_lookup_elem(pids_fd, &pid, &element) && element == ELEMENT_INCLUDED;
}

bool processes_select(const volatile struct config *cfg, int pids_fd, uint32_t pid)
{
	uint8_t element;

	if (!cfg->by_pid && !cfg->by_other_pid)
		return true;
	if (bpf_map_lookup_elem(pids_fd, &pid, &element))
		return !cfg->by_pid;
	return element == ELEMENT_INCLUDED;
}

void processes_free(struct processes *p)
{
	free(p->noted);
	p->noted = NULL;
}

static bool is_given(const struct options *o, uint32_t pid)
{
	for (size_t i = 0; i < o->pids.included.n; i++)
		if (o->pids.included.items[i] == pid)
			return true;
	return false;
}

void processes_explain_nothing(const struct options *o)
{
	DIR *proc = o->pids.included.n && !o->follow ? opendir("/proc") : NULL;
	struct dirent *entry;
	struct process process;
	unsigned int n = 0;

	while (proc && (entry = readdir(proc))) {
		uint32_t pid = (uint32_t)strtoul(entry->d_name, NULL, 10);

		n += isdigit((unsigned char)entry->d_name[0]) && read_process(pid, &process) &&
		     is_given(o, process.parent) && !is_given(o, pid);
	}
	if (proc)
		closedir(proc);
	if (n)
		message("--pid: no connection was reported, but %u child process%s %s not selected (-f selects %s)",
			n, n == 1 ? "" : "es", n == 1 ? "is" : "are", n == 1 ? "it" : "them");
}

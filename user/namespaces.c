// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "namespaces.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct seen {
	uint32_t *inodes;
	size_t n;
};

static bool seen_before(struct seen *seen, uint32_t inode)
{
	uint32_t *more;

	for (size_t i = 0; i < seen->n; i++)
		if (seen->inodes[i] == inode)
			return true;
	more = realloc(seen->inodes, (seen->n + 1) * sizeof(*more));
	if (!more)
		return true;
	seen->inodes = more;
	more[seen->n++] = inode;
	return false;
}

/* 1: visited, 0: not. */
static int visit_path(const char *path, uint32_t only, struct seen *seen, int (*visit)(void *ctx),
		      void *ctx)
{
	struct stat st;
	int fd, visited = 0;

	if (stat(path, &st) || (only && (uint32_t)st.st_ino != only) ||
	    seen_before(seen, (uint32_t)st.st_ino))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (!setns(fd, CLONE_NEWNET)) {
		visited = 1;
		visit(ctx);
	}
	close(fd);
	return visited;
}

/* Namespaces without a process: `ip netns add` and containers' runtimes keep them as mounts. */
static int visit_mounts(uint32_t only, struct seen *seen, int (*visit)(void *ctx), void *ctx)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, path[512];
	size_t room = 0;
	int n = 0;

	if (!f)
		return 0;
	while (getline(&line, &room, f) > 0)
		if (strstr(line, " - nsfs ") && strstr(line, " net:[") &&
		    sscanf(line, "%*s %*s %*s %*s %511s", path) == 1)
			n += visit_path(path, only, seen, visit, ctx);
	free(line);
	fclose(f);
	return n;
}

int namespaces_visit(uint32_t only, int (*visit)(void *ctx), void *ctx)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), n = 0;
	DIR *proc = opendir("/proc");
	struct seen seen = { 0 };
	struct dirent *entry;
	struct stat st;

	if (home < 0 || !proc) {
		n = -errno;
		goto out;
	}
	/* the tracer's own needs no right to enter */
	if (!fstat(home, &st) && (!only || (uint32_t)st.st_ino == only)) {
		seen_before(&seen, (uint32_t)st.st_ino);
		visit(ctx);
		n++;
	}
	while ((entry = readdir(proc))) {
		char path[300];

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/ns/net", entry->d_name);
		n += visit_path(path, only, &seen, visit, ctx);
	}
	n += visit_mounts(only, &seen, visit, ctx);
	if (seen.n > 1 && setns(home, CLONE_NEWNET) && errno != EPERM)
		n = -errno;
out:
	free(seen.inodes);
	if (proc)
		closedir(proc);
	if (home >= 0)
		close(home);
	return n;
}

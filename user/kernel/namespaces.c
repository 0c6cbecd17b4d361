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

#include "privileges.h"

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

struct tour {
	struct seen seen;
	uint32_t only;
	bool left_out;
	bool met; /* `only` */
	int (*visit)(void *ctx);
	void *ctx;
};

static void visit_path(struct tour *t, const char *path)
{
	struct stat st;
	int fd;

	if (stat(path, &st)) {
		t->left_out |= errno == EACCES || errno == EPERM;
		return;
	}
	if ((t->only && (uint32_t)st.st_ino != t->only) ||
	    seen_before(&t->seen, (uint32_t)st.st_ino))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && !setns(fd, CLONE_NEWNET)) {
		t->met = true;
		t->visit(t->ctx);
	} else {
		t->left_out |= errno == EACCES || errno == EPERM;
	}
	if (fd >= 0)
		close(fd);
}

/* Namespaces without a process: `ip netns add` and containers' runtimes keep them as mounts. */
static void visit_mounts(struct tour *t)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, path[512];
	size_t room = 0;

	if (!f)
		return;
	while (getline(&line, &room, f) > 0)
		if (strstr(line, " - nsfs ") && strstr(line, " net:[") &&
		    sscanf(line, "%*s %*s %*s %*s %511s", path) == 1)
			visit_path(t, path);
	free(line);
	fclose(f);
}

int namespaces_visit(uint32_t only, int (*visit)(void *ctx), void *ctx, uint32_t *own)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), err = 0;
	struct tour t = { .only = only, .visit = visit, .ctx = ctx };
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	struct stat st;

	if (home < 0 || !proc || fstat(home, &st)) {
		err = -errno;
		goto out;
	}
	*own = (uint32_t)st.st_ino;
	if (!only || *own == only) {
		seen_before(&t.seen, *own);
		t.met = true;
		visit(ctx);
	}
	while ((entry = readdir(proc))) {
		char path[300];

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/ns/net", entry->d_name);
		visit_path(&t, path);
	}
	visit_mounts(&t);
	if (setns(home, CLONE_NEWNET) && errno != EPERM)
		err = -errno;
out:
	free(t.seen.inodes);
	if (proc)
		closedir(proc);
	if (home >= 0)
		close(home);
	/* with all rights what is refused is somebody's policy, and for one process only */
	return err ? err : t.left_out && !(only && t.met) && !privileges_enter_any();
}

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

/* The namespaces that were visited. */
struct visited {
	uint32_t *inodes;
	size_t n;
};

/* Adds a namespace.  Returns false if it was added before, or if memory is short. */
static bool visited_add(struct visited *visited, uint32_t inode)
{
	uint32_t *more;

	for (size_t i = 0; i < visited->n; i++)
		if (visited->inodes[i] == inode)
			return false;
	more = realloc(visited->inodes, (visited->n + 1) * sizeof(*more));
	if (!more)
		return false;
	visited->inodes = more;
	more[visited->n++] = inode;
	return true;
}

struct tour {
	struct visited visited;
	uint32_t only; /* inode number, 0: all */
	bool denied;   /* some namespace could not be seen or entered */
	bool entered;  /* at least one was visited */
	int (*visit)(void *ctx);
	void *ctx;
};

static void visit_path(struct tour *t, const char *path)
{
	struct stat st;
	int fd;

	if (stat(path, &st)) {
		t->denied |= errno == EACCES || errno == EPERM;
		return;
	}
	if ((t->only && (uint32_t)st.st_ino != t->only) ||
	    !visited_add(&t->visited, (uint32_t)st.st_ino))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && !setns(fd, CLONE_NEWNET)) {
		t->entered = true;
		t->visit(t->ctx);
	} else {
		t->denied |= errno == EACCES || errno == EPERM;
	}
	if (fd >= 0)
		close(fd);
}

/* Visits the namespaces without a process: `ip netns add` and container runtimes mount them. */
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

int namespaces_visit(const struct options *o, int (*visit)(void *ctx), void *ctx, uint32_t *own)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), err = 0;
	struct tour t = { .only = o->netns, .visit = visit, .ctx = ctx };
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char path[300];
	struct stat st;

	if (home < 0 || !proc || fstat(home, &st)) {
		err = -errno;
		goto out;
	}
	*own = (uint32_t)st.st_ino;
	if (!t.only || *own == t.only) {
		visited_add(&t.visited, *own);
		t.entered = true;
		visit(ctx);
	}
	if (o->netns_fd) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", o->netns_fd);
		visit_path(&t, path);
	}
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/ns/net", entry->d_name);
		visit_path(&t, path);
	}
	visit_mounts(&t);
	if (setns(home, CLONE_NEWNET) && errno != EPERM)
		err = -errno;
out:
	free(t.visited.inodes);
	if (proc)
		closedir(proc);
	if (home >= 0)
		close(home);
	/* a security module may refuse a single process even if this one has all capabilities */
	return err ? err : t.denied && !(t.only && t.entered) && !privileges_all_namespaces();
}

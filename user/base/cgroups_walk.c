// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "cgroups_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The number of links of a directory without subdirectories. */
#define LEAF_LINKS 2

struct cgroups_walk {
	int mount_fd;
	bool begun;
	DIR *dir; /* the one that is being read; NULL: none */
	char path[PATH_MAX];
	size_t len; /* of its path */
	/* paths of the directories that have others below them and are not read yet */
	char **queue;
	size_t at, n, room;
};

struct cgroups_walk *cgroups_walk_begin(int mount_fd)
{
	struct cgroups_walk *w = calloc(1, sizeof(*w));

	if (w)
		w->mount_fd = mount_fd;
	return w;
}

void cgroups_walk_end(struct cgroups_walk *w)
{
	if (!w)
		return;
	if (w->dir)
		closedir(w->dir);
	while (w->at < w->n)
		free(w->queue[w->at++]);
	free(w->queue);
	free(w);
}

static void open_directory(struct cgroups_walk *w, const char *path)
{
	int fd = openat(w->mount_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	w->dir = fd < 0 ? NULL : fdopendir(fd);
	if (fd >= 0 && !w->dir)
		close(fd);
}

/* Opens the next directory; false: there is none. */
static bool next_directory(struct cgroups_walk *w, cgroups_walk_fn found, void *ctx)
{
	struct stat st;
	char *path;

	if (!w->begun) {
		w->begun = true;
		if (!fstat(w->mount_fd, &st))
			found(ctx, st.st_ino, "/");
		open_directory(w, ".");
		return true;
	}
	if (w->at == w->n)
		return false;
	path = w->queue[w->at++];
	w->len = strlen(path);
	memcpy(w->path, path, w->len + 1);
	free(path);
	open_directory(w, w->path + 1);
	return true;
}

/* If memory is short, what is below this directory stays unknown. */
static void enqueue(struct cgroups_walk *w)
{
	char *path, **more;

	if (w->n == w->room) {
		more = realloc(w->queue, (w->room * 2 + 64) * sizeof(*more));
		if (!more)
			return;
		w->queue = more;
		w->room = w->room * 2 + 64;
	}
	path = strdup(w->path);
	if (path)
		w->queue[w->n++] = path;
}

static void visit(struct cgroups_walk *w, const struct dirent *e, cgroups_walk_fn found, void *ctx)
{
	size_t more = strlen(e->d_name) + 1;
	struct stat st;

	if (e->d_type != DT_DIR || !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
	    w->len + 1 + more > PATH_MAX)
		return;
	w->path[w->len] = '/';
	memcpy(w->path + w->len + 1, e->d_name, more);
	found(ctx, e->d_ino, w->path);
	/* most cgroups are leaves, and each has dozens of files that need not be read */
	if (fstatat(dirfd(w->dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
	    st.st_nlink != LEAF_LINKS)
		enqueue(w);
	w->path[w->len] = '\0';
}

bool cgroups_walk_on(struct cgroups_walk *w, size_t entries, cgroups_walk_fn found, void *ctx)
{
	while (entries--) {
		struct dirent *e;

		if (!w->dir) {
			if (!next_directory(w, found, ctx))
				return true;
			continue;
		}
		e = readdir(w->dir);
		if (e) {
			visit(w, e, found, ctx);
		} else {
			closedir(w->dir);
			w->dir = NULL;
		}
	}
	return false;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "cgroups.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

#define ENTRIES_MAX 65536

/* The search for new cgroups may take a twentieth of the time; unused time is saved, up to 100 ms. */
#define WALK_SHARE 20
#define WALK_SAVED_MAX_NS 100000000LL

struct entry {
	uint64_t id;
	char *path;    /* NULL: the cgroup was removed before its path was read */
	bool returned; /* by cgroups_path(), so it is not fresh any more */
};

struct cgroups {
	int mount_fd; /* -1: none */
	char mount[PATH_MAX];
	struct entry *entries;
	size_t n, room;
	/* the first entries are sorted by id; those that a walk adds follow, until it ends */
	size_t n_sorted;
	int64_t allowance_ns;
	uint64_t walked_ns;
};

static bool find_mount(struct cgroups *cgroups)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	if (!f)
		return false;
	while (!found && getline(&line, &room, f) > 0)
		found = strstr(line, " - cgroup2 ") &&
			sscanf(line, "%*s %*s %*s %*s %4095s", cgroups->mount) == 1;
	free(line);
	fclose(f);
	return found;
}

struct cgroups *cgroups_open(bool live)
{
	struct cgroups *cgroups = calloc(1, sizeof(*cgroups));

	if (!cgroups)
		return NULL;
	cgroups->mount_fd = -1;
	if (live && find_mount(cgroups))
		cgroups->mount_fd = open(cgroups->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cgroups->walked_ns = clock_monotonic_ns();
	cgroups->allowance_ns = WALK_SAVED_MAX_NS;
	return cgroups;
}

static void forget_all(struct cgroups *cgroups)
{
	for (size_t i = 0; i < cgroups->n; i++)
		free(cgroups->entries[i].path);
	cgroups->n = cgroups->n_sorted = 0;
}

void cgroups_close(struct cgroups *cgroups)
{
	if (!cgroups)
		return;
	forget_all(cgroups);
	free(cgroups->entries);
	if (cgroups->mount_fd >= 0)
		close(cgroups->mount_fd);
	free(cgroups);
}

static int by_id(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static struct entry *find(const struct cgroups *cgroups, uint64_t id)
{
	if (!cgroups->n_sorted)
		return NULL;
	return bsearch(&(struct entry){ .id = id }, cgroups->entries, cgroups->n_sorted,
		       sizeof(*cgroups->entries), by_id);
}

/* Adds an entry at the end, and owns path.  If memory is short, the cgroup stays unknown. */
static void append(struct cgroups *cgroups, uint64_t id, char *path)
{
	struct entry *more;

	if (cgroups->n == cgroups->room) {
		more = realloc(cgroups->entries, (cgroups->room * 2 + 64) * sizeof(*more));
		if (!more) {
			free(path);
			return;
		}
		cgroups->entries = more;
		cgroups->room = cgroups->room * 2 + 64;
	}
	cgroups->entries[cgroups->n++] = (struct entry){ .id = id, .path = path };
}

/* Adds an entry in the order of the ids. */
static void insert(struct cgroups *cgroups, uint64_t id, char *path)
{
	struct entry *e, last;
	size_t n = cgroups->n;

	append(cgroups, id, path);
	if (cgroups->n == n)
		return;
	last = cgroups->entries[n];
	for (e = cgroups->entries + n; e > cgroups->entries && e[-1].id > id; e--)
		*e = e[-1];
	*e = last;
	cgroups->n_sorted = cgroups->n;
}

/* Adds the cgroups below a directory and closes its descriptor.  A cgroup's id is its inode number. */
static void walk(struct cgroups *cgroups, int fd, char path[PATH_MAX], size_t len)
{
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(dir))) {
		size_t more = strlen(e->d_name) + 1;

		if (e->d_type != DT_DIR || !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
		    len + more >= PATH_MAX || cgroups->n >= 2 * ENTRIES_MAX)
			continue;
		path[len] = '/';
		memcpy(path + len + 1, e->d_name, more);
		if (!find(cgroups, e->d_ino))
			append(cgroups, e->d_ino, strdup(path));
		walk(cgroups,
		     openat(fd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), path,
		     len + more);
	}
	closedir(dir);
}

/*
 * Reads the whole hierarchy.  To open a single cgroup by its id, open_by_handle_at() needs
 * CAP_DAC_READ_SEARCH, the right to read any file, for as long as the trace lasts.  Returns false if the
 * time for it is used up.
 */
static bool find_new(struct cgroups *cgroups)
{
	uint64_t now_ns = clock_monotonic_ns();
	char path[PATH_MAX];
	struct stat st;

	cgroups->allowance_ns += (int64_t)((now_ns - cgroups->walked_ns) / WALK_SHARE);
	cgroups->walked_ns = now_ns;
	if (cgroups->allowance_ns > WALK_SAVED_MAX_NS)
		cgroups->allowance_ns = WALK_SAVED_MAX_NS;
	if (cgroups->allowance_ns <= 0)
		return false;
	if (cgroups->n > ENTRIES_MAX)
		forget_all(cgroups);
	if (!fstat(cgroups->mount_fd, &st) && !find(cgroups, st.st_ino))
		append(cgroups, st.st_ino, strdup("/"));
	walk(cgroups, openat(cgroups->mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), path, 0);
	if (cgroups->n)
		qsort(cgroups->entries, cgroups->n, sizeof(*cgroups->entries), by_id);
	cgroups->n_sorted = cgroups->n;
	cgroups->walked_ns = clock_monotonic_ns();
	cgroups->allowance_ns -= (int64_t)(cgroups->walked_ns - now_ns);
	return true;
}

const char *cgroups_path(struct cgroups *cgroups, uint64_t id, bool *fresh)
{
	struct entry *e = find(cgroups, id);

	*fresh = false;
	if (!e && cgroups->mount_fd >= 0) {
		if (!find_new(cgroups))
			return NULL;
		e = find(cgroups, id);
		if (!e)
			insert(cgroups, id, NULL);
	}
	if (!e || !e->path)
		return NULL;
	*fresh = !e->returned;
	e->returned = true;
	return e->path;
}

void cgroups_ask_again(struct cgroups *cgroups)
{
	for (size_t i = 0; i < cgroups->n; i++)
		cgroups->entries[i].returned = false;
}

void cgroups_learn(struct cgroups *cgroups, uint64_t id, const char *path, size_t len)
{
	struct entry *e = find(cgroups, id);

	if (e) {
		free(e->path);
		e->path = strndup(path, len);
		return;
	}
	if (cgroups->n > ENTRIES_MAX)
		forget_all(cgroups);
	insert(cgroups, id, strndup(path, len));
}

bool cgroups_below(const char *path, const char *top)
{
	/* the hybrid hierarchy of systemd mounts version 2 beside version 1, at unified */
	static const char *const mounts[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };
	size_t len;

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		len = strlen(mounts[i]);
		if (!strncmp(top, mounts[i], len) && (top[len] == '/' || !top[len])) {
			top += len;
			break;
		}
	}
	top += strspn(top, "/");
	path += strspn(path, "/");
	len = strlen(top);
	while (len && top[len - 1] == '/')
		len--;
	return !len || (!strncmp(path, top, len) && (!path[len] || path[len] == '/'));
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "cgroups.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CACHE_SLOTS 1024
#define FILEID_KERNFS 0xfe /* include/linux/exportfs.h: the handle is the 64-bit id */

struct entry {
	uint64_t id;
	char *path;
};

struct cgroups {
	int mount_fd; /* -1: none */
	size_t mount_len;
	char mount[PATH_MAX];
	struct entry cache[CACHE_SLOTS];
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
	if (live && find_mount(cgroups)) {
		cgroups->mount_fd = open(cgroups->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		cgroups->mount_len = strlen(cgroups->mount);
	}
	return cgroups;
}

void cgroups_close(struct cgroups *cgroups)
{
	if (!cgroups)
		return;
	for (size_t i = 0; i < CACHE_SLOTS; i++)
		free(cgroups->cache[i].path);
	if (cgroups->mount_fd >= 0)
		close(cgroups->mount_fd);
	free(cgroups);
}

static char *resolve(const struct cgroups *cgroups, uint64_t id)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(id)];
	} u = { .handle = { .handle_bytes = sizeof(id), .handle_type = FILEID_KERNFS } };
	char link[64], path[PATH_MAX];
	ssize_t len;
	int fd;

	if (cgroups->mount_fd < 0)
		return NULL;
	memcpy(u.handle.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(cgroups->mount_fd, &u.handle, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	close(fd);
	if (len < 0 || (size_t)len < cgroups->mount_len)
		return NULL;
	path[len] = '\0';
	return strdup((size_t)len == cgroups->mount_len ? "/" : path + cgroups->mount_len);
}

const char *cgroups_path(struct cgroups *cgroups, uint64_t id, bool *fresh)
{
	struct entry *e = &cgroups->cache[id % CACHE_SLOTS];

	*fresh = false;
	if ((e->id != id || !e->path) && cgroups->mount_fd >= 0) {
		free(e->path);
		e->id = id;
		e->path = resolve(cgroups, id);
		*fresh = e->path;
	}
	return e->id == id ? e->path : NULL;
}

void cgroups_learn(struct cgroups *cgroups, uint64_t id, const char *path, size_t len)
{
	struct entry *e = &cgroups->cache[id % CACHE_SLOTS];

	free(e->path);
	e->id = id;
	e->path = strndup(path, len);
}

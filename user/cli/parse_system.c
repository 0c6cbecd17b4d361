// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Names of what the running system has: network namespaces, cgroups, processes. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cgroups.h"
#include "base/cgroups_walk.h"
#include "base/workload.h"
#include "base/sudo_user.h"
#include "parse.h"

#define DIGITS "0123456789"

/* fd: O_PATH, with which nothing is opened: on a device or a FIFO, that has side effects. */
static const char *netns_of_fd(int fd, uint32_t *inode, int *kept_fd)
{
	char name[sizeof("/proc/self/fd/") + 11];
	const char *why = NULL;
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs))
		return strerror(errno);
	if (fs.f_type != NSFS_MAGIC)
		return "not a namespace";
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return strerror(errno);
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		why = "not a network namespace";
	else if (fstat(fd, &st))
		why = strerror(errno);
	else
		*inode = (uint32_t)st.st_ino;
	if (why)
		close(fd);
	else
		*kept_fd = fd;
	return why;
}

/* A name without a slash is first one of `ip netns`. */
static int open_netns(const char *name)
{
	char path[PARSE_ELEMENT_MAX + sizeof("/run/netns/")];
	int fd = -ENOENT;

	if (!strchr(name, '/') && strlen(name) < PARSE_ELEMENT_MAX) {
		snprintf(path, sizeof(path), "/run/netns/%s", name);
		fd = sudo_user_open(path, O_PATH, 0);
	}
	return fd == -ENOENT ? sudo_user_open(name, O_PATH, 0) : fd;
}

static const char *netns_of_name(const char *name, uint32_t *inode, int *kept_fd)
{
	int fd = open_netns(name);
	const char *why;

	if (fd < 0)
		return strerror(-fd);
	why = netns_of_fd(fd, inode, kept_fd);
	close(fd);
	return why;
}

const char *parse_netns(const char *s, uint32_t *inode, int *fd)
{
	static const char prefix[] = "net:[";
	size_t start = strncmp(s, prefix, sizeof(prefix) - 1) ? 0 : sizeof(prefix) - 1;
	size_t digits = strspn(s + start, DIGITS);
	char number[PARSE_ELEMENT_MAX];
	uint64_t value;

	if (!s[0])
		return "empty";
	if (strcmp(s + start + digits, start ? "]" : ""))
		return netns_of_name(s, inode, fd);
	if (digits >= sizeof(number))
		return "not an inode number";
	memcpy(number, s + start, digits);
	number[digits] = '\0';
	if (parse_number(number, 1, UINT32_MAX, &value))
		return "not an inode number";
	*inode = (uint32_t)value;
	return NULL;
}

static const char *cgroup_of_path(const char *path, uint64_t *id)
{
	int fd = sudo_user_open(path, O_PATH, 0);
	const char *why = NULL;
	struct statfs fs;
	struct stat st;

	if (fd < 0)
		return strerror(-fd);
	if (fstat(fd, &st) || fstatfs(fd, &fs))
		why = strerror(errno);
	else if (!S_ISDIR(st.st_mode))
		why = "not a directory";
	else if (fs.f_type != CGROUP2_SUPER_MAGIC)
		why = "not in a cgroup v2 file system";
	else
		*id = st.st_ino;
	close(fd);
	return why;
}

const char *parse_cgroup(const char *path, uint64_t *id)
{
	const char *why = cgroup_of_path(path, id);
	char mount[CGROUP_PATH_MAX], *under;

	if (!why || !cgroups_find_mount(mount))
		return why;
	if (asprintf(&under, "%s/%s", mount, path) < 0)
		return strerror(ENOMEM);
	if (!cgroup_of_path(under, id))
		why = NULL;
	free(under);
	return why;
}

const char *parse_container(const char *s)
{
	if (s[strspn(s, "0123456789abcdef")])
		return "not the id of a container: hexadecimal digits";
	return strlen(s) < CONTAINER_ID_MIN ? "too short" : NULL;
}

struct container_search {
	const char *digits;
	uint64_t id;
	unsigned int n;
};

/* Only the container's own cgroup, not those below it. */
static void match_container(void *ctx, uint64_t id, const char *path)
{
	struct container_search *search = ctx;
	const char *name = strrchr(path, '/');

	if (!workload_in_container(name ? name : path, search->digits))
		return;
	search->id = id;
	search->n++;
}

const char *parse_find_container(const char *digits, uint64_t *cgroup_id)
{
	struct container_search search = { .digits = digits };
	char mount[CGROUP_PATH_MAX];
	struct cgroups_walk *walk;
	int fd = cgroups_find_mount(mount) ? open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0)
		return "no cgroup v2 file system is mounted";
	walk = cgroups_walk_begin(fd);
	if (walk)
		cgroups_walk_on(walk, SIZE_MAX, match_container, &search);
	cgroups_walk_end(walk);
	close(fd);
	*cgroup_id = search.id;
	return !walk	      ? strerror(ENOMEM)
	       : !search.n    ? "no such container runs"
	       : search.n > 1 ? "more than one container: give more digits"
			      : NULL;
}

/* /proc/TID exists for every thread, although /proc does not list it; for a process, Tgid is its own ID. */
const char *parse_check_process(uint32_t pid)
{
	char path[64], line[128];
	unsigned int tgid = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	status = fopen(path, "re");
	if (!status)
		return errno == ENOENT ? "no such process" : strerror(errno);
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "Tgid: %u", &tgid) == 1)
			break;
	fclose(status);
	if (!tgid)
		return "no such process";
	return tgid == pid ? NULL : "a thread, not a process";
}

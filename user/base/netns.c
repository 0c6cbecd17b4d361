// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "netns.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* the initial namespaces begin here (include/uapi/linux/nsfs.h), the others at 0xF0000000 */
#define LOWEST_NAMESPACE 0xEFFFFFF0U

/* Opens the file if it has this number.  It is compared once it is open: a process may end. */
static int open_if(const char *path, uint32_t inode)
{
	struct stat st;
	int fd;

	if (stat(path, &st))
		return errno == EPERM || errno == EACCES ? -EACCES : -ENOENT;
	if ((uint32_t)st.st_ino != inode)
		return -ENOENT;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == EPERM || errno == EACCES ? -EACCES : -ENOENT;
	if (!fstat(fd, &st) && (uint32_t)st.st_ino == inode)
		return fd;
	close(fd);
	return -ENOENT;
}

static int find_process(uint32_t inode)
{
	DIR *proc = opendir("/proc");
	int fd = -ENOENT, result = -ENOENT;
	struct dirent *entry;
	char path[300];

	if (!proc)
		return -EACCES;
	while (fd < 0 && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/ns/net", entry->d_name);
		fd = open_if(path, inode);
		if (fd != -ENOENT)
			result = fd;
	}
	closedir(proc);
	return result;
}

/* `ip netns add` and container runtimes mount namespaces, which may have no process. */
static int find_mount(uint32_t inode)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, wanted[64], path[512];
	int fd = -ENOENT;
	size_t room = 0;

	if (!f)
		return -EACCES;
	snprintf(wanted, sizeof(wanted), " net:[%u] ", inode);
	while (fd < 0 && getline(&line, &room, f) > 0)
		if (strstr(line, wanted) && sscanf(line, "%*s %*s %*s %*s %511s", path) == 1)
			fd = open_if(path, inode);
	free(line);
	fclose(f);
	return fd;
}

int netns_open(uint32_t inode)
{
	int fd, process;

	if (inode < LOWEST_NAMESPACE)
		return -ENOENT;
	fd = find_mount(inode);
	process = fd < 0 ? find_process(inode) : -ENOENT;
	return fd < 0 && process != -ENOENT ? process : fd;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Where the hierarchy is mounted, and what a path in it is below. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroups.h"

bool cgroups_find_mount(char mount[CGROUP_PATH_MAX])
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	if (!f)
		return false;
	while (!found && getline(&line, &room, f) > 0)
		found = strstr(line, " - cgroup2 ") &&
			sscanf(line, "%*s %*s %*s %*s %4095s", mount) == 1;
	free(line);
	fclose(f);
	return found;
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

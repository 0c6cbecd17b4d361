// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "caller.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <unistd.h>

/* A number from the environment; -1 when there is none. */
static long number_from(const char *name)
{
	const char *text = getenv(name);
	char *end;
	long n;

	if (!text || !*text)
		return -1;
	errno = 0;
	n = strtol(text, &end, 10);
	return errno || *end || n < 0 || n >= UINT_MAX ? -1 : n;
}

struct caller caller_find(void)
{
	long uid = number_from("SUDO_UID"), gid = number_from("SUDO_GID");

	if (geteuid() != 0 || uid <= 0 || gid < 0)
		return (struct caller){ false, geteuid(), getegid() };
	return (struct caller){ true, (uid_t)uid, (gid_t)gid };
}

static int take_groups(const struct caller *c)
{
	struct passwd *user = getpwuid(c->uid);

	return user ? initgroups(user->pw_name, c->gid) : setgroups(1, &c->gid);
}

int caller_become(void)
{
	struct caller c = caller_find();

	if (!c.other)
		return 0;
	if (take_groups(&c) || setresgid(c.gid, c.gid, c.gid) || setresuid(c.uid, c.uid, c.uid))
		return -errno;
	return 0;
}

int caller_open(const char *path, int flags, mode_t mode)
{
	struct caller c = caller_find();
	gid_t groups[NGROUPS_MAX];
	int n, fd, err = 0;

	if (!c.other) {
		fd = open(path, flags | O_CLOEXEC, mode);
		return fd < 0 ? -errno : fd;
	}
	n = getgroups(NGROUPS_MAX, groups);
	if (n < 0 || take_groups(&c))
		return -errno;
	setfsgid(c.gid);
	setfsuid(c.uid); /* this takes away the rights over files that root has, too */
	fd = open(path, flags | O_CLOEXEC, mode);
	if (fd < 0)
		err = -errno;
	setfsuid(geteuid());
	setfsgid(getegid());
	if (setgroups((size_t)n, groups) && fd >= 0) {
		err = -errno;
		close(fd);
		fd = -1;
	}
	return fd < 0 ? err : fd;
}

const char *caller_hint(int err)
{
	return (err == -EACCES || err == -EPERM) && caller_find().other
		       ? " (files are written as the user who called sudo)"
		       : "";
}

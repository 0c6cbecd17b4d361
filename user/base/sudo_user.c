// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "sudo_user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <unistd.h>

/* The number in an environment variable; -1 if there is none. */
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

struct sudo_user sudo_user_find(void)
{
	long uid = number_from("SUDO_UID"), gid = number_from("SUDO_GID");

	if (geteuid() != 0 || uid <= 0 || gid < 0)
		return (struct sudo_user){ false, geteuid(), getegid() };
	return (struct sudo_user){ true, (uid_t)uid, (gid_t)gid };
}

/* Reads the numbers of a line of /proc/PID/status and returns how many there are. */
static int read_groups(const char *text, gid_t groups[NGROUPS_MAX])
{
	char *end;
	int n;

	for (n = 0; n < NGROUPS_MAX; n++, text = end) {
		groups[n] = (gid_t)strtoul(text, &end, 10);
		if (end == text)
			break;
	}
	return n;
}

/* Reads the groups of a process.  Returns their number; -1: another user runs it.  *pid becomes its parent. */
static int groups_of_process(pid_t *pid, uid_t uid, gid_t groups[NGROUPS_MAX])
{
	char path[sizeof("/proc//status") + 11], *line = NULL;
	unsigned int real, effective, saved;
	bool theirs = false;
	size_t size = 0;
	int n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", *pid);
	*pid = 0;
	f = fopen(path, "re");
	if (!f)
		return -1;
	while (getline(&line, &size, f) > 0) {
		if (sscanf(line, "PPid: %d", pid) == 1)
			continue;
		if (sscanf(line, "Uid: %u %u %u", &real, &effective, &saved) == 3)
			theirs = real == uid && effective == uid && saved == uid;
		else if (theirs && !strncmp(line, "Groups:", strlen("Groups:")))
			n = read_groups(line + strlen("Groups:"), groups);
	}
	free(line);
	fclose(f);
	return n;
}

/* The groups of the closest ancestor that the user runs, usually the shell that called sudo; -1: there is none. */
static int groups_of_ancestor(uid_t uid, gid_t groups[NGROUPS_MAX], pid_t *ancestor)
{
	pid_t pid = getppid();
	int n = -1;

	while (n < 0 && pid > 0) {
		*ancestor = pid;
		n = groups_of_process(&pid, uid, groups);
	}
	return n;
}

/*
 * Takes the groups of that ancestor; if there is none any more, the one group that sudo names.  The user database
 * is not consulted: shared libraries read it (nsswitch.conf), and a static program has none.
 */
static int take_groups(const struct sudo_user *user)
{
	gid_t groups[NGROUPS_MAX];
	pid_t ancestor;
	int n = groups_of_ancestor(user->uid, groups, &ancestor);

	return n < 0 ? setgroups(1, &user->gid) : setgroups((size_t)n, groups);
}

/* This process was root, and has become the user. */
static bool became;

int sudo_user_become(void)
{
	struct sudo_user user = sudo_user_find();

	if (!user.found)
		return 0;
	if (take_groups(&user) || setresgid(user.gid, user.gid, user.gid) ||
	    setresuid(user.uid, user.uid, user.uid))
		return -errno;
	became = true;
	return 0;
}

/* Reads the variable HOME of a process.  To be freed. */
static char *home_of_process(pid_t pid)
{
	char file[sizeof("/proc//environ") + 11], *entry = NULL, *home = NULL;
	size_t room = 0;
	FILE *f;

	snprintf(file, sizeof(file), "/proc/%d/environ", pid);
	f = fopen(file, "re");
	while (f && !home && getdelim(&entry, &room, '\0', f) > 0)
		if (!strncmp(entry, "HOME=/", 6))
			home = strdup(entry + strlen("HOME="));
	free(entry);
	if (f)
		fclose(f);
	return home;
}

/* Users of a directory service are not in the file; a shell of theirs has the variable. */
static char *find_home(uid_t uid)
{
	FILE *f = fopen("/etc/passwd", "re");
	gid_t groups[NGROUPS_MAX];
	struct passwd *entry;
	char *home = NULL;
	pid_t ancestor;

	while (f && !home && (entry = fgetpwent(f)))
		if (entry->pw_uid == uid && entry->pw_dir[0])
			home = strdup(entry->pw_dir);
	if (f)
		fclose(f);
	if (!home && groups_of_ancestor(uid, groups, &ancestor) >= 0)
		home = home_of_process(ancestor);
	return home;
}

void sudo_user_set_environment(void)
{
	const char *name = getenv("SUDO_USER");
	char *home;

	if (!became)
		return;
	home = find_home(geteuid());
	if (home)
		setenv("HOME", home, 1);
	else
		unsetenv("HOME");
	free(home);
	if (name && *name) {
		setenv("USER", name, 1);
		setenv("LOGNAME", name, 1);
	}
}

/* The kernel refuses without an errno.  Another uid also takes away root's capabilities that concern files. */
static bool set_file_ids(uid_t uid, gid_t gid)
{
	setfsuid(uid);
	setfsgid(gid);
	return (uid_t)setfsuid((uid_t)-1) == uid && (gid_t)setfsgid((gid_t)-1) == gid;
}

int sudo_user_call(int (*fn)(void *ctx), void *ctx)
{
	struct sudo_user user = sudo_user_find();
	gid_t groups[NGROUPS_MAX];
	int n, result = -EPERM;

	if (!user.found)
		return fn(ctx);
	n = getgroups(NGROUPS_MAX, groups);
	if (n < 0 || take_groups(&user))
		return -errno;
	if (set_file_ids(user.uid, user.gid))
		result = fn(ctx);
	if (!set_file_ids(geteuid(), getegid()) || setgroups((size_t)n, groups)) {
		if (result >= 0)
			close(result);
		return -EPERM;
	}
	return result;
}

struct open_call {
	const char *path;
	int flags;
	mode_t mode;
};

static int call_open(void *ctx)
{
	const struct open_call *call = ctx;
	int fd = open(call->path, call->flags | O_CLOEXEC, call->mode);

	return fd < 0 ? -errno : fd;
}

int sudo_user_open(const char *path, int flags, mode_t mode)
{
	return sudo_user_call(call_open, &(struct open_call){ path, flags, mode });
}

const char *sudo_user_hint(int err)
{
	return (err == -EACCES || err == -EPERM) && (became || sudo_user_find().found)
		       ? " (files are opened as the user who called sudo)"
		       : "";
}

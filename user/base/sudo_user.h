/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The user who started the program through sudo. */
#ifndef SUDO_USER_H
#define SUDO_USER_H

#include <stdbool.h>
#include <sys/types.h>

struct sudo_user {
	bool found; /* false: not under sudo; uid and gid are the effective ones of this process */
	uid_t uid;
	gid_t gid;
};

/* Reads SUDO_UID and SUDO_GID, and only if this process runs as root. */
struct sudo_user sudo_user_find(void);

/*
 * Makes this process run as that user, with the groups of the process that called sudo; it cannot go back.
 * Does nothing if not under sudo.  0 or -errno.
 */
int sudo_user_become(void);

/* After sudo_user_become(): sets HOME, USER and LOGNAME to that user's; sudo may have set root's. */
void sudo_user_set_environment(void);

/*
 * Calls fn, which returns a file descriptor or -errno, with the rights to files that this user has; returns what
 * it returned, or -errno.
 */
int sudo_user_call(int (*fn)(void *ctx), void *ctx);

/*
 * open() as that user: a new file belongs to the user, and a file that only root may read or write is not
 * opened.  Returns a file descriptor (O_CLOEXEC) or -errno.
 */
int sudo_user_open(const char *path, int flags, mode_t mode);

/* Text to append to the message about a failed sudo_user_open(); "" if there is nothing to add. */
const char *sudo_user_hint(int err);

#endif

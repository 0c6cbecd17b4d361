/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Who called the program: under sudo, the user whom sudo names. */
#ifndef SUDO_USER_H
#define SUDO_USER_H

#include <stdbool.h>
#include <sys/types.h>

struct sudo_user {
	bool other; /* than the user this process runs as */
	uid_t uid;
	gid_t gid;
};

struct sudo_user sudo_user_find(void);

/* For good, with the groups of the process that called sudo.  0 or -errno. */
int sudo_user_become(void);

/*
 * open() with the rights of the caller and of nobody else: what it creates is the caller's, and where
 * the caller may not write, no file of root's is overwritten.  A file descriptor (O_CLOEXEC) or -errno.
 */
int sudo_user_open(const char *path, int flags, mode_t mode);

/* Behind the reason why sudo_user_open() failed: "", or that it was not tried as root. */
const char *sudo_user_hint(int err);

#endif

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * capng_change_id() refers to glibc's data base of users, which needs shared libraries; but only for
 * CAPNG_INIT_SUPP_GRP, which is not asked for.
 */
#include <errno.h>
#include <pwd.h>
#include <stddef.h>

struct passwd *__wrap_getpwuid(uid_t uid);
int __wrap_initgroups(const char *user, gid_t group);

struct passwd *__wrap_getpwuid(uid_t uid)
{
	(void)uid;
	return NULL;
}

int __wrap_initgroups(const char *user, gid_t group)
{
	(void)user;
	(void)group;
	errno = ENOSYS;
	return -1;
}

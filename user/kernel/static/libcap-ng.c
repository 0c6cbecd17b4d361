// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * capng_change_id() calls glibc's user database, which needs shared libraries.  It does so only with
 * CAPNG_INIT_SUPP_GRP, which this program does not use, so a static program replaces the functions.
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

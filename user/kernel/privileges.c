// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/message.h"
#include "base/sudo_user.h"

#define HELD (CAPNG_EFFECTIVE | CAPNG_PERMITTED)

/* since Linux 5.8 */
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

int privileges_check(void)
{
	if (geteuid() == getuid() && getegid() == getgid())
		return 0;
	message("%s: refused, because it is not safe (use file capabilities instead)",
		geteuid() == getuid() ? "set-group-ID" : "set-user-ID");
	return -EPERM;
}

bool privileges_all_namespaces(void)
{
	capng_get_caps_process();
	return capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN) &&
	       capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_PTRACE);
}

/* Drops all capabilities of this process but `keep` (-1: none).  libcap-ng must know its current ones. */
static int drop_all_but(int keep)
{
	bool bounding = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);

	capng_clear(CAPNG_SELECT_ALL);
	if (bounding && capng_apply(CAPNG_SELECT_BOUNDS))
		return -EPERM;
	if (keep >= 0)
		capng_update(CAPNG_ADD, HELD, (unsigned int)keep);
	return capng_apply(CAPNG_SELECT_AMBIENT) || capng_apply(CAPNG_SELECT_CAPS) ? -EPERM : 0;
}

/* Becomes another user, with no capability but `keep` (-1: none). */
static int change_user(const struct sudo_user *user, int keep)
{
	bool bounding = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	int flags = CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_AMBIENT;

	if (bounding)
		flags |= CAPNG_CLEAR_BOUNDING;
	capng_clear(CAPNG_SELECT_ALL);
	if (keep >= 0)
		capng_update(CAPNG_ADD, HELD, (unsigned int)keep);
	return capng_change_id((int)user->uid, (int)user->gid, (capng_flags_t)flags) ? -EPERM : 0;
}

/*
 * Tries to do without *keep, which becomes -1 if it is not needed.  Before Linux 5.19, every access to a map
 * requires CAP_BPF if kernel.unprivileged_bpf_disabled is set; commit c8644cd0efe7 ended that.
 */
static int try_without(int *keep, bool (*works)(void *ctx), void *ctx)
{
	if (*keep < 0)
		return 0;
	capng_update(CAPNG_DROP, CAPNG_EFFECTIVE, (unsigned int)*keep);
	if (capng_apply(CAPNG_SELECT_CAPS))
		return -EPERM;
	if (works(ctx)) {
		capng_update(CAPNG_DROP, CAPNG_PERMITTED, (unsigned int)*keep);
		*keep = -1;
	} else {
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE, (unsigned int)*keep);
	}
	return capng_apply(CAPNG_SELECT_CAPS) ? -EPERM : 0;
}

int privileges_drop(bool (*works)(void *ctx), void *ctx, bool verbose)
{
	struct sudo_user user = sudo_user_find();
	int keep = -1, err;

	capng_get_caps_process();
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_BPF))
		keep = CAP_BPF;
	else if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN))
		keep = CAP_SYS_ADMIN;
	err = user.found ? change_user(&user, keep) : drop_all_but(keep);
	if (!err)
		err = try_without(&keep, works, ctx);
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = -errno;
	/* other processes of this user must not use the open descriptors of this one (ptrace, /proc/PID/fd) */
	if (!err && geteuid() && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		err = -errno;
	if (err)
		message("privileges: cannot be dropped: %s", strerror(-err));
	else if (verbose)
		message("privileges: capabilities kept: %s; user %u",
			keep < 0	  ? "none"
			: keep == CAP_BPF ? "CAP_BPF (this kernel requires it to read a map)"
					  : "CAP_SYS_ADMIN (this kernel requires it to read a map)",
			geteuid());
	return err;
}

int privileges_drop_for_replay(void)
{
	int err = sudo_user_become();

	if (err) {
		message("privileges: cannot be dropped: %s", strerror(-err));
		return err;
	}
	capng_get_caps_process();
	drop_all_but(capng_have_capability(CAPNG_EFFECTIVE, CAP_DAC_READ_SEARCH) && !geteuid()
			     ? CAP_DAC_READ_SEARCH
			     : -1);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return 0;
}

int privileges_drop_for_command(void)
{
	if (!geteuid())
		return 0;
	capng_get_caps_process();
	return drop_all_but(-1);
}

int privileges_keep_kill(void)
{
	int err;

	capng_get_caps_process();
	err = drop_all_but(capng_have_capability(CAPNG_EFFECTIVE, CAP_KILL) ? CAP_KILL : -1);
	return err || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -EPERM : 0;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/sudo_user.h"
#include "base/message.h"

#define HELD (CAPNG_EFFECTIVE | CAPNG_PERMITTED)

#ifndef CAP_BPF /* 5.8 */
#define CAP_BPF 39
#endif

int privileges_check(void)
{
	if (geteuid() == getuid())
		return 0;
	message("set-user-ID: not safe with this program (give it file capabilities instead)");
	return -EPERM;
}

bool privileges_enter_any(void)
{
	capng_get_caps_process();
	return capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN) &&
	       capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_PTRACE);
}

/* The internal sets of libcap-ng become this process's; they are empty but for `keep` (-1: nothing). */
static int apply(int keep)
{
	bool bounding = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);

	capng_clear(CAPNG_SELECT_ALL);
	if (bounding && capng_apply(CAPNG_SELECT_BOUNDS))
		return -EPERM;
	if (keep >= 0)
		capng_update(CAPNG_ADD, HELD, (unsigned int)keep);
	return capng_apply(CAPNG_SELECT_AMBIENT) || capng_apply(CAPNG_SELECT_CAPS) ? -EPERM : 0;
}

/* Another user, with `keep` and nothing else. */
static int change_user(const struct sudo_user *c, int keep)
{
	bool bounding = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	int flags = CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_AMBIENT;

	if (bounding)
		flags |= CAPNG_CLEAR_BOUNDING;
	capng_clear(CAPNG_SELECT_ALL);
	if (keep >= 0)
		capng_update(CAPNG_ADD, HELD, (unsigned int)keep);
	return capng_change_id((int)c->uid, (int)c->gid, (capng_flags_t)flags) ? -EPERM : 0;
}

/*
 * Until 5.19 every use of a map asks for CAP_BPF where kernel.unprivileged_bpf_disabled is set, later
 * none does (c8644cd0efe7): only trying tells.  *keep becomes -1 when it is not needed.
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
	struct sudo_user c = sudo_user_find();
	int keep = -1, err;

	capng_get_caps_process();
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_BPF))
		keep = CAP_BPF;
	else if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN))
		keep = CAP_SYS_ADMIN;
	err = c.found ? change_user(&c, keep) : apply(keep);
	if (!err)
		err = try_without(&keep, works, ctx);
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = -errno;
	/* another process of this user must not take over what is open here */
	if (!err && geteuid() && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		err = -errno;
	if (err)
		message("privileges: cannot be dropped");
	else if (verbose)
		message("privileges: capabilities kept: %s; user %u",
			keep < 0	  ? "none"
			: keep == CAP_BPF ? "CAP_BPF (this kernel asks for it to read a map)"
					  : "CAP_SYS_ADMIN (this kernel asks for it to read a map)",
			geteuid());
	return err;
}

void privileges_drop_for_replay(void)
{
	capng_get_caps_process();
	apply(capng_have_capability(CAPNG_EFFECTIVE, CAP_DAC_READ_SEARCH) && !geteuid()
		      ? CAP_DAC_READ_SEARCH
		      : -1);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int privileges_drop_lent(void)
{
	if (!geteuid())
		return 0;
	capng_get_caps_process();
	return apply(-1);
}

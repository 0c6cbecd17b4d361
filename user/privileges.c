// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caller.h"
#include "message.h"

#ifndef CAP_BPF /* 5.8 */
#define CAP_BPF 39
#endif

#define CAP(number) (1ULL << (number))

/* The capabilities that are in effect, a bit of each. */
static uint64_t capabilities_held(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct halves[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, halves))
		return 0;
	return halves[0].effective | (uint64_t)halves[1].effective << 32;
}

/* No others remain: the inheritable and the ambient set become empty.  0 or -errno. */
static int capabilities_set(uint64_t effective, uint64_t permitted)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct halves[_LINUX_CAPABILITY_U32S_3] = {
		{ .effective = (uint32_t)effective, .permitted = (uint32_t)permitted },
		{ .effective = (uint32_t)(effective >> 32),
		  .permitted = (uint32_t)(permitted >> 32) },
	};

	return syscall(SYS_capset, &header, halves) ? -errno : 0;
}

/* What programs executed from here on can gain; that needs CAP_SETPCAP. */
static int capabilities_empty_bounding(void)
{
	if (!(capabilities_held() & CAP(CAP_SETPCAP)))
		return 0;
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			return -errno;
	return 0;
}

int privileges_check(void)
{
	if (geteuid() == getuid())
		return 0;
	message("set-user-ID: not safe with this program (give it file capabilities instead)");
	return -EPERM;
}

bool privileges_enter_any(void)
{
	uint64_t needed = CAP(CAP_SYS_ADMIN) | CAP(CAP_SYS_PTRACE);

	return (capabilities_held() & needed) == needed;
}

static int drop_but(uint64_t keep)
{
	int err = capabilities_empty_bounding();

	return err ? err : capabilities_set(keep, keep);
}

static int change_user(const struct caller *c, uint64_t keep)
{
	int err = capabilities_empty_bounding();

	if (err)
		return err;
	if ((keep && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)) || setgroups(0, NULL) ||
	    setresgid(c->gid, c->gid, c->gid) || setresuid(c->uid, c->uid, c->uid))
		return -errno;
	return capabilities_set(keep, keep);
}

/*
 * Until 5.19 every use of a map asks for CAP_BPF where kernel.unprivileged_bpf_disabled is set, later
 * none does (c8644cd0efe7): only trying tells.  *keep becomes 0 when it is not needed.
 */
static int try_without(uint64_t *keep, bool (*works)(void *ctx), void *ctx)
{
	int err;

	if (!*keep)
		return 0;
	err = capabilities_set(0, *keep);
	if (err)
		return err;
	if (works(ctx))
		*keep = 0;
	return capabilities_set(*keep, *keep);
}

int privileges_drop(bool (*works)(void *ctx), void *ctx, bool verbose)
{
	struct caller c = caller_find();
	uint64_t keep = capabilities_held() & CAP(CAP_BPF);
	int err;

	if (!keep)
		keep = capabilities_held() & CAP(CAP_SYS_ADMIN);
	err = c.other ? change_user(&c, keep) : drop_but(keep);
	if (!err)
		err = try_without(&keep, works, ctx);
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = -errno;
	/* another process of this user must not take over what is open here */
	if (!err && geteuid() && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		err = -errno;
	if (err)
		message("privileges: cannot be dropped: %s", strerror(-err));
	else if (verbose)
		message("privileges: capabilities kept: %s; user %u",
			!keep ? "none"
			: keep == CAP(CAP_BPF)
				? "CAP_BPF (this kernel asks for it to read a map)"
				: "CAP_SYS_ADMIN (this kernel asks for it to read a map)",
			geteuid());
	return err;
}

void privileges_drop_for_replay(void)
{
	drop_but(geteuid() ? 0 : capabilities_held() & CAP(CAP_DAC_READ_SEARCH));
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int privileges_drop_lent(void)
{
	return geteuid() ? drop_but(0) : 0;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "system_calls.h"

#include <errno.h>
#include <linux/bpf.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/message.h"

/* By name: an architecture lacks some, and an older libseccomp the newest. */
static const char *const allowed[] = {
	/* the loop, and clocks where the vDSO has none */
	"poll", "ppoll", "epoll_wait", "epoll_pwait", "epoll_ctl", "clock_gettime", "clock_getres",
	"gettimeofday", "time", "clock_nanosleep", "nanosleep", "restart_syscall",
	/* files: recordings, certificates, the page as a file, /proc, cgroups, time zones */
	"open", "openat", "close", "read", "readv", "pread64", "write", "writev", "pwrite64",
	"lseek", "fstat", "stat", "lstat", "newfstatat", "statx", "fstatfs", "statfs", "access",
	"faccessat", "faccessat2", "readlink", "readlinkat", "getdents64", "fcntl", "ioctl",
	"ftruncate", "fchmod", "fsync", "fdatasync", "rename", "renameat", "renameat2", "unlink",
	"unlinkat",
	/* connections that others have opened, and messages to systemd */
	"accept", "accept4", "shutdown", "setsockopt", "getsockopt", "getsockname", "getpeername",
	"sendto", "sendmsg", "recvfrom", "recvmsg", "sendfile",
	/* memory */
	"brk", "munmap", "mremap", "madvise",
	/* this process, the command and its end */
	"futex", "membarrier", "getrandom", "getpid", "gettid", "getuid", "geteuid", "getgid",
	"getegid", "rt_sigaction", "rt_sigprocmask", "rt_sigpending", "rt_sigreturn", "sigaltstack",
	"tgkill", "kill", "wait4", "waitid", "pidfd_open", "sched_yield", "sched_getaffinity",
	"getcpu", "prlimit64", "getrlimit", "sysinfo", "uname", "umask", "exit", "exit_group"
};

/* Maps are read and written, iterators are run; nothing is loaded or attached. */
static const enum bpf_cmd bpf_commands[] = {
	BPF_MAP_LOOKUP_ELEM,
	BPF_MAP_UPDATE_ELEM,
	BPF_MAP_DELETE_ELEM,
	BPF_MAP_GET_NEXT_KEY,
	BPF_MAP_LOOKUP_BATCH,
	BPF_MAP_LOOKUP_AND_DELETE_ELEM,
	BPF_MAP_LOOKUP_AND_DELETE_BATCH,
	BPF_MAP_UPDATE_BATCH,
	BPF_MAP_DELETE_BATCH,
	BPF_PROG_TEST_RUN,
	BPF_OBJ_GET_INFO_BY_FD,
	BPF_ITER_CREATE,
	BPF_LINK_DETACH,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int allow_names(scmp_filter_ctx filter)
{
	int err = 0;

	for (size_t i = 0; i < COUNT(allowed) && !err; i++) {
		int number = seccomp_syscall_resolve_name(allowed[i]);

		/* negative: this architecture does not have it */
		if (number >= 0)
			err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	}
	return err;
}

static int allow_some_uses(scmp_filter_ctx filter)
{
	int err = 0;

	for (size_t i = 0; i < COUNT(bpf_commands) && !err; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(bpf), 1,
				       SCMP_A0(SCMP_CMP_EQ, bpf_commands[i]));
	/* sock_diag(7) */
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				       SCMP_A0(SCMP_CMP_EQ, AF_NETLINK));
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return err;
}

void system_calls_restrict(bool verbose)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err = filter ? allow_names(filter) : -ENOMEM;

	if (!err)
		err = allow_some_uses(filter);
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	if (verbose)
		message("system calls: %s%s",
			err ? "not restricted: " : "only those that a trace needs",
			err ? strerror(-err) : "");
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A network namespace of the program's own, in which nothing of an earlier run is left. */
#ifndef ROOM_H
#define ROOM_H

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static inline void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	int err = errno;
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(err));
	exit(1);
}

static inline void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("%s", path);
	close(fd);
}

/* Raises the soft limit on open files to the hard one, and returns it. */
static inline unsigned long descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		die("RLIMIT_NOFILE");
	limit.rlim_cur = limit.rlim_max < 1 << 20 ? limit.rlim_max : 1 << 20;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("RLIMIT_NOFILE");
	return limit.rlim_cur;
}

/*
 * Enters it and returns its inode.  rps: a hex mask of the processors that lo steers packets to,
 * or NULL.
 */
static inline unsigned long room_enter(const char *rps)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct stat st;
	int fd;

	if (unshare(CLONE_NEWNET | CLONE_NEWNS))
		die("unshare");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		die("lo");
	close(fd);
	write_file("/proc/sys/net/ipv4/tcp_max_tw_buckets", "4000000");
	write_file("/proc/sys/net/ipv4/ip_local_port_range", "1024 65535");
	write_file("/proc/sys/net/core/somaxconn", "8192");
	if (rps) {
		/* sysfs shows the namespace it was mounted in */
		if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("none", "/sys", "sysfs", 0, NULL))
			die("sysfs");
		write_file("/sys/class/net/lo/queues/rx-0/rps_cpus", rps);
	}
	if (stat("/proc/self/ns/net", &st))
		die("/proc/self/ns/net");
	return st.st_ino;
}

#endif

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * first: the first process of a machine whose only programs are /first, /tcpstates-trace and /pair.
 * It traces pair, puts what both say on the console, and the tracer's status, and turns the machine
 * off.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static const struct {
	const char *type, *path;
} mounts[] = {
	{ "proc", "/proc" },
	{ "sysfs", "/sys" },
	{ "tracefs", "/sys/kernel/tracing" },
};

static void check(int result, const char *what)
{
	if (result < 0)
		printf("first: %s: %s\n", what, strerror(errno));
}

static void loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	check(ioctl(fd, SIOCSIFFLAGS, &lo), "lo");
	close(fd);
}

static int trace(void)
{
	pid_t tracer = fork();
	int status = 0;

	if (tracer == 0) {
		execl("/tcpstates-trace", "tcpstates-trace", "-v", "-o", "json", "--output-file",
		      "/told", "--", "/pair", NULL);
		check(-1, "/tcpstates-trace");
		_exit(127);
	}
	check(waitpid(tracer, &status, 0), "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void show(const char *path)
{
	FILE *f = fopen(path, "re");
	int c;

	check(f ? 0 : -1, path);
	while (f && (c = getc(f)) != EOF)
		putchar(c);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].path, 0755);
		check(mount(mounts[i].type, mounts[i].path, mounts[i].type, 0, NULL),
		      mounts[i].path);
	}
	loopback_up();
	printf("status %d\n", trace());
	show("/told");
	fflush(stdout);
	/* what the console still has to send */
	check(tcdrain(STDOUT_FILENO), "the console");
	reboot(RB_POWER_OFF);
}

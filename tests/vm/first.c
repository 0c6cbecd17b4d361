// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * first: the first process of a machine that has no other programs than /first, /tcpstates-trace
 * and /pair.  It traces pair, writes to the console the output of --features, that of pair, the
 * tracer's status and its chapters, and turns the machine off.
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
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define CHAPTERS "/chapters"

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

/* Runs a command.  Returns its status, 128 + N for a signal. */
static int run(char **words)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		execv(words[0], words);
		check(-1, words[0]);
		_exit(127);
	}
	check(waitpid(child, &status, 0), "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void print_file(const char *path)
{
	FILE *f = fopen(path, "re");
	int c;

	check(f ? 0 : -1, path);
	while (f && (c = getc(f)) != EOF)
		putchar(c);
}

int main(void)
{
	char *features[] = { "/tcpstates-trace", "--features", NULL };
	char *trace[] = { "/tcpstates-trace", "-v", "-o",    "json", "--output-file",
			  CHAPTERS,	      "--", "/pair", NULL };
	struct utsname name;

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].path, 0755);
		check(mount(mounts[i].type, mounts[i].path, mounts[i].type, 0, NULL),
		      mounts[i].path);
	}
	loopback_up();
	check(uname(&name), "uname");
	printf("kernel %s %s\n", name.release, name.machine);
	fflush(stdout);
	run(features);
	printf("status %d\n", run(trace));
	print_file(CHAPTERS);
	fflush(stdout);
	/* wait until the console has sent everything */
	check(tcdrain(STDOUT_FILENO), "the console");
	reboot(RB_POWER_OFF);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The soak's load: clients and servers in a namespace of their own, killed now and then.  Prints
 *	namespace INODE
 * Then for each line "SECONDS SEED" that it reads it runs an epoch, and after its last connection prints
 *	epoch CONNECTIONS KILLED ACTIVE PASSIVE FAILED
 * The last three are the kernel's counts (RFC 4022: tcpActiveOpens, tcpPassiveOpens, tcpAttemptFails).  What
 * each end did is in FILE.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "load.h"
#include "room.h"

#define CLIENTS 4
#define CHILDREN (PORTS + CLIENTS)

struct epoch {
	struct load load;
	pid_t children[CHILDREN]; /* the servers first */
	unsigned int killed;
	struct dice dice;
};

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void start(struct epoch *e, unsigned int i)
{
	pid_t pid;

	e->load.seed = dice_roll(&e->dice, UINT32_MAX);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (i < PORTS)
			server_main(&e->load, (uint16_t)(FIRST_PORT + i), i == PORTS - 1);
		client_main(&e->load);
	}
	e->children[i] = pid;
}

static void reap(pid_t pid, bool killed)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		die("wait");
	if (!(killed && WIFSIGNALED(status)) && status) {
		fprintf(stderr, "load: a process ended with status %x\n", status);
		exit(1);
	}
}

static void kill_one(struct epoch *e)
{
	unsigned int i = dice_roll(&e->dice, CHILDREN);

	kill(e->children[i], SIGKILL);
	reap(e->children[i], true);
	e->killed++;
	start(e, i);
}

/* Are all sockets listeners or in TIME_WAIT? */
static bool is_quiet(void)
{
	static const char *const files[] = { "/proc/self/net/tcp", "/proc/self/net/tcp6" };
	unsigned int state;
	char line[512];
	bool quiet = true;

	for (int i = 0; i < 2; i++) {
		FILE *f = fopen(files[i], "re");

		if (!f)
			die("%s", files[i]);
		while (fgets(line, sizeof(line), f))
			if (sscanf(line, "%*d: %*s %*s %x", &state) == 1 && state != 6 &&
			    state != 10)
				quiet = false;
		fclose(f);
	}
	return quiet;
}

/* ActiveOpens, PassiveOpens and AttemptFails of this namespace. */
static void read_counters(unsigned long counts[3])
{
	FILE *f = fopen("/proc/self/net/snmp", "re");
	bool found = false;
	char line[1024];

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "Tcp: %*d %*d %*d %*d %lu %lu %lu", &counts[0], &counts[1],
			       &counts[2]) == 3;
	if (!found)
		die("/proc/self/net/snmp");
	fclose(f);
}

static void wait_quiet(void)
{
	double end = now_s() + 120;

	while (!is_quiet()) {
		if (now_s() > end) {
			fprintf(stderr, "load: connections do not end\n");
			exit(1);
		}
		usleep(100000);
	}
}

static void stop(struct epoch *e)
{
	struct shared *s = e->load.shared;

	atomic_store(&s->clients_stop, 1);
	for (unsigned int i = PORTS; i < CHILDREN; i++)
		reap(e->children[i], false);
	atomic_store(&s->servers_stop, 1);
	for (unsigned int i = 0; i < PORTS; i++)
		reap(e->children[i], false);
	wait_quiet();
}

static void run(struct shared *s, double seconds, unsigned int seed)
{
	struct epoch e = { .load = { .shared = s, .threads = 6 },
			   .dice = { ((uint64_t)seed << 1 | 1) * 0x9e3779b97f4a7c15ULL } };
	unsigned long before[3], after[3];
	double end = now_s() + seconds;
	uint32_t n = atomic_load(&s->next);

	s->first = (s->first + n) & 0xffffff;
	memset(s->truths, 0, n * sizeof(*s->truths));
	atomic_store(&s->next, 0);
	atomic_store(&s->clients_stop, 0);
	atomic_store(&s->servers_stop, 0);
	read_counters(before);
	for (unsigned int i = 0; i < CHILDREN; i++)
		start(&e, i);
	while (now_s() < end) {
		usleep(dice_roll(&e.dice, 2000000));
		if (now_s() < end)
			kill_one(&e);
	}
	stop(&e);
	read_counters(after);
	printf("epoch %u %u %lu %lu %lu\n", atomic_load(&s->next), e.killed, after[0] - before[0],
	       after[1] - before[1], after[2] - before[2]);
	fflush(stdout);
}

static struct shared *share(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct shared *s;

	if (fd < 0 || ftruncate(fd, sizeof(*s)))
		die("%s", path);
	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (s == MAP_FAILED)
		die("%s", path);
	close(fd);
	return s;
}

int main(int argc, char **argv)
{
	struct shared *s;
	unsigned int seed;
	double seconds;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: load FILE [RPS-MASK]\n");
		return 2;
	}
	s = share(argv[1]);
	s->first = 1;
	descriptors();
	printf("namespace %lu\n", room_enter(argv[2]));
	fflush(stdout);
	write_file("/proc/sys/net/ipv4/tcp_fin_timeout", "20");
	write_file("/proc/sys/net/ipv4/tcp_syn_retries", "3");
	write_file("/proc/sys/net/ipv4/tcp_orphan_retries", "3");
	if (system("ip -6 route add local fd00:77::/32 dev lo"))
		die("a route");
	while (scanf("%lf %u", &seconds, &seed) == 2)
		run(s, seconds, seed);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The command line: every good form, every bad one with its message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <mntent.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "options.h"

#define WORDS_MAX 32
#define LIST_ENTRIES 1100

/* One run of the parser and what it wrote. */
struct run {
	struct options o;
	char *argv[WORDS_MAX];
	int argc;
	int result;
	char *out, *err;
};

static void run_argv(struct run *r)
{
	size_t out_len, err_len;
	FILE *out = open_memstream(&r->out, &out_len), *err = open_memstream(&r->err, &err_len);

	assert_non_null(out);
	assert_non_null(err);
	r->result = options_parse(&r->o, r->argc, r->argv, out, err);
	fclose(out);
	fclose(err);
}

static void run_free(struct run *r)
{
	options_free(&r->o);
	free(r->out);
	free(r->err);
}

static void run_words(struct run *r, const char *const *words)
{
	static char program[] = "tcpstates-trace";

	memset(r, 0, sizeof(*r));
	r->argv[r->argc++] = program;
	for (; *words; words++) {
		assert_true(r->argc < WORDS_MAX - 1);
		r->argv[r->argc++] = (char *)*words;
	}
	run_argv(r);
}

#define RUN(r, ...) run_words(r, (const char *const[]){ __VA_ARGS__, NULL })

static void assert_run(const struct run *r)
{
	assert_string_equal(r->err, "");
	assert_string_equal(r->out, "");
	assert_int_equal(r->result, OPTIONS_RUN);
}

/* Exactly one line, of the form that all messages have, and with these parts in it. */
static void assert_bad(const struct run *r, const char *begin, const char *part)
{
	const char prefix[] = "tcpstates-trace: ";

	assert_int_equal(r->result, OPTIONS_BAD);
	assert_string_equal(r->out, "");
	if (strncmp(r->err, prefix, sizeof(prefix) - 1) ||
	    strncmp(r->err + sizeof(prefix) - 1, begin, strlen(begin)) || !strstr(r->err, part) ||
	    !strstr(r->err, " (accepted: ") || strchr(r->err, '\n') != r->err + strlen(r->err) - 1)
		fail_msg("expected '%s' and '%s' in: %s", begin, part, r->err);
}

static void check_bad(const char *begin, const char *part, const char *const *words)
{
	struct run r;

	run_words(&r, words);
	assert_bad(&r, begin, part);
	run_free(&r);
}

#define BAD(begin, part, ...) check_bad(begin, part, (const char *const[]){ __VA_ARGS__, NULL })

static bool has_port(const struct port_set *set, unsigned int port)
{
	return set->words[port / 64] >> (port % 64) & 1;
}

static unsigned int count_ports(const struct port_set *set)
{
	unsigned int n = 0;

	for (unsigned int port = 0; port < 65536; port++)
		n += has_port(set, port);
	return n;
}

static void assert_prefix(const struct prefix *p, const char *address, unsigned int bits)
{
	uint8_t addr[16];

	assert_int_equal(inet_pton(AF_INET6, address, addr), 1);
	assert_memory_equal(p->addr, addr, 16);
	assert_int_equal(p->bits, bits);
}

static void test_defaults(void **state)
{
	struct run r;

	(void)state;
	run_words(&r, (const char *const[]){ NULL });
	assert_run(&r);
	assert_string_equal(r.o.renderer->name, "timeline");
	assert_int_equal(r.o.ring_mib, 4);
	assert_int_equal(r.o.max_connections, 0);
	assert_int_equal(r.o.attach, ATTACH_AUTO);
	assert_int_equal(r.o.time_style, TIME_DEFAULT);
	assert_null(r.o.command);
	assert_int_equal(r.o.pids.n + r.o.local.n + r.o.remote.n + r.o.host.n, 0);
	assert_false(r.o.local_ports.given || r.o.remote_ports.given || r.o.any_ports.given);
	run_free(&r);
	options_free(NULL);
}

static void test_no_argv(void **state)
{
	struct run r = { .argc = 0 };

	(void)state;
	run_argv(&r);
	assert_run(&r);
	run_free(&r);
}

static void test_flags(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-vqsf", "--failed", "--no-accept", "-t");
	assert_run(&r);
	assert_true(r.o.verbose && r.o.quiet && r.o.summary && r.o.follow && r.o.failed &&
		    r.o.no_accept);
	assert_int_equal(r.o.time_style, TIME_RELATIVE);
	run_free(&r);

	RUN(&r, "-t", "-T", "-4", "-4", "--role", "server", "--attach=kprobe", "-ojson");
	assert_run(&r);
	assert_int_equal(r.o.time_style, TIME_WALL);
	assert_int_equal(r.o.family, 4);
	assert_int_equal(r.o.role, ROLE_SERVER);
	assert_int_equal(r.o.attach, ATTACH_KPROBE);
	assert_string_equal(r.o.renderer->name, "json");
	run_free(&r);

	RUN(&r, "-6", "--role=client", "--attach", "fentry", "-o", "none", "-o", "csv", "--follow");
	assert_run(&r);
	assert_int_equal(r.o.family, 6);
	assert_int_equal(r.o.role, ROLE_CLIENT);
	assert_int_equal(r.o.attach, ATTACH_FENTRY);
	assert_string_equal(r.o.renderer->name, "csv");
	run_free(&r);
}

static void test_every_format(void **state)
{
	static const char *const names[] = { "timeline", "line", "states", "json", "csv", "none" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct run r;

		RUN(&r, "--output", names[i]);
		assert_run(&r);
		assert_string_equal(r.o.renderer->name, names[i]);
		run_free(&r);
	}
}

static void test_numbers(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "--min-connect", "0.5", "--min-close", "1500", "-n", "7", "-u", ".25", "-s", "-i",
	    "2.", "--ring", "1024", "--max-connections", "100");
	assert_run(&r);
	assert_int_equal(r.o.min_connect_ns, 500000);
	assert_int_equal(r.o.min_close_ns, 1500000000);
	assert_int_equal(r.o.count, 7);
	assert_true(r.o.duration_s == 0.25);
	assert_true(r.o.interval_s == 2.0);
	assert_int_equal(r.o.ring_mib, 1024);
	assert_int_equal(r.o.max_connections, 100);
	run_free(&r);

	/* the least that is told apart, digits behind it, the most of all */
	RUN(&r, "--min-connect", "0.0000019", "--min-close", "31536000000", "-n", "4294967295");
	assert_run(&r);
	assert_int_equal(r.o.min_connect_ns, 1);
	assert_int_equal(r.o.min_close_ns, 31536000000ULL * 1000000);
	assert_int_equal(r.o.count, 4294967295);
	run_free(&r);
}

static void test_bad_numbers(void **state)
{
	static const char *const not_numbers[] = {
		"-1",
		"nan",
		"inf",
		"-inf",
		"1e400",
		"1e3",
		"0x10",
		"010",
		"+1",
		" 1",
		"1 ",
		"",
		".",
		"1.2.3",
		"1,5",
		"99999999999999999999999999",
		"31536000001000",
		"0",
		"0.0",
		"0.00000000001",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(not_numbers) / sizeof(not_numbers[0]); i++) {
		BAD("--min-connect ", "milliseconds above 0", "--min-connect", not_numbers[i]);
		BAD("--min-close ", "milliseconds above 0", "--min-close", not_numbers[i]);
		BAD("-u ", "seconds above 0", "-u", not_numbers[i]);
		BAD("-i ", "seconds above 0", "-s", "-i", not_numbers[i]);
		BAD("-n ", "1 to 4294967295", "-n", not_numbers[i]);
		BAD("--max-connections ", "1 to 16777216", "--max-connections", not_numbers[i]);
		BAD("--ring ", "power of two", "--ring", not_numbers[i]);
	}
	BAD("-n 0: too small", "", "-n", "0");
	BAD("--count 4294967296: too large", "", "--count", "4294967296");
	BAD("-n 1.5: not a decimal number", "", "-n", "1.5");
	BAD("--min-connect 31536000001: too large", "", "--min-connect", "31536000001");
	BAD("--max-connections 16777217: too large", "", "--max-connections", "16777217");
	BAD("--ring 3: not a power of two", "", "--ring", "3");
	BAD("--ring 2048: too large", "", "--ring", "2048");
}

static void test_ports(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-L", "80,443", "--local-port=8000-8010", "-D", "1,65535", "--port", "22,100-199");
	assert_run(&r);
	assert_true(r.o.local_ports.given && r.o.remote_ports.given && r.o.any_ports.given);
	assert_true(has_port(&r.o.local_ports, 80) && has_port(&r.o.local_ports, 443));
	assert_true(has_port(&r.o.local_ports, 8000) && has_port(&r.o.local_ports, 8010));
	assert_int_equal(count_ports(&r.o.local_ports), 13);
	assert_true(has_port(&r.o.remote_ports, 1) && has_port(&r.o.remote_ports, 65535));
	assert_int_equal(count_ports(&r.o.remote_ports), 2);
	assert_int_equal(count_ports(&r.o.any_ports), 101);
	run_free(&r);

	RUN(&r, "--remote-port", "5-5,1-65535");
	assert_run(&r);
	assert_int_equal(count_ports(&r.o.remote_ports), 65535);
	run_free(&r);
}

static void test_bad_ports(void **state)
{
	(void)state;
	BAD("--local-port 65536: not a port (accepted: PORT[,PORT|LOW-HIGH...], 1 to 65535)", "",
	    "--local-port", "65536");
	BAD("-L 0: not a port", "", "-L", "0");
	BAD("-L 80x: not a port", "", "-L", "80x");
	BAD("-L 0x50: not a port", "", "-L", "0x50");
	BAD("-L 080: not a port", "", "-L080");
	BAD("-L '': an empty list", "", "-L", "");
	BAD("--port 80,,81: an empty element", "", "--port", "80,,81");
	BAD("--port ,80: an empty element", "", "--port", ",80");
	BAD("--port 80,: an empty element", "", "--port", "80,");
	BAD("--port ,: an empty element", "", "--port", ",");
	BAD("--port 80, 81: not a port:  81", "", "--port", "80, 81");
	BAD("-D 90-80: a range that runs backwards", "", "-D", "90-80");
	BAD("-D 1,90-80: a range that runs backwards: 90-80", "", "-D", "1,90-80");
	BAD("-D 80-: not a range of ports", "", "-D", "80-");
	BAD("-D -80: not a range of ports", "", "-D", "-80");
	BAD("-D 80-90-100: not a range of ports", "", "-D", "80-90-100");
	BAD("-D 0-10: not a range of ports", "", "-D", "0-10");
	BAD("-D 10-65536: not a range of ports", "", "-D", "10-65536");
	BAD("-L 18446744073709551696: not a port", "", "-L", "18446744073709551696");
	BAD("-L 0000", "an element that is too long", "-L",
	    "0000000000000000000000000000000000000000000000000000000000000000000000080");
}

static void test_prefixes(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-l", "10.1.2.3,10.1.2.3/8", "--local", "::ffff:1.2.3.4/120", "-d",
	    "2001:db8::1,2001:db8:ffff::/33", "--host", "0.0.0.0/0,::/0,::ffff:1.2.3.4,1.2.3.4/32");
	assert_run(&r);
	assert_int_equal(r.o.local.n, 3);
	assert_prefix(&r.o.local.items[0], "::ffff:10.1.2.3", 128);
	assert_prefix(&r.o.local.items[1], "::ffff:10.0.0.0", 104);
	assert_prefix(&r.o.local.items[2], "::ffff:1.2.3.0", 120);
	assert_int_equal(r.o.remote.n, 2);
	assert_prefix(&r.o.remote.items[0], "2001:db8::1", 128);
	assert_prefix(&r.o.remote.items[1], "2001:db8:8000::", 33);
	assert_int_equal(r.o.host.n, 4);
	assert_prefix(&r.o.host.items[0], "::ffff:0.0.0.0", 96);
	assert_prefix(&r.o.host.items[1], "::", 0);
	assert_prefix(&r.o.host.items[2], "::ffff:1.2.3.4", 128);
	assert_prefix(&r.o.host.items[3], "::ffff:1.2.3.4", 128);
	run_free(&r);
}

static void test_bad_prefixes(void **state)
{
	static const char *const bad[] = {
		"1.2.3",   "1.2.3.4.5", "1.2.3.256",  "01.2.3.4", "0x1.2.3.4",	"localhost", ":::",
		"1::2::3", "[::1]",	"fe80::1%lo", "/8",	  "1.2.3.4:80", " 1.2.3.4",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		BAD("--host ", "not an address", "--host", bad[i]);
	BAD("-l 10.0.0.0/33: not a prefix length of 0 to 32", "", "-l", "10.0.0.0/33");
	BAD("-l ::/129: not a prefix length of 0 to 128", "", "-l", "::/129");
	BAD("-l ::1/: not a prefix length", "", "-l", "::1/");
	BAD("-l ::1/-1: not a prefix length", "", "-l", "::1/-1");
	BAD("-l ::1/064: not a prefix length", "", "-l", "::1/064");
	BAD("-l ::1/8/8: not a prefix length", "", "-l", "::1/8/8");
	BAD("-d ::1,,::2: an empty element", "", "-d", "::1,,::2");
	BAD("-d ::1,x: not an address: x", "", "-d", "::1,x");
	BAD("-d '': an empty list", "", "-d", "");
}

static char *repeat(const char *(*entry)(char buf[64], int i))
{
	size_t len;
	char *list, buf[64];
	FILE *f = open_memstream(&list, &len);

	assert_non_null(f);
	for (int i = 0; i < LIST_ENTRIES; i++)
		fprintf(f, "%s%s", i ? "," : "", entry(buf, i));
	fclose(f);
	return list;
}

static const char *own_pid(char buf[64], int i)
{
	(void)i;
	snprintf(buf, 64, "%d", getpid());
	return buf;
}

static const char *port_entry(char buf[64], int i)
{
	snprintf(buf, 64, "%d", 2 * i + 1);
	return buf;
}

static const char *prefix_entry(char buf[64], int i)
{
	snprintf(buf, 64, "2001:db8:%x::/%d", i, 48 + i % 80);
	return buf;
}

static void test_long_lists(void **state)
{
	char *pids = repeat(own_pid), *ports = repeat(port_entry), *prefixes = repeat(prefix_entry);
	size_t bad_size = strlen(ports) + sizeof(",80x");
	char *bad = malloc(bad_size);
	struct run r;

	(void)state;
	assert_non_null(bad);
	RUN(&r, "-p", pids, "-L", ports, "--host", prefixes, "--pid", pids, "--host", "::1");
	assert_run(&r);
	assert_int_equal(r.o.pids.n, 2 * LIST_ENTRIES);
	for (size_t i = 0; i < r.o.pids.n; i++)
		assert_int_equal(r.o.pids.items[i], getpid());
	assert_int_equal(count_ports(&r.o.local_ports), LIST_ENTRIES);
	assert_int_equal(r.o.host.n, LIST_ENTRIES + 1);
	assert_prefix(&r.o.host.items[1099], "2001:db8:44b::", 48 + 1099 % 80);
	assert_prefix(&r.o.host.items[LIST_ENTRIES], "::1", 128);
	run_free(&r);

	/* a message repeats the beginning of the list, and the element */
	snprintf(bad, bad_size, "%s,80x", ports);
	RUN(&r, "-L", bad);
	assert_bad(&r, "-L 1,3,5,", "...: not a port: 80x (");
	assert_true(strlen(r.err) < 300);
	run_free(&r);
	free(bad);
	free(pids);
	free(ports);
	free(prefixes);
}

struct thread {
	pthread_barrier_t barrier;
	int tid;
};

static void *thread_wait(void *arg)
{
	struct thread *t = arg;

	t->tid = (int)syscall(SYS_gettid);
	pthread_barrier_wait(&t->barrier);
	pthread_barrier_wait(&t->barrier);
	return NULL;
}

static void test_thread_id(void **state)
{
	struct thread t;
	pthread_t thread;
	char tid[32];

	(void)state;
	pthread_barrier_init(&t.barrier, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, thread_wait, &t), 0);
	pthread_barrier_wait(&t.barrier);
	snprintf(tid, sizeof(tid), "%d", t.tid);
	BAD("--pid ", "a thread, not a process", "-p", tid);
	pthread_barrier_wait(&t.barrier);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&t.barrier);
}

static void test_pids(void **state)
{
	char own[32];
	struct run r;

	(void)state;
	snprintf(own, sizeof(own), "%d", getpid());
	/* above the largest that pid_max can be */
	BAD("--pid 4194305: no such process", "running processes", "-p", "4194305");
	BAD("-p 0: not a process id", "", "-p", "0");
	BAD("-p -5: not a process id", "", "-p", "-5");
	BAD("-p 4294967297: not a process id", "", "-p", "4294967297");
	BAD("-p 99999999999999999999: not a process id", "", "-p", "99999999999999999999");
	BAD("--pid self: not a process id", "", "--pid", "self");
	BAD("--pid 1,,2: an empty element", "", "--pid", "1,,2");
	BAD("--pid '': an empty list", "", "--pid", "");
	BAD("--pid: conflicts with -- COMMAND", "", "-p", own, "--", "true");

	/* whoever is in a recording may be gone */
	RUN(&r, "-p", "4194305", "-r", "some.trace");
	assert_run(&r);
	assert_int_equal(r.o.pids.items[0], 4194305);
	run_free(&r);
}

static void test_comm(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-c", "fifteen-bytes-x");
	assert_run(&r);
	assert_string_equal(r.o.comm, "fifteen-bytes-x");
	run_free(&r);
	BAD("-c sixteen-bytes-xx: longer than the kernel keeps", "1 to 15", "-c",
	    "sixteen-bytes-xx");
	BAD("--comm '': empty", "", "--comm=");
	BAD("-c b: given twice", "", "-c", "a", "-c", "b");
}

static void test_netns(void **state)
{
	struct stat st;
	struct run r;
	char form[64];

	(void)state;
	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	RUN(&r, "--netns", "/proc/self/ns/net");
	assert_run(&r);
	assert_int_equal(r.o.netns, st.st_ino);
	run_free(&r);
	snprintf(form, sizeof(form), "net:[%lu]", (unsigned long)st.st_ino);
	RUN(&r, "--netns", form);
	assert_run(&r);
	assert_int_equal(r.o.netns, st.st_ino);
	run_free(&r);
	RUN(&r, "--netns=4026531840");
	assert_run(&r);
	assert_int_equal(r.o.netns, 4026531840);
	run_free(&r);

	BAD("--netns /proc/self/ns/uts: not a network namespace", "", "--netns",
	    "/proc/self/ns/uts");
	BAD("--netns /proc/self/status: not a namespace", "", "--netns", "/proc/self/status");
	BAD("--netns /nonexistent: No such file", "", "--netns", "/nonexistent");
	BAD("--netns '': empty", "", "--netns", "");
	BAD("--netns 0: not an inode", "", "--netns", "0");
	BAD("--netns 4294967296: not an inode", "", "--netns", "4294967296");
	BAD("--netns net:[]: not an inode", "", "--netns", "net:[]");
	BAD("--netns net:[12: No such file", "", "--netns", "net:[12");
	BAD("--netns 2: given twice", "", "--netns", "1", "--netns", "2");
}

static void test_cgroup(void **state)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	const struct mntent *m;
	struct stat st;
	struct run r;

	(void)state;
	BAD("--cgroup /proc: not in a cgroup2 file system", "", "--cgroup", "/proc");
	BAD("--cgroup /proc/self/status: not a directory", "", "--cgroup", "/proc/self/status");
	BAD("--cgroup /nonexistent: No such file", "", "--cgroup", "/nonexistent");
	BAD("--cgroup '': No such file", "", "--cgroup", "");
	assert_non_null(mounts);
	do
		m = getmntent(mounts);
	while (m && strcmp(m->mnt_type, "cgroup2") != 0);
	if (m && !stat(m->mnt_dir, &st)) {
		RUN(&r, "--cgroup", m->mnt_dir);
		assert_run(&r);
		assert_string_equal(r.o.cgroup_path, m->mnt_dir);
		assert_int_equal(r.o.cgroup_id, st.st_ino);
		run_free(&r);
	}
	endmntent(mounts);
}

static void test_files(void **state)
{
	char path[] = "/tmp/test_options.XXXXXX", other[64];
	struct run r;
	int fd;

	(void)state;
	RUN(&r, "-w", "a.trace", "--output-file", "b.txt");
	assert_run(&r);
	assert_string_equal(r.o.write_file, "a.trace");
	assert_string_equal(r.o.output_file, "b.txt");
	run_free(&r);
	RUN(&r, "-r", "-", "--attach", "fentry", "--ring", "8", "--no-accept", "-f");
	assert_run(&r);
	assert_string_equal(r.o.read_file, "-");
	run_free(&r);
	RUN(&r, "-w", "-", "-o", "none");
	assert_run(&r);
	run_free(&r);
	RUN(&r, "-w", "/dev/null", "--output-file", "/dev/null");
	assert_run(&r);
	run_free(&r);

	BAD("--write: conflicts with --read", "", "-w", "a", "-r", "b");
	BAD("-- COMMAND: conflicts with --read", "", "-r", "b", "--", "true");
	BAD("-w '': empty", "", "-w", "");
	BAD("--output-file: is also the file of --write", "", "-w", "a.trace", "--output-file",
	    "a.trace");
	BAD("--output-file: would overwrite", "", "-r", "a.trace", "--output-file", "a.trace");
	BAD("--write -: would mix", "", "-w", "-");
	BAD("--write -: would mix", "", "-w", "-", "-o", "none", "-s");

	/* the same file by another name */
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	snprintf(other, sizeof(other), "/tmp/..%s", path);
	BAD("--output-file: would overwrite", "", "-r", path, "--output-file", other);
	unlink(path);
}

static void test_command(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-o", "json", "--", "curl", "-s", "--", "-p");
	assert_run(&r);
	assert_non_null(r.o.command);
	assert_string_equal(r.o.command[0], "curl");
	assert_string_equal(r.o.command[1], "-s");
	assert_string_equal(r.o.command[2], "--");
	assert_string_equal(r.o.command[3], "-p");
	assert_null(r.o.command[4]);
	assert_true(r.o.follow);
	run_free(&r);

	BAD("--: no command follows", "-- COMMAND", "--");
	BAD("--: no command follows", "", "-v", "--");
	BAD("curl: not an option", "-- COMMAND", "curl");
	BAD("curl: not an option", "-- COMMAND", "-v", "curl", "-s", "--", "x");
	BAD("-: not an option", "", "-");
	/* here "--" is a name, and no end of the options */
	BAD("x: not an option", "", "-c", "--", "x");
}

static void test_conflicts(void **state)
{
	(void)state;
	BAD("-6: -4 and -6 exclude each other", "", "-4", "-6");
	BAD("-4: -4 and -6 exclude each other", "", "-64");
	BAD("--interval: needs --summary", "", "--interval", "1");
	BAD("--role server: given twice", "", "--role", "client", "--role", "server");
}

static void test_bad_words(void **state)
{
	(void)state;
	BAD("-o xml: not known (accepted: timeline, ", "json", "-o", "xml");
	BAD("-o JSON: not known", "", "-o", "JSON");
	BAD("--output '': not known", "", "--output=");
	BAD("--role both: not known (accepted: client, server)", "", "--role", "both");
	BAD("--attach raw: not known (accepted: auto, tracepoint, fentry, kprobe)", "", "--attach",
	    "raw");
	BAD("-x: unknown option", "--help", "-x");
	BAD("-x: unknown option", "--help", "-vqx");
	BAD("--bogus: unknown option", "", "--bogus");
	BAD("--bogus=1: unknown option", "", "--bogus=1");
	BAD("--out: the beginning of several options", "", "--out", "json");
	BAD("--summary: takes no argument", "", "--summary=1");
	BAD("-o: needs an argument (accepted: timeline, ", "", "-o");
	BAD("--local-port: needs an argument (accepted: PORT", "", "--local-port");
	/* bytes that would break the line or act on a terminal */
	BAD("--a\\x0ab\\x1b[2J: unknown option", "", "--a\nb\033[2J");
	BAD("-\\xc3: unknown option", "", "-\xc3\xa9");
	BAD("--a\\x9b\\xc2\\x9b\\xe2\\x80\\xae\xc3\xa9: unknown", "",
	    "--a\x9b\xc2\x9b\xe2\x80\xae\xc3\xa9");
	BAD("-c a\\x09", "longer", "-c", "a\t23456789012345678");
}

static void assert_lines(const char *text, size_t width)
{
	for (; *text; text += strcspn(text, "\n") + 1)
		assert_true(strcspn(text, "\n") <= width);
}

static void test_help(void **state)
{
	static const char *const parts[] = {
		"tcpstates-trace [OPTION...] [-- COMMAND [ARG...]]",
		"-p, --pid",
		"-f, --follow",
		"-c, --comm",
		"-L, --local-port",
		"-D, --remote-port",
		"-l, --local",
		"-d, --remote",
		"--host",
		"--port",
		"-4",
		"-6",
		"--role",
		"--netns",
		"--cgroup",
		"--min-connect",
		"--min-close",
		"--failed",
		"-o, --output",
		"-t ",
		"-T ",
		"-w, --write",
		"-r, --read",
		"--output-file",
		"-s, --summary",
		"--max-connections",
		"--no-accept",
		"--attach",
		"--ring",
		"-i, --interval",
		"-n, --count",
		"-u, --duration",
		"-v, ",
		"-q, ",
		"-V, ",
		"-h, --help",
		"Examples:",
		"Exit status:",
		"timeline",
		"default 4",
	};
	static const char *const ways[] = { "-h", "--help", "-vh" };

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct run r;

		RUN(&r, ways[i], "--bogus");
		assert_int_equal(r.result, OPTIONS_DONE);
		assert_string_equal(r.err, "");
		for (size_t j = 0; j < sizeof(parts) / sizeof(parts[0]); j++)
			if (!strstr(r.out, parts[j]))
				fail_msg("--help lacks '%s'", parts[j]);
		assert_null(strstr(r.out, "--completion"));
		assert_lines(r.out, 80);
		run_free(&r);
	}
}

static void test_version(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-V");
	assert_int_equal(r.result, OPTIONS_DONE);
	assert_string_equal(r.out, "tcpstates-trace " TCPSTATES_TRACE_VERSION "\n");
	assert_string_equal(r.err, "");
	run_free(&r);
}

static void test_completion(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "--completion");
	assert_int_equal(r.result, OPTIONS_DONE);
	assert_string_equal(r.err, "");
	assert_non_null(strstr(r.out, "complete -o default -F _tcpstates_trace tcpstates-trace\n"));
	assert_non_null(strstr(r.out, "--role) words='client server'"));
	assert_non_null(strstr(r.out, "-o | --output) words='timeline "));
	assert_non_null(strstr(r.out, " --min-connect "));
	assert_null(strstr(r.out, "--completion"));
	run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),   cmocka_unit_test(test_no_argv),
		cmocka_unit_test(test_flags),	   cmocka_unit_test(test_every_format),
		cmocka_unit_test(test_numbers),	   cmocka_unit_test(test_bad_numbers),
		cmocka_unit_test(test_ports),	   cmocka_unit_test(test_bad_ports),
		cmocka_unit_test(test_prefixes),   cmocka_unit_test(test_bad_prefixes),
		cmocka_unit_test(test_long_lists), cmocka_unit_test(test_thread_id),
		cmocka_unit_test(test_pids),	   cmocka_unit_test(test_comm),
		cmocka_unit_test(test_netns),	   cmocka_unit_test(test_cgroup),
		cmocka_unit_test(test_files),	   cmocka_unit_test(test_command),
		cmocka_unit_test(test_conflicts),  cmocka_unit_test(test_bad_words),
		cmocka_unit_test(test_help),	   cmocka_unit_test(test_version),
		cmocka_unit_test(test_completion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

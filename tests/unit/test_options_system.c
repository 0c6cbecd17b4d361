// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Options that name things of the running system: processes, namespaces, cgroups, files. */
#include "options_run.h"

#include "render/render.h"

#include <mntent.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

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
	/* above the largest value of kernel.pid_max */
	BAD("--pid 4194305: no such process", "running processes", "-p", "4194305");
	BAD("-p 0: not a process ID", "", "-p", "0");
	BAD("-p -5: not a process ID", "", "-p", "-5");
	BAD("-p 4294967297: not a process ID", "", "-p", "4294967297");
	BAD("-p 99999999999999999999: not a process ID", "", "-p", "99999999999999999999");
	BAD("--pid self: not a process ID", "", "--pid", "self");
	BAD("--pid 1,,2: empty element", "", "--pid", "1,,2");
	BAD("--pid '': empty list", "", "--pid", "");
	BAD("--pid: conflicts with -- COMMAND", "", "-p", own, "--", "true");

	/* a process in a recording may be gone */
	RUN(&r, "-p", "4194305", "-r", "some.trace");
	assert_run(&r);
	assert_int_equal(r.o.pids.included.items[0], 4194305);
	run_free(&r);
}

static void test_comm(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-c", "fifteen-bytes-x", "--comm", "nginx,php*");
	assert_run(&r);
	assert_int_equal(r.o.comms.n, 3);
	assert_true(comm_selected(&r.o.comms, "fifteen-bytes-x"));
	assert_true(comm_selected(&r.o.comms, "php-fpm8.2"));
	assert_false(comm_selected(&r.o.comms, "nginx2"));
	run_free(&r);
	BAD("-c sixteen-bytes-xx: the kernel keeps only the first 15 bytes of a name: give those",
	    "1 to 15", "-c", "sixteen-bytes-xx");
	BAD("--comm '': empty list", "", "--comm=");
	BAD("-c a,!: empty element: !", "", "-c", "a,!");
	BAD("-c a,b,c,d,e,f,g,h,i: more names than 8: i", "up to 8", "-c", "a,b,c,d,e,f,g,h,i");
}

static void test_containers(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "--container", "0123abcd", "-r", "x");
	assert_run(&r);
	assert_string_equal(r.o.container, "0123abcd");
	run_free(&r);
	BAD("--container web: not the id of a container", "4 or more", "--container", "web");
	BAD("--container abc: too short", "", "--container", "abc");
	BAD("--container: conflicts with --cgroup", "", "--container", "abcd", "--cgroup", "/",
	    "-r", "x");
	BAD("--container 00000000000000000000: no", "", "--container", "00000000000000000000");
}

static void test_netns(void **state)
{
	struct stat st, kept;
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
	snprintf(form, sizeof(form), "--netns=%lu", (unsigned long)st.st_ino);
	RUN(&r, form);
	assert_run(&r);
	assert_int_equal(r.o.netns, st.st_ino);
	/* it stays open: nobody gets its number during the trace */
	assert_int_equal(fstat(r.o.netns_fd, &kept), 0);
	assert_int_equal(kept.st_ino, st.st_ino);
	run_free(&r);
	RUN(&r, "--netns", "4026531840", "-r", "/dev/null");
	assert_run(&r);
	assert_int_equal(r.o.netns, 4026531840);
	run_free(&r);
	/* PID namespaces and the like have lower numbers, files have others */
	BAD("--netns 1: no such network namespace", "exists", "--netns", "1");

	BAD("--netns /proc/self/ns/uts: not a network namespace", "", "--netns",
	    "/proc/self/ns/uts");
	BAD("--netns /proc/self/status: not a namespace", "", "--netns", "/proc/self/status");
	BAD("--netns /nonexistent: No such file", "", "--netns", "/nonexistent");
	BAD("--netns none-such: No such file", "NAME of `ip netns`", "--netns", "none-such");
	BAD("--netns '': empty", "", "--netns", "");
	BAD("--netns 0: not an inode number", "", "--netns", "0");
	BAD("--netns 4294967296: not an inode number", "", "--netns", "4294967296");
	BAD("--netns net:[]: not an inode number", "", "--netns", "net:[]");
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
	BAD("--cgroup /proc: not in a cgroup v2 file system", "", "--cgroup", "/proc");
	BAD("--cgroup /proc/self/status: not a directory", "", "--cgroup", "/proc/self/status");
	BAD("--cgroup /nonexistent: No such file", "", "--cgroup", "/nonexistent");
	BAD("--cgroup '': empty", "", "--cgroup", "");
	/* a recording may be from another host */
	RUN(&r, "--cgroup", "/nonexistent", "-r", "/dev/null");
	assert_run(&r);
	assert_string_equal(r.o.cgroup_path, "/nonexistent");
	run_free(&r);
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
		/* as JSON has it: its root */
		RUN(&r, "--cgroup", "/");
		assert_run(&r);
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
	RUN(&r, "-r", "-", "--attach", "fentry", "--ring", "8", "--no-accept");
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
	BAD("--interval: conflicts with --read", "", "-r", "b", "-s", "-i", "1");
	BAD("--duration: conflicts with --read", "", "-r", "b", "-u", "1");
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

static void test_read_files(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-r", "a", "b", "-o", "json", "c", "-r", "d");
	assert_run(&r);
	assert_int_equal(r.o.n_read_files, 4);
	assert_string_equal(r.o.read_file, "a");
	assert_string_equal(r.o.read_files[1], "b");
	assert_string_equal(r.o.read_files[2], "c");
	assert_string_equal(r.o.read_files[3], "d");
	assert_string_equal(r.o.renderer->name, "json");
	run_free(&r);
	BAD("port 80: not a tcpdump filter", "", "-r", "a", "port", "80");
	BAD("b: not an option", "", "b", "-r", "a");
	BAD("-- COMMAND: conflicts with --read", "", "-r", "a", "b", "--", "true");
	BAD("--read -: standard input is read alone", "", "-r", "-", "b");
	BAD("-r '': empty", "", "-r", "");
	BAD("--output-file: would overwrite", "", "-r", "a", "b", "--output-file", "b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thread_id),  cmocka_unit_test(test_pids),
		cmocka_unit_test(test_comm),	   cmocka_unit_test(test_netns),
		cmocka_unit_test(test_cgroup),	   cmocka_unit_test(test_files),
		cmocka_unit_test(test_containers), cmocka_unit_test(test_read_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What a manager of services is told, and when; this process is the manager. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/notify.h"

#define START_NS 5000000000
#define HALF_NS 1500000

static const char ready[] = "READY=1\nSTATUS=Tracing TCP handshakes and closes";

/* The manager's socket, and the name by which a service finds it. */
static char name[64];

static int manager_open(char first, const char *of_it)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int len = snprintf(name, sizeof(name), "%c%s-%d", first, of_it, (int)getpid());

	assert_true(fd >= 0);
	strcpy(address.sun_path, name);
	if (first == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)offsetof(struct sockaddr_un, sun_path) + (socklen_t)len),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void assert_told(int fd, const char *text)
{
	char buf[256];
	ssize_t len = recv(fd, buf, sizeof(buf) - 1, 0);

	if (!text) {
		assert_int_equal(len, -1);
		assert_int_equal(errno, EAGAIN);
		return;
	}
	assert_true(len > 0);
	buf[len] = '\0';
	assert_string_equal(buf, text);
}

static void assert_not_inherited(void)
{
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
}

static void without_watchdog(int fd)
{
	struct notify n;

	notify_open(&n);
	assert_not_inherited();
	notify_ping(&n, START_NS);
	assert_told(fd, NULL);
	notify_ready(&n, START_NS);
	assert_told(fd, ready);
	notify_ping(&n, UINT64_MAX);
	assert_told(fd, NULL);
	notify_stopping(&n);
	assert_told(fd, "STOPPING=1\nSTATUS=Writing what is not reported yet");
	notify_close(&n);
	close(fd);
}

static void to_a_path(void **state)
{
	(void)state;
	without_watchdog(manager_open('/', "tmp/notify"));
	unlink(name);
}

static void to_an_abstract_name(void **state)
{
	(void)state;
	without_watchdog(manager_open('@', "notify"));
}

/* A ping each half of the time, from the start on, and none that are made up for. */
static void watchdog(void **state)
{
	int fd = manager_open('@', "watchdog");
	char pid[16];
	struct notify n;

	(void)state;
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	setenv("WATCHDOG_USEC", "3000", 1);
	notify_open(&n);
	assert_not_inherited();
	notify_ready(&n, START_NS);
	assert_told(fd, ready);
	notify_ping(&n, START_NS + HALF_NS - 1);
	assert_told(fd, NULL);
	notify_ping(&n, START_NS + HALF_NS);
	assert_told(fd, "WATCHDOG=1");
	assert_true(n.ping_at_ns == START_NS + 2 * HALF_NS);
	notify_ping(&n, START_NS + 2 * HALF_NS - 1);
	assert_told(fd, NULL);
	notify_ping(&n, START_NS + 9 * HALF_NS);
	assert_told(fd, "WATCHDOG=1");
	notify_ping(&n, START_NS + 9 * HALF_NS + 1);
	assert_told(fd, NULL);
	notify_close(&n);
	notify_ping(&n, UINT64_MAX);
	assert_told(fd, NULL);
	close(fd);
}

/* Values that ask for no watchdog of this process. */
static void no_watchdog_of_ours(void **state)
{
	static const char *const values[][2] = {
		{ "3000", "1" }, { "3000", "" }, { "", NULL },	 { "0", NULL },
		{ "-1", NULL },	 { "3s", NULL }, { " 3", NULL }, { "99999999999999999999", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		int fd = manager_open('@', "others");
		struct notify n;

		setenv("WATCHDOG_USEC", values[i][0], 1);
		if (values[i][1])
			setenv("WATCHDOG_PID", values[i][1], 1);
		notify_open(&n);
		notify_ready(&n, START_NS);
		assert_int_equal(n.ping_at_ns, 0);
		notify_close(&n);
		close(fd);
	}
}

/* A trace that nobody supervises, or whose manager cannot be reached, goes on. */
static void nobody(void **state)
{
	static const char *const names[] = { NULL,
					     "",
					     "/",
					     "@",
					     "relative",
					     "vsock:2:1234",
					     "/nonexistent/notify",
					     "@nobody-listens-here" };
	char longest[200];
	struct notify n;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i])
			setenv("NOTIFY_SOCKET", names[i], 1);
		setenv("WATCHDOG_USEC", "3000", 1);
		notify_open(&n);
		assert_int_equal(n.fd < 0, 1);
		assert_not_inherited();
		notify_ready(&n, START_NS);
		assert_int_equal(n.ping_at_ns, 0);
		notify_stopping(&n);
		notify_close(&n);
	}
	memset(longest, 'x', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	setenv("NOTIFY_SOCKET", longest, 1);
	notify_open(&n);
	assert_int_equal(n.fd, -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_a_path), cmocka_unit_test(to_an_abstract_name),
		cmocka_unit_test(watchdog),  cmocka_unit_test(no_watchdog_of_ours),
		cmocka_unit_test(nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

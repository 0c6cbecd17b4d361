// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signals.h"

#define POLL_MS 100
#define PATIENCE_MS 5000   /* a reader on a busy host may be slow and still read */
#define BUFFER (128 << 10) /* a larger buffer does not stay in the processor's cache */

struct output {
	int fd;		     /* where the bytes go */
	int given_fd;	     /* the descriptor that output_fdopen() was given; may be the same */
	size_t chunk;	     /* the most bytes for one write(); PIPE_BUF: may block; 0: no limit */
	int err;	     /* errno of the first failure, 0: none */
	char buffer[BUFFER]; /* glibc ignores the size given to setvbuf() without a buffer */
};

/*
 * O_NONBLOCK applies to everybody who shares the open file, such as other programs of the shell.  So this
 * function opens the file again, for this process alone.  If that fails, wait_for_reader() precedes each
 * write(): a pipe that poll() reports as writable takes PIPE_BUF bytes without blocking.
 */
static void open_again(struct output *o)
{
	char path[32];
	int flags = fcntl(o->fd, F_GETFL), fd;
	struct stat st;

	/* what was opened for reading stays so: root could open it again for writing */
	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
		return;
	if (fstat(o->fd, &st) || S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
		return;
	o->chunk = PIPE_BUF;
	if (!S_ISFIFO(st.st_mode) && !isatty(o->fd))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", o->fd);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return;
	o->fd = fd;
	o->chunk = SIZE_MAX;
}

static bool (*is_over)(void *ctx);
static void *is_over_ctx;

void output_end_when(bool (*over)(void *ctx), void *ctx)
{
	is_over = over;
	is_over_ctx = ctx;
}

static bool should_end(void)
{
	return signals_end_pending() || (is_over && is_over(is_over_ctx));
}

/* Returns 0, or ETIMEDOUT if the program should end and the reader has not read for PATIENCE_MS. */
static int wait_for_reader(const struct output *o)
{
	struct pollfd p = { .fd = o->fd, .events = POLLOUT };
	int patience_ms = PATIENCE_MS;

	while (poll(&p, 1, POLL_MS) == 0)
		if (should_end() && (patience_ms -= POLL_MS) <= 0)
			return ETIMEDOUT;
	return 0;
}

static ssize_t write_all(void *cookie, const char *buf, size_t size)
{
	struct output *o = cookie;
	size_t done = 0;

	while (done < size && !o->err) {
		size_t n = o->chunk && o->chunk < size - done ? o->chunk : size - done;
		ssize_t wrote = 0;

		if (o->chunk == PIPE_BUF)
			o->err = wait_for_reader(o);
		if (!o->err)
			wrote = write(o->fd, buf + done, n);
		if (wrote >= 0)
			done += (size_t)wrote;
		else if (errno == EAGAIN)
			o->err = wait_for_reader(o);
		else if (errno != EINTR)
			o->err = errno;
	}
	if (o->err)
		errno = o->err;
	return done == size ? (ssize_t)size : 0;
}

static int close_all(void *cookie)
{
	struct output *o = cookie;
	int err = o->fd == o->given_fd ? 0 : close(o->fd);

	err |= close(o->given_fd);
	free(o);
	return err;
}

FILE *output_fdopen(int fd)
{
	static const cookie_io_functions_t functions = { .write = write_all, .close = close_all };
	struct output *o = calloc(1, sizeof(*o));
	FILE *f;

	if (!o)
		return NULL;
	o->fd = o->given_fd = fd;
	f = fopencookie(o, "w", functions);
	if (!f) {
		free(o);
		return NULL;
	}
	open_again(o);
	setvbuf(f, o->buffer, _IOFBF, sizeof(o->buffer));
	return f;
}

const char *output_why(int err)
{
	return err == ETIMEDOUT ? "nobody reads it, so the rest is lost" : strerror(err);
}

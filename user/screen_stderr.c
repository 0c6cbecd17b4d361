// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "screen_stderr.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Nobody waits when the pipe is full: what is more than that is lost. */
void screen_stderr_take(struct screen_stderr *e)
{
	int fds[2];

	if (!isatty(STDERR_FILENO) || pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return;
	e->saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (e->saved < 0 || dup2(fds[1], STDERR_FILENO) < 0) {
		close(fds[0]);
		e->saved = e->saved < 0 ? 0 : e->saved;
	} else {
		e->from = fds[0];
	}
	close(fds[1]);
}

static void keep(struct screen_stderr *e, const char *text, size_t len)
{
	size_t over = e->len + len > sizeof(e->text) ? e->len + len - sizeof(e->text) : 0;

	memmove(e->text, e->text + over, e->len - over);
	e->len -= over;
	memcpy(e->text + e->len, text, len);
	e->len += len;
}

const char *screen_stderr_read(struct screen_stderr *e)
{
	char buf[SCREEN_STDERR_MAX / 4];
	size_t begin = e->len, end;
	ssize_t n;

	if (!e->from)
		return NULL;
	while ((n = read(e->from, buf, sizeof(buf))) > 0)
		keep(e, buf, (size_t)n);
	end = e->len;
	if (end == begin && end < sizeof(e->text))
		return NULL;
	while (end && e->text[end - 1] == '\n')
		end--;
	for (begin = end; begin && e->text[begin - 1] != '\n'; begin--)
		;
	snprintf(e->line, sizeof(e->line), "%.*s", (int)(end - begin), e->text + begin);
	return *e->line ? e->line : NULL;
}

void screen_stderr_give_back(struct screen_stderr *e)
{
	if (!e->from)
		return;
	screen_stderr_read(e);
	fflush(stderr);
	dup2(e->saved, STDERR_FILENO);
	close(e->saved);
	close(e->from);
	fwrite(e->text, 1, e->len, stderr);
	*e = (struct screen_stderr){ 0 };
}

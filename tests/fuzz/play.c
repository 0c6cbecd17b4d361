// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "play.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "base/message.h"

static ssize_t memory_write(void *memory, const char *data, size_t len)
{
	struct memory *m = memory;

	if (m->room - m->len < len) {
		m->room = 2 * (m->len + len);
		m->text = realloc(m->text, m->room);
		CHECK(m->text);
	}
	memcpy(m->text + m->len, data, len);
	m->len += len;
	return (ssize_t)len;
}

void memory_begin(struct memory *m)
{
	if (!m->file)
		m->file = fopencookie(m, "w", (cookie_io_functions_t){ .write = memory_write });
	CHECK(m->file);
	m->len = 0;
}

void memory_end(struct memory *m)
{
	CHECK(!fflush(m->file));
}

/* Replaces user/base/message.c: stderr is for findings.  A message must be a line as well. */
void message(const char *format, ...)
{
	char line[1024];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	CHECK(len > 0 && (size_t)len < sizeof(line) - 1);
	line[len] = '\n';
	check_terminal(line, (size_t)len + 1, false);
}

/* The keys that have text of the recording. */
static const struct by foreign = { .n = 3, .keys = { BY_COMM, BY_PEER, BY_CGROUP } };

void play_begin(struct play *p, const struct renderer *renderer, uint8_t style)
{
	CHECK(renderer);
	p->options = (struct options){
		.renderer = renderer,
		.slow = SLOW_LIMITS_DEFAULT,
		.verbose = style & STYLE_VERBOSE,
		.summary = style & STYLE_SUMMARY && !renderer->machine_readable,
		.time_style = style & STYLE_RELATIVE ? TIME_RELATIVE
			      : style & STYLE_WALL   ? TIME_WALL
						     : TIME_DEFAULT,
	};
	if (style & STYLE_SUMMARY && style & STYLE_VERBOSE)
		p->options.by = foreign;
	p->reporter = (struct reporter){ .options = &p->options, .renderer = renderer };
	p->reporter.summary = summary_create();
	p->reporter.cgroups = cgroups_open(false);
	CHECK(p->reporter.summary && p->reporter.cgroups);
	CHECK(!p->options.by.n || summary_group(p->reporter.summary, &p->options.by));
	memory_begin(&p->memory);
	reporter_begin(&p->reporter, p->memory.file, style & STYLE_COLOUR);
	p->reporter.context.utf8 = style & STYLE_UTF8;
	if (renderer->begin)
		renderer->begin(&p->reporter.context);
}

int play_item(void *play, const struct item *item)
{
	struct play *p = play;

	return reporter_item(&p->reporter, item);
}

/* Keeps of a page only its data, which must have no markup. */
static void keep_data(struct memory *m)
{
	static const char begin[] = " id=\"data\">\n", end[] = "</script>\n</body>\n</html>\n";
	char *data = memmem(m->text, m->len, begin, sizeof(begin) - 1);

	CHECK(data && m->len > sizeof(end));
	data += sizeof(begin) - 1;
	m->len -= (size_t)(data - m->text) + sizeof(end) - 1;
	memmove(m->text, data, m->len + sizeof(end) - 1);
	CHECK(!memcmp(m->text + m->len, end, sizeof(end) - 1));
	for (size_t i = 0; i + 1 < m->len; i++)
		CHECK(m->text[i] != '<' || m->text[i + 1] == ' ');
}

void play_end(struct play *p)
{
	const char *name = p->options.renderer->name;

	CHECK(!reporter_end(&p->reporter));
	memory_end(&p->memory);
	if (!strcmp(name, "html"))
		keep_data(&p->memory);
	if (!strcmp(name, "json") || !strcmp(name, "html"))
		check_json_lines(p->memory.text, p->memory.len);
	else if (!strcmp(name, "csv"))
		check_csv(p->memory.text, p->memory.len);
	else if (!strcmp(name, "ladder") && !p->options.summary)
		check_ladder(p->memory.text, p->memory.len, p->reporter.context.colour);
	else
		check_terminal(p->memory.text, p->memory.len, p->reporter.context.colour);
	reporter_free(&p->reporter);
}

int memory_file(char path[MEMORY_PATH_MAX], const void *data, size_t len)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	CHECK(fd >= 0);
	CHECK(!len || write(fd, data, len) == (ssize_t)len);
	snprintf(path, MEMORY_PATH_MAX, "/proc/self/fd/%d", fd);
	return fd;
}

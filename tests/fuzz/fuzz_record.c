// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* One item of random bytes, in every format. */
#include <string.h>

#include "check.h"
#include "input.h"
#include "play.h"

static const char hostile_path[] = "/a\"b,\n\033[2J\xff\xe2\x80\xae</script>";

/* Gives the cgroup that the record names a path, so that it is printed. */
static void name_cgroup(struct play *p, const struct item *item)
{
	struct {
		uint64_t id;
		char path[sizeof(hostile_path) - 1];
	} cgroup;
	struct handshake_part h;

	if (item->len < sizeof(h))
		return;
	memcpy(&h, item->data, sizeof(h));
	cgroup.id = h.accept_ns ? h.acceptor.cgroup : h.owner.cgroup;
	memcpy(cgroup.path, hostile_path, sizeof(cgroup.path));
	CHECK(!play_item(p, &(struct item){ ITEM_CGROUP, &cgroup,
					    sizeof(cgroup.id) + sizeof(cgroup.path) }));
}

static size_t count_lines(const struct memory *m)
{
	size_t lines = 0;

	for (size_t i = 0; i < m->len; i++)
		lines += m->text[i] == '\n';
	return lines;
}

/*
 * No name makes lines of its own: there are the header, two chapters or one transition, and
 * totals.
 */
static void check_lines(const struct play *p, const struct item *item)
{
	const char *name = p->options.renderer->name;
	size_t lines = count_lines(&p->memory);
	size_t chapters = item->type == ITEM_CLOSE ? 2 : 1;

	if (p->options.summary || !strcmp(name, "timeline") || !strcmp(name, "ladder"))
		return;
	/*
	 * a page also has lines of the report and the service, and the handshake of an open close
	 */
	if (!strcmp(name, "html"))
		chapters += 2 + (item->type == ITEM_OPEN);
	CHECK(lines <= 1 + chapters);
	if (!strcmp(name, "none"))
		CHECK(!lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct play p;
	struct item item;

	if (size < 2)
		return -1;
	item = (struct item){ (enum item_type)data[1], data + 2, size - 2 };
	for (size_t i = 0; renderers[i]->name; i++) {
		play_begin(&p, renderers[i], data[0]);
		name_cgroup(&p, &item);
		CHECK(!play_item(&p, &item));
		play_end(&p);
		check_lines(&p, &item);
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "open_list.h"

#include <stdlib.h>

#include "keys.h"

#define ROOM_MIN 1024

struct list {
	const struct open_source *sources;
	struct keys keys[OPEN_SOURCES_MAX];
	struct open_place *places;
	size_t n, room;
	bool unsorted; /* there was no memory for all places */
	/* the source that is read now, and its keys so far */
	uint8_t table;
	uint32_t n_keys;
};

static bool make_room(struct list *l)
{
	size_t room = l->room ? 2 * l->room : ROOM_MIN;
	void *more;

	if (l->n < l->room)
		return true;
	more = realloc(l->places, room * sizeof(*l->places));
	if (!more)
		return false;
	l->places = more;
	l->room = room;
	return true;
}

static bool find(const struct filter *f, const void *value)
{
	struct list *l = f->ctx;
	const struct open_source *source = &l->sources[l->table];
	struct open_place place = { 0 };

	if (!source->find(source->ctx, value, &place))
		return false;
	place.table = l->table;
	place.at = l->n_keys++;
	l->unsorted |= !make_room(l);
	if (!l->unsorted)
		l->places[l->n++] = place;
	return true;
}

static int report(const struct list *l, size_t table, size_t at)
{
	const struct open_source *source = &l->sources[table];

	return source->report(source->ctx, key_at(&l->keys[table], at));
}

static int report_unsorted(const struct list *l, size_t n)
{
	int err = 0;

	for (size_t table = 0; table < n; table++)
		for (size_t at = 0; !err && at < l->keys[table].n; at++)
			err = report(l, table, at);
	return err;
}

static int report_sorted(const struct list *l)
{
	int err = 0;

	if (l->n)
		qsort(l->places, l->n, sizeof(*l->places), open_place_compare);
	for (size_t i = 0; !err && i < l->n; i++)
		err = report(l, l->places[i].table, l->places[i].at);
	return err;
}

static int read_keys(struct list *l, size_t table)
{
	const struct open_source *source = &l->sources[table];
	const struct filter f = { .wanted = find, .ctx = l };
	int err;

	l->table = (uint8_t)table;
	l->n_keys = 0;
	err = keys_read_some(&l->keys[table], source->map_fd, source->key_size, source->value_size,
			     &f);
	if (err)
		l->keys[table] = (struct keys){ 0 };
	else if (l->keys[table].n && source->prepare)
		source->prepare(source->ctx);
	return err;
}

int open_list_report(const struct open_source *sources, size_t n)
{
	struct list l = { .sources = sources };
	int err = 0;

	for (size_t table = 0; !err && table < n; table++)
		err = read_keys(&l, table);
	if (!err)
		err = l.unsorted ? report_unsorted(&l, n) : report_sorted(&l);
	for (size_t table = 0; table < n; table++)
		free(l.keys[table].items);
	free(l.places);
	return err;
}

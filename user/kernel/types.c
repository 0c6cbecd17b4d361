// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "types.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct types {
	struct btf *btf;
	/* numbers of types, from the place that their name's hash says; 0: free.  At most half are used. */
	uint32_t *slots;
	size_t mask;
};

struct extract {
	const struct types *types;
	struct btf *to;
	/* by the number of a type of the kernel: 0, or NEEDED, or its number in `to` */
	uint32_t *numbers;
	/* the types whose contents are still to be looked at */
	uint32_t *pending;
	size_t n_pending;
};

#define NEEDED UINT32_MAX

/* A name without its flavour, such as ___5_8, and its hash (FNV-1a). */
struct plain {
	const char *name;
	size_t len;
	uint32_t hash;
};

static struct plain plain_name(const char *name)
{
	struct plain p = { .name = name, .hash = 2166136261U };
	char c;

	for (; (c = name[p.len]); p.len++) {
		if (c == '_' && name[p.len + 1] == '_' && name[p.len + 2] == '_')
			break;
		p.hash = (p.hash ^ (uint8_t)c) * 16777619U;
	}
	return p;
}

static const char *name_of(const struct btf *btf, const struct btf_type *t)
{
	return btf__name_by_offset(btf, t->name_off);
}

/* Is it a type that a program may read? */
static bool is_readable(const struct btf_type *t)
{
	return t->name_off && (btf_is_composite(t) || btf_is_any_enum(t));
}

static bool is_indexed(const struct btf_type *t)
{
	return is_readable(t) || btf_is_typedef(t) || btf_is_func(t) || btf_is_var(t);
}

static void enter(struct types *types, uint32_t id, const char *name)
{
	size_t i = plain_name(name).hash & types->mask;

	while (types->slots[i])
		i = (i + 1) & types->mask;
	types->slots[i] = id;
}

struct types *types_index(struct btf *btf)
{
	struct types *types = calloc(1, sizeof(*types));
	uint32_t n = btf ? btf__type_cnt(btf) : 0;
	size_t size = 2;

	while (size < 2 * (size_t)n)
		size *= 2;
	if (types) {
		types->btf = btf;
		types->mask = size - 1;
		types->slots = calloc(size, sizeof(*types->slots));
	}
	if (!n || !types || !types->slots) {
		free(types);
		btf__free(btf);
		return NULL;
	}
	for (uint32_t id = 1; id < n; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (is_indexed(t))
			enter(types, id, name_of(btf, t));
	}
	return types;
}

void types_free(struct types *types)
{
	if (!types)
		return;
	btf__free(types->btf);
	free(types->slots);
	free(types);
}

const struct btf *types_btf(const struct types *types)
{
	return types->btf;
}

int types_find(const struct types *types, const char *name, unsigned int kind)
{
	for (size_t i = plain_name(name).hash & types->mask; types->slots[i];
	     i = (i + 1) & types->mask) {
		const struct btf_type *t = btf__type_by_id(types->btf, types->slots[i]);

		if (btf_kind(t) == kind && !strcmp(name_of(types->btf, t), name))
			return (int)types->slots[i];
	}
	return -ENOENT;
}

static void need(struct extract *x, uint32_t id)
{
	if (!id || id >= btf__type_cnt(x->types->btf) || x->numbers[id])
		return;
	x->numbers[id] = NEEDED;
	x->pending[x->n_pending++] = id;
}

/* All types of this name, whatever their flavours: libbpf takes the one that matches. */
static void need_name(struct extract *x, const char *name)
{
	const struct types *types = x->types;
	struct plain wanted = plain_name(name);

	for (size_t i = wanted.hash & types->mask; types->slots[i]; i = (i + 1) & types->mask) {
		const struct btf_type *t = btf__type_by_id(types->btf, types->slots[i]);
		struct plain p;

		if (!is_readable(t))
			continue;
		p = plain_name(name_of(types->btf, t));
		if (p.len == wanted.len && !memcmp(p.name, wanted.name, p.len))
			need(x, types->slots[i]);
	}
}

static void need_contents(struct extract *x, const struct btf_type *t)
{
	if (btf_is_composite(t)) {
		for (uint16_t i = 0; i < btf_vlen(t); i++)
			need(x, btf_members(t)[i].type);
	} else if (btf_is_array(t)) {
		need(x, btf_array(t)->type);
		need(x, btf_array(t)->index_type);
	} else if (btf_is_mod(t) || btf_is_typedef(t)) {
		need(x, t->type);
	}
}

static void find_needed(struct extract *x, const struct btf *object)
{
	for (uint32_t id = 1; id < btf__type_cnt(object); id++) {
		const struct btf_type *t = btf__type_by_id(object, id);

		if (is_readable(t))
			need_name(x, name_of(object, t));
	}
	while (x->n_pending)
		need_contents(x, btf__type_by_id(x->types->btf, x->pending[--x->n_pending]));
}

static int copy_needed(struct extract *x)
{
	const struct btf *btf = x->types->btf;

	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		int number;

		if (x->numbers[id] != NEEDED)
			continue;
		number = btf__add_type(x->to, btf, btf__type_by_id(btf, id));
		if (number < 0)
			return number;
		x->numbers[id] = (uint32_t)number;
	}
	return 0;
}

/* The file of --btf may have any number. */
static void renumber(const struct extract *x, uint32_t *id)
{
	*id = *id < btf__type_cnt(x->types->btf) ? x->numbers[*id] : 0;
}

static void renumber_contents(const struct extract *x, struct btf_type *t)
{
	if (btf_is_composite(t)) {
		for (uint16_t i = 0; i < btf_vlen(t); i++)
			renumber(x, &btf_members(t)[i].type);
	} else if (btf_is_array(t)) {
		renumber(x, &btf_array(t)->type);
		renumber(x, &btf_array(t)->index_type);
	} else if (btf_is_mod(t) || btf_is_typedef(t)) {
		renumber(x, &t->type);
	} else if (btf_is_ptr(t)) {
		t->type = 0;
	}
}

static int write_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size) {
		ssize_t n = write(fd, at, size);

		if (n < 0)
			return -errno;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

static int extract(struct extract *x, const struct btf *object, int fd)
{
	const void *data;
	uint32_t size;
	int err;

	find_needed(x, object);
	err = copy_needed(x);
	if (err)
		return err;
	for (uint32_t id = 1; id < btf__type_cnt(x->to); id++)
		renumber_contents(x, (struct btf_type *)btf__type_by_id(x->to, id));
	data = btf__raw_data(x->to, &size);
	return data ? write_all(fd, data, size) : -ENOMEM;
}

int types_extract(const struct types *types, const struct btf *object, int fd)
{
	size_t n = btf__type_cnt(types->btf);
	struct extract x = {
		.types = types,
		.to = btf__new_empty(),
		.numbers = calloc(n, sizeof(*x.numbers)),
		.pending = calloc(n, sizeof(*x.pending)),
	};
	int err = x.to && x.numbers && x.pending ? extract(&x, object, fd) : -ENOMEM;

	free(x.pending);
	free(x.numbers);
	btf__free(x.to);
	return err;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "keys.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* keys that one system call reads */
#define BATCH 512

static bool keys_grow(struct keys *keys, size_t *room)
{
	void *more;

	if (keys->n + BATCH <= *room)
		return true;
	more = realloc(keys->items, (*room * 2 + BATCH) * keys->size);
	if (!more)
		return false;
	keys->items = more;
	*room = *room * 2 + BATCH;
	return true;
}

/* Moves the wanted ones of n keys together, and returns their number. */
static size_t filter_keys(const struct filter *f, unsigned char *keys, size_t n, size_t size,
			  const unsigned char *values, size_t value_size)
{
	size_t kept = 0;

	if (!f->wanted)
		return n;
	for (size_t i = 0; i < n; i++)
		if (f->wanted(f, values + i * value_size))
			memmove(keys + kept++ * size, keys + i * size, size);
	return kept;
}

int keys_read_some(struct keys *keys, int map_fd, size_t size, size_t value_size,
		   const struct filter *f)
{
	void *values = malloc(BATCH * value_size), *position = NULL;
	__u32 bucket, n;
	size_t room = 0;
	int err = values ? 0 : -ENOMEM;

	*keys = (struct keys){ .size = size };
	while (!err) {
		if (!keys_grow(keys, &room)) {
			err = -ENOMEM;
			break;
		}
		n = BATCH;
		err = bpf_map_lookup_batch(map_fd, position, &bucket, keys->items + keys->n * size,
					   values, &n, NULL);
		if (!err || err == -ENOENT)
			keys->n += filter_keys(f, keys->items + keys->n * size, n, size, values,
					       value_size);
		position = &bucket;
	}
	free(values);
	if (err == -ENOENT)
		return 0;
	free(keys->items);
	return err;
}

int keys_read(struct keys *keys, int map_fd, size_t size, size_t value_size)
{
	return keys_read_some(keys, map_fd, size, value_size, &(struct filter){ 0 });
}

void keys_delete_all(int map_fd, size_t key_size, size_t value_size)
{
	struct keys keys;
	__u32 n;

	if (keys_read(&keys, map_fd, key_size, value_size))
		return;
	n = (__u32)keys.n;
	if (n)
		bpf_map_delete_batch(map_fd, keys.items, &n, NULL);
	free(keys.items);
}

const void *key_at(const struct keys *keys, size_t i)
{
	return keys->items + i * keys->size;
}

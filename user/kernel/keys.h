/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The keys of a BPF map, while the programs change it. */
#ifndef KEYS_H
#define KEYS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct keys {
	unsigned char *items;
	size_t n, size;
};

/* Which values' keys are wanted; without wanted() all are. */
struct filter {
	bool (*wanted)(const struct filter *f, const void *value);
	uint64_t from_ns, until_ns;
	void *ctx;
};

/*
 * Reads the keys of a map, bucket by bucket.  A walk from key to key would begin again each time that the
 * current key is deleted meanwhile.  The values come with the keys.  0, and the caller frees keys->items;
 * or -errno.
 */
int keys_read_some(struct keys *keys, int map_fd, size_t size, size_t value_size,
		   const struct filter *f);
int keys_read(struct keys *keys, int map_fd, size_t size, size_t value_size);

const void *key_at(const struct keys *keys, size_t i);

/* Deletes all entries, as far as that is possible. */
void keys_delete_all(int map_fd, size_t size, size_t value_size);

#endif

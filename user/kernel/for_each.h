/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Runs a program on each of something in the kernel: the entries of a map, the sockets, the files of all tasks. */
#ifndef FOR_EACH_H
#define FOR_EACH_H

#include <bpf/libbpf.h>

/* All zero: there is no program. */
struct for_each {
	struct bpf_link *link; /* of an iterator */
	int run_fd;	       /* of a program that walks through its map by itself */
};

/* Prepares a loaded program; map: that the iterator walks through, or NULL.  After a failure there is no program. */
void for_each_begin(struct for_each *f, const struct bpf_program *prog, const struct bpf_map *map);
void for_each_end(struct for_each *f);

bool for_each_ready(const struct for_each *f);

/* Runs it, in this process's namespaces.  0 or -errno. */
int for_each_run(const struct for_each *f);

/* May this process still run it?  An iterator is not run for that. */
bool for_each_allowed(const struct for_each *f);

#endif

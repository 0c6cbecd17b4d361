/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Connections and listeners older than the trace, as sock_diag and /proc tell them. */
#ifndef PREEXISTING_H
#define PREEXISTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"

/* Where they are entered. */
struct preexisting {
	const struct options *options;
	int connections_fd;    /* struct tuple -> struct record */
	int listeners_fd;      /* struct listener_key -> struct listener */
	bool owners_are_newer; /* only a process that is about to start is selected */
};

/* Can the kernel be asked?  0 or -errno. */
int preexisting_try(void);

/*
 * Enters all of the network namespaces that are selected.  As namespaces_visit() returns; *own is the inode
 * of this process's network namespace.
 */
int preexisting_scan(const struct preexisting *to, uint32_t *own);

#endif

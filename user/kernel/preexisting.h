/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Finds the connections and listeners that existed before the trace, through sock_diag and /proc. */
#ifndef PREEXISTING_H
#define PREEXISTING_H

#include <stdint.h>

#include "base/options.h"
#include "shared/config.h"

/* What to find, and the maps for it. */
struct preexisting_request {
	const struct options *options;
	int connections_fd; /* struct tuple -> struct record */
	int listeners_fd;   /* struct listener_key -> struct listener */
	int pids_fd;	    /* the processes of -p */
	const volatile struct config *cfg;
};

/* Tries to use sock_diag.  0 or -errno. */
int preexisting_try(void);

/*
 * Adds what exists in the selected network namespaces to the maps.  *own becomes the inode number of this
 * process's network namespace.  Returns 0, 1 or -errno, as namespaces_visit().
 */
int preexisting_scan(const struct preexisting_request *request, uint32_t *own);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Numbers of names, out of this host's own files: no query leaves the host. */
#ifndef HOSTS_H
#define HOSTS_H

#include <stdbool.h>

/* The TCP port of a service, by /etc/services or else the usual one; 0: none is known. */
unsigned int hosts_service(const char *name);

/* The first address of a host in /etc/hosts, as text in buf (INET6_ADDRSTRLEN).  False: it has none. */
bool hosts_address(char *buf, const char *name);

#endif

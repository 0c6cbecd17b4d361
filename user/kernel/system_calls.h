/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A seccomp filter: the system calls that a running trace needs, and no others. */
#ifndef SYSTEM_CALLS_H
#define SYSTEM_CALLS_H

#include <stdbool.h>

/*
 * Call it when everything is attached and open and the privileges are dropped, and who connects is not trusted.
 * From then on all other calls fail with EPERM: no program is run, no process begun, no connection made, no BPF
 * program loaded, no memory made executable.  A kernel that has no seccomp does without; verbose: say so.
 */
void system_calls_restrict(bool verbose);

#endif

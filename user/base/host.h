/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>

#include "item.h"

/* Reads which host this is, and which boot of it.  False: the kernel does not show the boot. */
bool host_read(struct item_host *host);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The recording, for reporter.c. */
#ifndef REPORTER_PARTS_H
#define REPORTER_PARTS_H

#include "reporter.h"

/* Writes the item to the recording, if there is one.  0; or -errno if it failed and the trace should end. */
int reporter_record_item(struct reporter *reporter, const struct item *item);

/* Writes what is buffered of it; the same. */
int reporter_flush_recorder(struct reporter *reporter);

#endif

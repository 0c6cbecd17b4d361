/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Several recordings, or the files of one, read as one. */
#ifndef RECORDINGS_H
#define RECORDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/item.h"

/*
 * As recording_read(), of n files, one after the other in the order of their first events, each behind an ITEM_HOST
 * of its own; the files of one trace follow one another.  A trace that another follows ends with ITEM_COUNTS or
 * ITEM_CUT_OFF.  A file that cannot be read, or not to its end, does not stop the others: its error is returned at
 * the end.
 */
int recordings_read(const char *const *paths, size_t n, item_fn sink, void *ctx);

/*
 * The same without messages, and of regular files only: what comes by a pipe can be read once.  False if one is of
 * another kind.
 */
bool recordings_peek(const char *const *paths, size_t n, item_fn sink, void *ctx);

#endif

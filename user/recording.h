/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Items in a file, and back.  The file is pcapng: one section whose custom blocks each hold an item, so
 * that other tools skip them.  It is written block by block and is readable wherever it ends.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include "source.h"

struct recording;

/* Creates the file (0600); "-" is stdout.  0 or -errno. */
int recording_create(struct recording **recording, const char *path);

/* 0 or -errno of the write. */
int recording_add(struct recording *recording, const struct item *item);

/* Writes what is buffered; 0 or -errno.  NULL is fine. */
int recording_close(struct recording *recording);

/*
 * Passes on each item of a recording.  0; what the sink returned; or -errno after a line on stderr that
 * says what is wrong with the file (-EBADMSG: not ours, truncated or corrupt), everything before it
 * having been passed on.
 */
int recording_read(const char *path, item_fn sink, void *ctx);

#endif

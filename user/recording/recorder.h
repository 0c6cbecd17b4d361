/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What is told goes to a recording too: the items as they are, with what a replay needs to know about
 * them, and the segments they prove as packets.
 */
#ifndef RECORDER_H
#define RECORDER_H

#include "base/cgroups.h"
#include "base/clock.h"
#include "base/options.h"
#include "base/item.h"

/* What waits for packets to stand before it does so no longer. */
#define RECORDER_WAIT_NS (3 * NS_PER_S)
#define RECORDER_EVERY_NS NS_PER_S

struct recorder;

/* 0, or -errno after a line on stderr. */
int recorder_create(struct recorder **recorder, const struct options *options,
		    struct cgroups *cgroups);

/*
 * Can the files to come be created with the rights this process has now?  0, or -errno after a line on
 * stderr.  NULL is fine.
 */
int recorder_check(const struct recorder *recorder);

/* now_ns: CLOCK_MONOTONIC, here and below.  0 or -errno of the write. */
int recorder_item(struct recorder *recorder, const struct item *item, uint64_t now_ns);

/* From here on ITEM_OPEN is the last that is told of a connection. */
void recorder_last(struct recorder *recorder);

/* Writes what is due: whole blocks, every second or when there is much. */
int recorder_flush(struct recorder *recorder, uint64_t now_ns);

/* The file that is written now. */
const char *recorder_name(const struct recorder *recorder);

/* Writes all there is; 0 or -errno.  NULL is fine. */
int recorder_close(struct recorder *recorder);

/* Lets go of the file as it is, after an error. */
void recorder_abandon(struct recorder *recorder);

#endif

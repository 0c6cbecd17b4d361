/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Writes a recording (-w): each item as it is, with what a replay needs to know about it, and as
 * packets the segments that the items prove.
 */
#ifndef RECORDER_H
#define RECORDER_H

#include "base/cgroups.h"
#include "base/clock.h"
#include "base/options.h"
#include "base/item.h"

/*
 * How long items wait to be written behind packets, which come later (conversations.h), and how
 * long packets wait to be written.
 */
#define RECORDER_WAIT_NS (3 * NS_PER_S)
#define RECORDER_EVERY_NS NS_PER_S

struct recorder;

/* Creates the first file.  0, or -errno after a message on stderr. */
int recorder_create(struct recorder **recorder, const struct options *options,
		    struct cgroups *cgroups);

/*
 * Can this process, with the privileges it has now, create the files that -C makes later?  0, or
 * -errno after a message on stderr.  recorder may be NULL.
 */
int recorder_check(const struct recorder *recorder);

/* Records an item.  now_ns is CLOCK_MONOTONIC, here and below.  0, or -errno of a write. */
int recorder_item(struct recorder *recorder, const struct item *item, uint64_t now_ns);

/* The trace ends: an ITEM_OPEN that follows is the last item of its connection. */
void recorder_last(struct recorder *recorder);

/* Writes, in whole blocks, what has waited long enough or is a lot.  0, or -errno of a write. */
int recorder_flush(struct recorder *recorder, uint64_t now_ns);

/* strerror() of a positive errno, with what it means here. */
const char *recorder_why(int err);

/* The name of the current file. */
const char *recorder_name(const struct recorder *recorder);

/* Writes everything and frees the recorder, which may be NULL.  0 or -errno. */
int recorder_close(struct recorder *recorder);

/* Frees the recorder after an error; packets that still wait are not written.  It may be NULL. */
void recorder_abandon(struct recorder *recorder);

#endif

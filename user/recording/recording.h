/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Items and packets in a file, and the items back.  The file is pcapng: packets for other tools, and the
 * items in custom blocks, several in a block.  What is written at a time ends with a block, so that the
 * file is readable wherever writing stops.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include "packet.h"
#include "base/item.h"

struct recording;

/* Where to, and in files of which size. */
struct recording_files {
	const char *path;     /* "-" is stdout */
	uint64_t limit_bytes; /* a file that is larger is the last but one; 0: there is one */
	uint32_t count;	      /* so many, then the first is overwritten; 0: no limit */
};

/*
 * Creates the first file (0600).  As tcpdump has it they are FILE, FILE1, FILE2... or, with a count,
 * FILE00 to FILE99, with as many digits as it takes.  path must live as long.  0 or -errno.
 */
int recording_create(struct recording **recording, const struct recording_files *files);

/* Nothing is written before recording_write().  0 or -ENOMEM. */
int recording_add(struct recording *recording, const struct item *item);
int recording_add_packet(struct recording *recording, const struct packet *packet);

enum recording_pending {
	RECORDING_NOTHING,
	RECORDING_ITEMS,   /* that packets may still come for */
	RECORDING_PACKETS, /* and maybe items */
	RECORDING_MUCH,	   /* to be written at once: there is much, or the file is full with it */
};

enum recording_pending recording_pending(const struct recording *recording);

/* 0 or -errno of the write. */
int recording_write(struct recording *recording);

/* Is it time for the next file?  Only after recording_write(). */
bool recording_is_full(const struct recording *recording);

/* Opens the next file; 0 or -errno. */
int recording_next(struct recording *recording);

/* Could it, with the rights this process has now?  0 or -errno. */
int recording_check_next(const struct recording *recording);

/* The file that is written now. */
const char *recording_name(const struct recording *recording);

/* Writes what is pending; 0 or -errno.  NULL is fine. */
int recording_close(struct recording *recording);

/*
 * Passes on each item of a recording, or of several in a row.  0; what the sink returned; or -errno after
 * a line on stderr that says what is wrong with the file (-EBADMSG: not ours, truncated or corrupt;
 * -EPROTO: of another version), everything before it having been passed on.
 */
int recording_read(const char *path, item_fn sink, void *ctx);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Writes items and packets to a file, and reads the items back.  The file is pcapng: the packets
 * are for other tools, the items are in custom blocks, several to a block.  Each write ends with
 * a whole block, so that the file can be read wherever writing stops.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include <errno.h>

#include "packet.h"
#include "base/item.h"

struct recording;

/* -w, -C and -W. */
struct recording_files {
	const char *path; /* "-" is stdout */
	/* when a file has grown beyond this the next is begun; 0: there is one file */
	uint64_t limit_bytes;
	uint32_t count; /* after so many files the first is overwritten; 0: no limit */
};

/* A file of -C is no regular file, or a link that nobody named. */
#define RECORDING_ENOTFILE EBADFD
#define RECORDING_ELINK EMLINK

/* strerror() of a positive errno of these functions, with what it means here. */
const char *recording_why(int err);

/*
 * Creates the first file, with mode 0600.  Files are named as tcpdump names them: FILE, FILE1,
 * FILE2..., or with a count FILE00, FILE01..., of as many digits as the last one takes.  path
 * must outlive the recording.  0 or -errno.
 */
int recording_create(struct recording **recording, const struct recording_files *files);

/* Both only buffer, until recording_write().  0 or -ENOMEM. */
int recording_add(struct recording *recording, const struct item *item);
int recording_add_packet(struct recording *recording, const struct packet *packet);

/* What is buffered, and how urgent it is to write it. */
enum recording_pending {
	RECORDING_NOTHING,
	RECORDING_ITEMS,   /* whose packets may still come */
	RECORDING_PACKETS, /* and maybe items */
	RECORDING_AT_ONCE, /* 256 KiB or more, or enough to fill the file */
};

enum recording_pending recording_pending(const struct recording *recording);

/* Writes what is buffered.  0 or -errno. */
int recording_write(struct recording *recording);

/* So many bytes of packets will come for the items that were added: they belong into the same file. */
void recording_expect(struct recording *recording, uint64_t bytes);

/* Is it time for the next file?  False while anything is buffered. */
bool recording_is_full(const struct recording *recording);

/* Closes the current file and opens the next.  0 or -errno. */
int recording_next(struct recording *recording);

/* Could recording_next() create a file, with the privileges this process has now?  0 or -errno. */
int recording_check_next(const struct recording *recording);

/* The name of the current file. */
const char *recording_name(const struct recording *recording);

/* Writes what is buffered and frees the recording, which may be NULL.  0 or -errno. */
int recording_close(struct recording *recording);

/*
 * Passes each item of a file to the sink.  The file may be several recordings, one after the
 * other; "-" is stdin.  Returns 0, what the sink returned, or -errno after a message on stderr:
 * -EBADMSG when the file is not a recording, cut off or damaged, -EPROTO when another version
 * wrote it, -EIO when it cannot be read to its end.  The items before an error are passed on.
 */
int recording_read(const char *path, item_fn sink, void *ctx);

/* The same of a named file, without messages. */
int recording_peek(const char *path, item_fn sink, void *ctx);

#endif

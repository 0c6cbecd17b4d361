/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Blocks of a pcapng file (draft-ietf-opsawg-pcapng), in this machine's byte order, appended to a
 * buffer in memory.
 */
#ifndef PCAPNG_H
#define PCAPNG_H

#include <stddef.h>
#include <stdint.h>

#include "packet.h"

#define PCAPNG_SECTION 0x0A0D0D0AU
#define PCAPNG_CUSTOM 0x00000BADU
#define PCAPNG_BYTE_ORDER 0x1A2B3C4DU

/* Bytes around a block's body: type and length before it, the length again after it. */
#define PCAPNG_HEAD 8
#define PCAPNG_AROUND 12

/* The largest block that is read, in bytes; those of this program are smaller. */
#define PCAPNG_BLOCK_MAX (1U << 20)

/* A buffer that grows.  After an allocation has failed nothing more is appended. */
struct bytes {
	uint8_t *data;
	size_t len, room;
	bool failed;
};

void bytes_put(struct bytes *b, const void *data, size_t len);

/* Appends zeros up to a multiple of 4. */
void bytes_pad(struct bytes *b);

void bytes_free(struct bytes *b);

/*
 * A file begins with the section and its one interface, whose description says that it is no
 * capture.
 */
void pcapng_put_section(struct bytes *b);
void pcapng_put_interface(struct bytes *b);

void pcapng_put_packet(struct bytes *b, const struct packet *packet);

/* A block of any type around a body of len bytes, which is padded. */
void pcapng_put_block(struct bytes *b, uint32_t type, const void *body, size_t len);

#endif

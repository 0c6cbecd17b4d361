/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Blocks of a pcapng file (draft-ietf-opsawg-pcapng), in this machine's byte order, appended to bytes
 * in memory.
 */
#ifndef PCAPNG_H
#define PCAPNG_H

#include <stddef.h>
#include <stdint.h>

#include "packet.h"

#define PCAPNG_SECTION 0x0A0D0D0AU
#define PCAPNG_CUSTOM 0x00000BADU
#define PCAPNG_BYTE_ORDER 0x1A2B3C4DU

/* What stands around a block's body: type and length, the length again. */
#define PCAPNG_HEAD 8
#define PCAPNG_AROUND 12

/* No block of ours comes near it. */
#define PCAPNG_BLOCK_MAX (1U << 20)

/* Grows; what finds no memory sets `failed`, and is left out as all that follows. */
struct bytes {
	uint8_t *data;
	size_t len, room;
	bool failed;
};

void bytes_put(struct bytes *b, const void *data, size_t len);
void bytes_pad(struct bytes *b); /* zeros up to a multiple of 4 */
void bytes_free(struct bytes *b);

/* The beginning of a file: the section, and its one interface, which is no capture and says so. */
void pcapng_put_section(struct bytes *b);
void pcapng_put_interface(struct bytes *b);

void pcapng_put_packet(struct bytes *b, const struct packet *packet);

/* Any block; body is padded. */
void pcapng_put_block(struct bytes *b, uint32_t type, const void *body, size_t len);

#endif

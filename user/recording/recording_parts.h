/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a custom block of a recording looks like; for recording*.c only. */
#ifndef RECORDING_PARTS_H
#define RECORDING_PARTS_H

#include <stdint.h>

#define RECORDING_ENTERPRISE \
	32473 /* RFC 5612: for documentation; no number is assigned to this program */
#define RECORDING_MAGIC 0x54435354

/* The body begins so; then come the items, each with its head, padded to 4 bytes. */
struct recording_head {
	uint32_t enterprise;
	uint32_t magic;
	uint16_t version; /* RECORD_VERSION */
	uint16_t pad;
};

struct recording_item_head {
	uint32_t type; /* enum item_type */
	uint32_t len;
};

#endif

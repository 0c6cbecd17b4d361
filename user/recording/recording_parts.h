/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The custom blocks of a recording; for recording*.c only. */
#ifndef RECORDING_PARTS_H
#define RECORDING_PARTS_H

#include <stdint.h>

/* RFC 5612 reserves this number for documentation; none is assigned to this program. */
#define RECORDING_ENTERPRISE 32473
/* "TCST" */
#define RECORDING_MAGIC 0x54435354

/* How a body begins.  The items follow, each after its head and padded to 4 bytes. */
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

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* In which order open chapters are reported: by state, and of each state the oldest first. */
#ifndef OPEN_PLACE_H
#define OPEN_PLACE_H

#include <stdint.h>

#include "shared/record.h"

struct open_place {
	/* when the state was entered, CLOCK_MONOTONIC; 0: not known, which is mostly before the trace */
	uint64_t since_ns;
	uint64_t conn;
	/* the caller's: where the record is */
	uint32_t at;
	uint8_t table;
	/* the kernel's number; 0: before all states */
	uint8_t state;
};

/* Of a record that is open. */
struct open_place open_place(const struct record *r);

/* For qsort(). */
int open_place_compare(const void *a, const void *b);

#endif

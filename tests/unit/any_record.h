/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Records of random values, the same in each run. */
#ifndef ANY_RECORD_H
#define ANY_RECORD_H

#include <stdint.h>

#include "shared/record.h"

/* 0 to sides - 1. */
uint32_t dice(uint32_t sides);

/* A handshake that is over and, where it is established, a close.  The values need not be possible together. */
void any_record(struct record *r);

#endif

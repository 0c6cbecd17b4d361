/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The connections whose handshakes a replay has passed over, until their closes. */
#ifndef PASSED_OVER_H
#define PASSED_OVER_H

#include <stdbool.h>
#include <stdint.h>

struct passed_over {
	void *tree; /* of tsearch() */
};

/* 0 or -ENOMEM. */
int passed_over_add(struct passed_over *p, uint64_t conn);

/* Was it passed over?  It is forgotten then. */
bool passed_over_take(struct passed_over *p, uint64_t conn);

void passed_over_free(struct passed_over *p);

#endif

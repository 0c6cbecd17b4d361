/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Of which connections both ends are in the recordings: what has no other end need not wait for one.  It may say yes
 * where there is none, but never no where there is one.
 */
#ifndef EXPECTED_H
#define EXPECTED_H

#include <stdbool.h>

#include "base/item.h"

struct expected;

/* NULL when there is no memory. */
struct expected *expected_create(void);
void expected_destroy(struct expected *e);

/* An end that will come. */
void expected_note(struct expected *e, const struct handshake_part *h);

/* May the other end of this one come? */
bool expected_other(const struct expected *e, const struct handshake_part *h);

#endif

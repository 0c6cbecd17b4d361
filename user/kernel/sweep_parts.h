/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the files sweep*.c share. */
#ifndef SWEEP_PARTS_H
#define SWEEP_PARTS_H

#include "sweep.h"

/* As far as this is known now. */
bool sweep_selects(const struct sweep *s, const struct record *r);

/* 0, or what the sink returned. */
int sweep_report(const struct sweep *s, enum item_type type, const void *data, size_t len);

#endif

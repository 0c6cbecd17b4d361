/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the files of the page share. */
#ifndef PAGE_PARTS_H
#define PAGE_PARTS_H

#include "exposition.h"
#include "metrics_parts.h"

/* Where no port has a row, there is no label. */
void page_add_port(const struct metrics *m, struct labels *l, uint16_t port);

/* "client", "server" or "unknown" */
const char *page_role(enum role role);

/* The histograms and counters of the rows. */
void page_put_rows(struct exposition *e, struct metrics *m);

#endif

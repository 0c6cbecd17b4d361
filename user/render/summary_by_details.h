/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the columns of --by have no room for. */
#ifndef SUMMARY_BY_DETAILS_H
#define SUMMARY_BY_DETAILS_H

#include "summary_by_table.h"

/* "connect", "accept", "close" or "CLOSE_WAIT", of an enum by_latency. */
const char *summary_by_latency(size_t latency);

/* Prints for the first rows how their handshakes failed, how they were closed, and so on: what is not 0. */
void summary_by_print_details(FILE *out, const struct by_table *t);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Summaries with --by: chapters to count, and what is printed of them. */
#ifndef GROUPED_H
#define GROUPED_H

/* cmocka.h needs these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "render/summary.h"

#define MS 1000000LL
#define S (1000 * MS)
#define MIN (60 * S)

/* 192.0.2.7, the peer of all of them. */
extern const uint8_t grouped_address[16];

/* A client of port 443, whose handshake took ns; a server at port 80, whose close took 2 ms. */
struct chapter grouped_client(const char *comm, enum outcome outcome, int64_t ns);
struct chapter grouped_server(const char *comm, enum ending ending, enum first_closer closer);

/* Of one that is open in this state; ns below 0: since before the trace. */
struct chapter grouped_left(const char *comm, uint8_t state, int64_t ns);

struct summary *grouped_create(const struct by *by);

/* Adds it n times. */
void grouped_add(struct summary *s, struct chapter ch, unsigned int n);

/* No line has more than so many columns, or ends with a blank. */
void grouped_fits(const char *text, size_t width);

/* What is printed before the totals; all of it fits. */
void grouped_expect(const struct summary *s, const char *expected);

/* The same without what is open, and without the empty line at the end. */
void grouped_expect_table(const struct summary *s, const char *expected);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which two connections are the two ends of one, both on this host: by the addresses, the ports and the client's
 * initial sequence number, which both ends know.
 */
#ifndef OTHER_ENDS_H
#define OTHER_ENDS_H

#include "chapter.h"

/* So many are remembered; one that comes later may take the place of another. */
#define OTHER_ENDS_MAX 16384

struct other_ends;

/* NULL when there is no memory. */
struct other_ends *other_ends_create(void);
void other_ends_destroy(struct other_ends *ends);

/* Remembers the chapter's connection, and sets ch->other_conn if a chapter of the other end came before. */
void other_ends_find(struct other_ends *ends, struct chapter *ch);

#endif

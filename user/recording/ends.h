/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Are two records those of the two ends of one connection?  Pure. */
#ifndef ENDS_H
#define ENDS_H

#include "segments.h"

/* Is the local endpoint the larger of the two?  That distinguishes the two ends. */
bool ends_is_larger(const struct handshake_part *h);

/* Are they between the same addresses and ports, in the same direction or, mirrored, the other? */
bool ends_same_tuple(const struct handshake_part *a, const struct handshake_part *b, bool mirrored);

/* Are the initial sequence numbers known?  They distinguish connections of the same addresses. */
bool ends_has_numbers(const struct handshake_part *h);

/*
 * Without initial sequence numbers nothing says which of two links is the other end's, and the FINs say which
 * connection of the same addresses it is.
 */
bool ends_match(const struct record *a, const struct record *b, enum segments_part part);

#endif

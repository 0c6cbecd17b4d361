/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What tells one connection from another, the same of both its ends. */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/record.h"

/* The client's initial sequence number, which both ends have; without it nothing tells one connection from the next. */
bool identity_has_isn(const struct handshake_part *h);
bool identity_has_both_isns(const struct handshake_part *h);

/* The initial sequence numbers. */
uint32_t identity_client_isn(const struct handshake_part *h);
uint32_t identity_server_isn(const struct handshake_part *h);

/* Are these the two ends of one connection? */
bool identity_same_addresses(const struct handshake_part *a, const struct handshake_part *b);

/* May they be, across NAT: what the one end sent is what the other one received? */
bool identity_same_numbers(const struct handshake_part *a, const struct handshake_part *b);

/* Hashes of the same.  That of the numbers does not say which of two they are of. */
uint64_t identity_of_addresses(const struct handshake_part *h);
uint64_t identity_of_numbers(const struct handshake_part *h);

/* Spreads the bits of a number. */
uint64_t identity_mix(uint64_t x);

#endif

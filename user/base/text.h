/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Addresses, times and foreign bytes as text. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maybe.h"
#include "shared/record.h"

#define ADDRESS_MAX 46	/* bare, with the final NUL */
#define ENDPOINT_MAX 56 /* [address]:port */
#define TIME_MAX 40
#define COMM_TEXT_MAX (4 * COMM_LEN + 1)

/* "10.0.0.5", "2001:db8::1" (RFC 5952) from an IPv6 or IPv4-mapped address. */
const char *text_address(char buf[ADDRESS_MAX], const uint8_t addr[16], uint8_t family);

/* "10.0.0.5:443", "[2001:db8::1]:443"; an unknown port is "-". */
const char *text_endpoint(char buf[ENDPOINT_MAX], const uint8_t addr[16], uint8_t family,
			  struct maybe port);

/* Nanoseconds as "35.412" milliseconds, "-" when not known.  Rounds half up. */
const char *text_ms(char buf[32], struct maybe ns);

/* RFC 3339 UTC with nanoseconds: "2026-11-21T02:33:53.123456789Z", from CLOCK_REALTIME. */
const char *text_rfc3339(char buf[TIME_MAX], int64_t realtime_ns);

/* Local wall clock, "15:04:05.123456". */
const char *text_wall(char buf[TIME_MAX], int64_t realtime_ns);

/*
 * May this character (len bytes of valid UTF-8) reach a terminal as it is?  Not what acts on it,
 * breaks a line or turns the writing direction.
 */
bool text_is_harmless(const char *s, size_t len);

/* A process name for a terminal: control bytes, invalid UTF-8 and backslashes as \xNN. */
const char *text_comm(char buf[COMM_TEXT_MAX], const char *comm);

/* The same for any string; what does not fit into size bytes is cut off between characters. */
const char *text_foreign(char *buf, size_t size, const char *s);

/* Length of the valid UTF-8 sequence at s (1 to 4), 0 when there is none. */
size_t text_utf8(const char *s, size_t left);

#endif

/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Addresses, times and strings of unknown origin as text. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maybe.h"
#include "shared/record.h"

/* with the final NUL */
#define ADDRESS_MAX 46
#define IFNAME_TEXT_MAX (4 * IFNAME_LEN + 1)
#define ZONED_MAX (ADDRESS_MAX + IFNAME_TEXT_MAX)
#define ENDPOINT_MAX (ZONED_MAX + 10)
#define TIME_MAX 40
#define RFC3339_LEN 30
#define COMM_TEXT_MAX (4 * COMM_LEN + 1)
#define DURATION_MAX 32

/* "10.0.0.5" or "2001:db8::1" (RFC 5952).  addr is IPv6 or IPv4-mapped; family 4 is the latter. */
const char *text_address(char buf[ADDRESS_MAX], const uint8_t addr[16], uint8_t family);

/* The same without the NUL; returns the length. */
size_t text_put_address(char buf[ADDRESS_MAX], const uint8_t addr[16], uint8_t family);

/* "fe80::1%eth0" (RFC 4007, 11).  ifname is the zone, of any bytes; "": none. */
const char *text_zoned(char buf[ZONED_MAX], const uint8_t addr[16], uint8_t family,
		       const char *ifname);

/* "10.0.0.5:443", "[2001:db8::1]:443" or "[fe80::1%eth0]:443"; an unknown port is "-". */
const char *text_endpoint(char buf[ENDPOINT_MAX], const uint8_t addr[16], uint8_t family,
			  const char *ifname, struct maybe port);

/*
 * The zone of the peer's address, of a socket that is bound to ifname: none, unless the address is
 * link-local (RFC 4291, 2.5.6; RFC 3927).
 */
const char *text_remote_zone(const uint8_t addr[16], const char *ifname);

/* Nanoseconds as milliseconds, such as "35.412", rounded half up; "-" if unknown. */
const char *text_ms(char buf[32], struct maybe ns);

/* ns as "12.4 s", rounded; from a minute on as text_duration(). */
const char *text_seconds(char buf[32], int64_t ns);

/*
 * ns with three digits and a unit for a person: "0.041 ms", "4.21 ms", "421 ms", "42.1 s", "3 min 44 s", "41 min",
 * "2 h 5 min", "3 d 4 h": cut off, not rounded.
 */
const char *text_duration(char buf[32], uint64_t ns);

/* CLOCK_REALTIME as RFC 3339 in UTC, with nanoseconds: "2026-11-21T02:33:53.123456789Z". */
const char *text_rfc3339(char buf[TIME_MAX], int64_t realtime_ns);

/* CLOCK_REALTIME in UTC, "15:04:05.123456Z", cut off to microseconds. */
const char *text_utc(char buf[TIME_MAX], int64_t realtime_ns);

/* The same as local time, with its distance from UTC: "16:04:05.123456+01:00". */
const char *text_wall(char buf[TIME_MAX], int64_t realtime_ns);

/* Joins all words, cut off if they do not fit into size bytes.  Returns the length. */
#define text_join(buf, size, ...) text_list(buf, size, (const char *const[]){ __VA_ARGS__, NULL })
size_t text_list(char *buf, size_t size, const char *const *words);

/* The number of a character: len bytes of valid UTF-8. */
uint32_t text_character(const char *s, size_t len);

/*
 * Is it safe to print this character (len bytes of valid UTF-8) on a terminal?  Not if it controls the
 * terminal, breaks the line, changes the writing direction or cannot be seen.
 */
bool text_is_harmless(const char *s, size_t len);

/* From now on, text of unknown origin is printed in ASCII: the user's locale has no UTF-8. */
void text_set_ascii_only(bool only);

/* Is it harmless, and one of the characters that may be printed? */
bool text_may_print(const char *s, size_t len);

/* A process name for a terminal: what may not be printed or is not UTF-8, and backslashes, become \xNN. */
const char *text_comm(char buf[COMM_TEXT_MAX], const char *comm);

/* The same for any string.  The text is cut off between two characters if it does not fit into size bytes. */
const char *text_foreign(char *buf, size_t size, const char *s);

/* The length (1 to 4) of the valid UTF-8 sequence at s, of which left bytes follow; 0 if there is none. */
size_t text_utf8(const char *s, size_t left);

#endif

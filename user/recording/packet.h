/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A segment as a packet: the IP and TCP header, reconstructed from what is known of it. */
#ifndef PACKET_H
#define PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Flags of the TCP header (RFC 9293, 3.1), which are not those of enum segment_flag. */
enum packet_flag {
	PACKET_FIN = 1 << 0,
	PACKET_SYN = 1 << 1,
	PACKET_RST = 1 << 2,
	PACKET_ACK = 1 << 4,
};

/*
 * The most that packet_headers() writes: IPv6, its jumbo payload option, TCP with a SYN's
 * options.
 */
#define PACKET_HEADER_MAX 80

/* The most payload, in bytes, with which a packet's length fits the 16 bits of either IP header. */
#define PACKET_PAYLOAD_IP 65495

/* The largest window, in bytes, and so the most that can be sent unacknowledged (RFC 7323, 2.2). */
#define PACKET_PAYLOAD_MAX (1U << 30)

struct packet {
	int64_t t_ns;	/* CLOCK_REALTIME */
	uint8_t family; /* 4 or 6 */
	bool outbound;	/* from its sender's record, not its receiver's */
	uint8_t flags;	/* enum packet_flag */
	/* options: SACK permitted, window scale if `scales`, maximum segment size if not 0 */
	bool sack;
	bool scales;
	uint8_t wscale; /* shift count */
	uint16_t mss;	/* bytes */
	uint16_t from_port;
	uint16_t to_port;
	uint8_t from[16]; /* IPv6 or IPv4-mapped */
	uint8_t to[16];
	uint32_t seq;
	uint32_t ack;
	/*
	 * bytes that follow the headers on the wire and are not in the file; at most
	 * PACKET_PAYLOAD_MAX
	 */
	uint32_t payload;
	const char *comment; /* UTF-8 */
};

/* Receives packets; a return value other than 0 stops their source. */
typedef int (*packet_fn)(void *ctx, const struct packet *packet);

/*
 * Writes the headers, with the checksums of a payload of zeros.  A packet whose length does not
 * fit IP's 16 bits has what Linux shows of its own large ones (BIG TCP) to a capture: IPv4 a
 * length of 0, IPv6 a jumbo payload option (RFC 2675).  Returns the length of the headers in
 * bytes.
 */
size_t packet_headers(uint8_t buf[PACKET_HEADER_MAX], const struct packet *packet);

#endif

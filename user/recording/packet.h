/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A segment as a packet: an IP and a TCP header made up from what is known of it. */
#ifndef PACKET_H
#define PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Flags of the TCP header (RFC 9293, 3.1). */
enum packet_flag {
	PACKET_FIN = 1 << 0,
	PACKET_SYN = 1 << 1,
	PACKET_RST = 1 << 2,
	PACKET_ACK = 1 << 4,
};

/* Larger than any segment of ours: IPv6, its jumbo option, TCP, options of a SYN. */
#define PACKET_HEADER_MAX 80

/* What fits the 16 bits of either IP version's length behind the headers. */
#define PACKET_PAYLOAD_IP 65495

/* Nobody can have sent more than a window that was not acknowledged (RFC 7323, 2.2). */
#define PACKET_PAYLOAD_MAX (1U << 30)

struct packet {
	int64_t t_ns;	/* CLOCK_REALTIME */
	uint8_t family; /* 4 or 6 */
	bool outbound;	/* told by who sent it */
	uint8_t flags;	/* enum packet_flag */
	bool sack;	/* options: SACK permitted */
	bool scales;	/* wscale is one */
	uint8_t wscale; /* shift count */
	uint16_t mss;	/* 0: none */
	uint16_t from_port;
	uint16_t to_port;
	uint8_t from[16]; /* IPv6 or IPv4-mapped */
	uint8_t to[16];
	uint32_t seq;
	uint32_t ack;
	uint32_t
		payload; /* bytes that follow the header and are not there; at most PACKET_PAYLOAD_MAX */
	const char *comment; /* UTF-8 */
};

/* Receives packets; a non-zero return stops their source. */
typedef int (*packet_fn)(void *ctx, const struct packet *packet);

/*
 * Writes the headers, with right checksums (of a payload of zeros).  A packet longer than IP's 16 bits
 * can tell is written as Linux shows its own to a capture: IPv4 with a length of 0, IPv6 with a jumbo
 * payload option (RFC 2675).  Returns the length of the headers.
 */
size_t packet_headers(uint8_t buf[PACKET_HEADER_MAX], const struct packet *packet);

#endif
